import { stringMember } from '@omni/jsonrpc';
import type { RpcNotification } from '@omni/model';

/** Severity names of MCP logging, least first (RFC 5424). */
const LEVELS: readonly string[] = [
  'debug',
  'info',
  'notification',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
];

export function isLogLevel(level: string): boolean {
  return LEVELS.includes(level);
}

/** Whether a `notifications/message` is severe enough; one without a known level passes. */
export function passesLevel(message: RpcNotification, minimum: string | undefined): boolean {
  if (minimum === undefined) return true;
  const level = LEVELS.indexOf(stringMember(message.text, message.params, 'level') ?? '');
  return level < 0 || level >= LEVELS.indexOf(minimum);
}
