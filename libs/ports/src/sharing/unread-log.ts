import { GatewayError } from '../errors/gateway-error.ts';
import type { Logger } from '../logger.ts';

/** A connection that was cut because it had most of all answers that clients do not read. */
export interface UnreadCut {
  readonly user: string;
  readonly unreadBytes: number;
  readonly where: 'HTTP' | 'WebSocket' | 'socket' | 'stdio';
}

/** @returns What calls on the connection end with, where it carries calls. */
export function logUnread(logger: Logger, cut: UnreadCut): GatewayError {
  const error = new GatewayError(
    'OMNI_ANSWERS_UNREAD',
    'Unread answers fill their budget, and this user has most of them; a connection of theirs was cut (limits.maxUnreadBytes)',
  );
  logger.warn({ code: error.code, ...cut }, error.message);
  return error;
}
