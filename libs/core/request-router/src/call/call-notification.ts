import {
  applyEdits,
  memberOf,
  metaOf,
  parseMessage,
  rawOf,
  type RpcMessage,
  TRUSTED_LIMITS,
} from '@omni/jsonrpc';

/**
 * What belongs to a subscription, to a question or to nobody. Where servers may say such things in other
 * places, the connections see to it.
 */
const OUTSIDE_OF_CALLS: ReadonlySet<string> = new Set([
  'notifications/cancelled',
  'notifications/subscriptions/acknowledged',
  'notifications/tools/list_changed',
  'notifications/prompts/list_changed',
  'notifications/resources/list_changed',
  'notifications/resources/updated',
]);

/**
 * Whether what a server says on the stream of a call may be about this call. Clients tell much apart by ids
 * alone, so that a server could speak of the calls of another one.
 *
 * @param notification - In the client's terms.
 * @see MCP 2026-07-28, basic/transports, "Streamable HTTP", and basic/utilities/progress.
 */
export function isAboutCall(notification: RpcMessage, request: RpcMessage): boolean {
  if (notification.method !== 'notifications/progress')
    return /* guard: call/outside */ !OUTSIDE_OF_CALLS.has(notification.method);
  // The progress of a task goes on under the token of the call that has started it (MCP 2025-11-25,
  // basic/utilities/tasks).
  if (request.method.startsWith('tasks/')) return true;
  const token = rawOf(request, memberOf(metaOf(request), 'progressToken'));
  const told = rawOf(notification, memberOf(notification.params, 'progressToken'));
  // guard: call/token
  return token !== undefined && told !== undefined && isSameToken(token, told);
}

/**
 * The notification under the progress token of another request.
 *
 * @param from - The request that the server knows.
 * @param to - The one that waits now; it may be the same.
 * @returns `undefined` for progress that is not about the call, or that the request did not ask for.
 */
export function underTokenOf(
  notification: RpcMessage,
  from: RpcMessage,
  to: RpcMessage,
): RpcMessage | undefined {
  if (from === to || notification.method !== 'notifications/progress') return notification;
  const token = rawOf(to, memberOf(metaOf(to), 'progressToken'));
  const place = memberOf(notification.params, 'progressToken');
  if (token === undefined || place === undefined || !isAboutCall(notification, from)) return undefined;
  const edit = { start: place.start, end: place.end, text: token };
  const renamed = parseMessage(applyEdits(notification.text, [edit]), TRUSTED_LIMITS);
  return renamed.kind === 'notification' ? renamed : undefined;
}

/** Servers may write a token in another way, and some write numbers as strings. */
function isSameToken(left: string, right: string): boolean {
  return left === right || String(JSON.parse(left)) === String(JSON.parse(right));
}
