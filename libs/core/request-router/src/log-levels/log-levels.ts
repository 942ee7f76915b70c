import { metaOf, type RpcMessage, stringMember } from '@omni/jsonrpc';
import { type CallContext, isLogLevel, severityOf } from '@omni/model';

const META_LOG_LEVEL = 'io.modelcontextprotocol/logLevel';

/** Whether a message of this level is wanted by who asked for `minimum`; an unknown level is not. */
export function isSevereEnough(level: string, minimum: string): boolean {
  const wanted = severityOf(minimum);
  return wanted >= 0 && severityOf(level) >= wanted;
}

/** The level that lets through what any of these asks for. */
export function mostVerbose(levels: Iterable<string>): string | undefined {
  let lowest: string | undefined;
  for (const level of levels)
    if (lowest === undefined || severityOf(level) < severityOf(lowest)) lowest = level;
  return lowest;
}

/**
 * The level that a request of the modern era asks for; `undefined` when it wants no messages (MCP 2026-07-28,
 * server/utilities/logging).
 */
export function logLevelOf(request: RpcMessage): string | undefined {
  const level = stringMember(request.text, metaOf(request), META_LOG_LEVEL);
  return level !== undefined && isLogLevel(level) ? level : undefined;
}

/**
 * Whether a notification is a log message that the client did not ask for: modern clients ask with each
 * request, or get none. A server of their era keeps to the level itself, a legacy one cannot be told what one
 * request wants.
 *
 * @see MCP 2026-07-28, basic, "Request metadata".
 */
export function isUnwantedLog(
  { method, text, params }: RpcMessage,
  { message, client }: CallContext,
  isAcrossEras: boolean,
): boolean {
  if (method !== 'notifications/message' || client.era !== 'modern') return false;
  const wanted = logLevelOf(message);
  if (wanted === undefined) return true;
  return (
    isAcrossEras &&
    /* guard: parked/log-level */ !isSevereEnough(stringMember(text, params, 'level') ?? '', wanted)
  );
}
