import {
  applyEdits,
  type JsonObject,
  memberOf,
  objectIn,
  parseMessage,
  rawOf,
  type RpcMessage,
  stringMember,
  type TextEdit,
  TRUSTED_LIMITS,
} from '@omni/jsonrpc';
import type { ClientContext, CallContext } from '@omni/model';
import { isMultiRound } from './multi-round.ts';

const ELICITATION = 'elicitation/create';

/**
 * Says in front of what a server asks the user which server it is, where a client is connected to several at
 * once and sees only Omni.
 *
 * Of an elicitation the beginning of `message` changes, and nothing else.
 *
 * @see MCP 2025-11-25, client/elicitation, "User Interaction Model".
 */
export class ElicitationLabels {
  readonly #isOn: () => boolean;

  /** @param isOn - Asked at use. `false`: everything stays as it is. */
  constructor(isOn: () => boolean) {
    this.#isOn = isOn;
  }

  /** A request of a server for a legacy client. */
  inRequest(message: RpcMessage, upstream: string, client: ClientContext): RpcMessage {
    const { params } = message;
    if (params === undefined || message.method !== ELICITATION || !this.#isFor(client)) return message;
    const named = parseMessage(
      applyEdits(message.text, namedIn(message.text, params, upstream)),
      TRUSTED_LIMITS,
    );
    return named.kind === 'request' ? named : message;
  }

  /** An answer for a modern client, which may ask for input. */
  inAnswer(answer: RpcMessage, upstream: string, client: ClientContext): RpcMessage {
    return this.#inRequests(answer, answer.result?.object, upstream, client);
  }

  /** What a modern server tells a modern client of a task, which may wait for input. */
  inTaskNotice(notification: RpcMessage, upstream: string, client: ClientContext): RpcMessage {
    return this.#inRequests(notification, notification.params, upstream, client);
  }

  /** @param holder - Part of the message in which `inputRequests` may stand. */
  #inRequests(
    message: RpcMessage,
    holder: JsonObject | undefined,
    upstream: string,
    client: ClientContext,
  ): RpcMessage {
    const requests = this.#isFor(client) ? memberOf(holder, 'inputRequests') : undefined;
    const text = rawOf(message, requests);
    if (requests === undefined || text === undefined) return message;
    const edits = (objectIn(text)?.members ?? []).flatMap((member): TextEdit[] => {
      const entryText = text.slice(member.start, member.end);
      const entry = objectIn(entryText);
      const params = memberOf(entry, 'params');
      if (params === undefined || stringMember(entryText, entry, 'method') !== ELICITATION) return [];
      const at = requests.start + member.start + params.start;
      const own = entryText.slice(params.start, params.end);
      return [{ start: at, end: at + own.length, text: named(own, upstream) }];
    });
    if (edits.length === 0) return message;
    const spliced = parseMessage(applyEdits(message.text, edits), TRUSTED_LIMITS);
    return spliced.kind === 'response' || spliced.kind === 'notification' ? spliced : message;
  }

  /**
   * Whether the answer of a modern server to this request may be one for {@link inAnswer}, so that it cannot
   * go on unread.
   */
  mayAsk({ message, client }: CallContext): boolean {
    return this.#isFor(client) && isMultiRound(message.method) && client.capabilities.includes('elicitation');
  }

  #isFor(client: ClientContext): boolean {
    return client.endpoint.kind === 'all' && this.#isOn();
  }
}

/** Parameters of an elicitation, as JSON. */
function named(params: string, upstream: string): string {
  const root = objectIn(params);
  return root === undefined ? params : applyEdits(params, namedIn(params, root, upstream));
}

function namedIn(text: string, params: JsonObject, upstream: string): TextEdit[] {
  const message = memberOf(params, 'message');
  if (message === undefined || text[message.start] !== '"') return [];
  const at = message.start + 1;
  // The name of a server needs no escapes.
  return [{ start: at, end: at, text: `[${upstream}] ` }];
}
