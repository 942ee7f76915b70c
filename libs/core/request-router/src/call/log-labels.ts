import {
  applyEdits,
  memberOf,
  parseMessage,
  rawOf,
  type RpcMessage,
  setMember,
  TRUSTED_LIMITS,
} from '@omni/jsonrpc';
import type { ClientContext } from '@omni/model';

/**
 * Says in `logger` of a log message which server it comes from, where a client is connected to several at
 * once and sees only Omni: the name of the server, and behind a slash what the server calls its logger.
 *
 * @see MCP 2025-11-25, server/utilities/logging, "Log Message Notifications".
 */
export class LogLabels {
  readonly #areSeveral: () => boolean;

  /** @param areSeveral - Whether there is more than one server; asked at use. */
  constructor(areSeveral: () => boolean) {
    this.#areSeveral = areSeveral;
  }

  /** Anything but a log message stays as it is. */
  inMessage(message: RpcMessage, upstream: string, { endpoint }: ClientContext): RpcMessage {
    const { params, text } = message;
    if (message.method !== 'notifications/message' || endpoint.kind !== 'all') return message;
    if (params === undefined || !this.#areSeveral()) return message;
    const logger = memberOf(params, 'logger');
    // The name of a server needs no escapes.
    const isNamed = logger !== undefined && text[logger.start] === '"';
    const edit = isNamed
      ? { start: logger.start + 1, end: logger.start + 1, text: `${upstream}/` }
      : setMember(params, 'logger', `"${upstream}"`);
    if (logger !== undefined && !isNamed && rawOf(message, logger) !== 'null') return message;
    const named = parseMessage(applyEdits(text, [edit]), TRUSTED_LIMITS);
    return named.kind === 'notification' ? named : message;
  }
}
