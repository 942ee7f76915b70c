import { type JsonObject, memberOf, objectIn } from '@omni/jsonrpc';
import { NO_HINTS, type ToolHints } from '@omni/model';

/** Eight values for all tools: a large catalogue keeps no object for each. */
const ALL_HINTS: readonly ToolHints[] = [false, true].flatMap((isReadOnly) =>
  [false, true].flatMap((isIdempotent) =>
    [false, true].map((isDestructive) => ({ isReadOnly, isIdempotent, isDestructive })),
  ),
);

/**
 * What a tool says of itself.
 *
 * @see MCP 2026-07-28, schema, `ToolAnnotations`: the last two have a meaning where it is not read-only.
 */
export function toolHints(text: string, tool: JsonObject): ToolHints {
  const member = memberOf(tool, 'annotations');
  const own = member === undefined ? undefined : text.slice(member.start, member.end);
  const annotations = own === undefined ? undefined : objectIn(own);
  if (own === undefined || annotations === undefined) return NO_HINTS;
  const says = (key: string, otherwise: boolean): boolean => {
    const hint = memberOf(annotations, key);
    return hint === undefined ? otherwise : own.slice(hint.start, hint.end) === 'true';
  };
  const isReadOnly = says('readOnlyHint', NO_HINTS.isReadOnly);
  const isIdempotent = isReadOnly || says('idempotentHint', NO_HINTS.isIdempotent);
  const isDestructive = !isReadOnly && says('destructiveHint', NO_HINTS.isDestructive);
  return ALL_HINTS[(isReadOnly ? 4 : 0) + (isIdempotent ? 2 : 0) + (isDestructive ? 1 : 0)] ?? NO_HINTS;
}
