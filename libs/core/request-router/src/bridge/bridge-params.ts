import { memberOf, scanJson, setMember, applyEdits, withoutMembers, type JsonObject } from '@omni/wire';

const META_LIMITS = { maxDepth: 1024, maxElements: Number.MAX_SAFE_INTEGER };
const RESERVED_PREFIX = 'io.modelcontextprotocol/';

/** Parameters rewritten for the other era, and where the progress token stands in them. */
export interface BridgedParams {
  readonly text: string;
  readonly progressToken: { readonly start: number; readonly end: number } | undefined;
}

/**
 * Adds the envelope of the modern era to parameters of a legacy client.
 *
 * @param params - JSON object or empty.
 * @param clientInfo - JSON.
 * @param capabilities - JSON of what can be relayed for this client.
 * @see MCP 2026-07-28, basic, "Request metadata"; protocol.md 2.1 A.
 */
export function toModernParams(params: string, clientInfo: string, capabilities: string): BridgedParams {
  const envelope = [
    ['protocolVersion', '"2026-07-28"'],
    ['clientCapabilities', capabilities],
    ['clientInfo', clientInfo],
  ] as const;
  const text = params === '' ? '{}' : params;
  const root = objectIn(text);
  const meta = memberOf(root, '_meta');
  if (root === undefined) return { text, progressToken: undefined };
  if (meta?.object === undefined) {
    const fresh = `{${envelope.map(([key, json]) => `"${RESERVED_PREFIX}${key}":${json}`).join(',')}}`;
    return located(applyEdits(text, [setMember(root, '_meta', fresh)]));
  }
  // One edit after another: each moves what stands behind it.
  let metaText = text.slice(meta.start, meta.end);
  for (const [key, json] of envelope) {
    const object = objectIn(metaText);
    if (object !== undefined) metaText = applyEdits(metaText, [setMember(object, `${RESERVED_PREFIX}${key}`, json)]);
  }
  return located(applyEdits(text, [{ start: meta.start, end: meta.end, text: metaText }]));
}

/**
 * Takes the modern envelope out of parameters for a legacy server; foreign `_meta` stays.
 *
 * @see protocol.md 2.1 B and R16.
 */
export function toLegacyParams(params: string): BridgedParams {
  const root = objectIn(params);
  const meta = memberOf(root, '_meta');
  if (root === undefined || meta?.object === undefined) return located(params);
  const kept = withoutMembers(params, meta.object, (key) => key.startsWith(RESERVED_PREFIX));
  const text = kept === '{}' ? withoutMembers(params, root, (key) => key === '_meta') : applyEdits(params, [{ start: meta.start, end: meta.end, text: kept }]);
  return located(text);
}

function objectIn(text: string): JsonObject | undefined {
  const scan = scanJson(text, META_LIMITS, { _meta: {} });
  return scan.kind === 'object' ? scan.object : undefined;
}

function located(text: string): BridgedParams {
  const token = memberOf(memberOf(objectIn(text), '_meta')?.object, 'progressToken');
  return { text, progressToken: token === undefined ? undefined : { start: token.start, end: token.end } };
}
