import { memberOf, rawOf, type RpcMessage } from '@omni/jsonrpc';
import type { ListKind } from '@omni/model';
import { GatewayError } from '@omni/ports';

const LISTS = new Map<string, ListKind>([
  ['tools/list', 'tools'],
  ['resources/list', 'resources'],
  ['resources/templates/list', 'templates'],
  ['prompts/list', 'prompts'],
]);

const ROUTED = new Set(['tools/call', 'prompts/get', 'resources/read', 'completion/complete']);

/** Which list a method asks for. */
export function listKindOf(method: string): ListKind | undefined {
  return LISTS.get(method);
}

/** Whether the method is one that a server answers. */
export function isRouted(method: string): boolean {
  return ROUTED.has(method);
}

/**
 * Whether a request of this method stays open until somebody ends it. Such requests have a limit of their
 * own.
 */
export function isPersistent(method: string): boolean {
  return method === 'subscriptions/listen';
}

/**
 * Omni hands lists out whole, so it issues no cursors; the empty one stands for the beginning
 * (MCP 2026-07-28, server/utilities/pagination), and so does the null of clients that write what they do not
 * have.
 */
export function checkCursor(message: RpcMessage): GatewayError | undefined {
  const cursor = rawOf(message, memberOf(message.params, 'cursor'));
  // guard: request/cursor
  if (cursor === undefined || cursor === 'null' || cursor === '""') return undefined;
  return new GatewayError('OMNI_CURSOR_INVALID', 'The cursor was not issued by this endpoint');
}

/** That nobody answers a method here. */
export function unknownMethod(method: string): GatewayError {
  const shown = method
    // guard: request/method-in-error
    .slice(0, 100);
  return new GatewayError('OMNI_METHOD_UNKNOWN', `Method ${JSON.stringify(shown)} is not offered here`);
}
