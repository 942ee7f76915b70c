import { stringMember } from '@omni/jsonrpc';
import { type RpcNotification, severityOf } from '@omni/model';

/** Whether a `notifications/message` is severe enough; one without a known level passes. */
export function passesLevel(message: RpcNotification, minimum: string | undefined): boolean {
  if (minimum === undefined) return true;
  const severity = severityOf(stringMember(message.text, message.params, 'level') ?? '');
  return severity < 0 || severity >= severityOf(minimum);
}
