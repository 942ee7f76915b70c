import { errorText, type JsonLimits, parseMessage, type RpcMessage } from '@omni/jsonrpc';
import { type Answer, type AnswerServerRequest, type RpcNotification, withTraceContext } from '@omni/model';
import { GatewayError, type HeaderList } from '@omni/ports';
import type { Admission } from '../admission.ts';
import type { FrontReply } from '../front-reply.ts';
import type { LegacySession } from './legacy-session.ts';
import type { HeaderLookup } from '../modern/modern-envelope.ts';
import { BATCH_VERSION } from '../protocol-versions.ts';
import { originOf, type RequestLog, type RequestRecord } from '../request-log.ts';

const MAX_ITEMS = 100;

/** Why this session gets no batch; `undefined` when it does. */
export function checkBatch(
  items: readonly string[],
  session: LegacySession | undefined,
): GatewayError | undefined {
  // guard: batch/revision
  if (session?.version !== BATCH_VERSION)
    return new GatewayError(
      'OMNI_MESSAGE_INVALID',
      `Batches exist only in sessions of revision ${BATCH_VERSION}`,
    );
  return /* guard: batch/size */ items.length > /* guard: advisory/GHSA-f897-batch */ MAX_ITEMS
    ? new GatewayError('OMNI_MESSAGE_INVALID', `A batch holds at most ${MAX_ITEMS} messages`)
    : undefined;
}

export interface BatchOptions {
  readonly session: LegacySession;
  /** Each request of the batch counts like one that comes alone. */
  readonly admission: Admission;
  readonly limits: JsonLimits;
  readonly requests: RequestLog;
  /** Looks up headers of the request that has brought it; absent where there are none. */
  readonly header?: HeaderLookup;
  /** What some server may be told of those headers. */
  readonly forwardable?: HeaderList | undefined;
  /** Takes notifications of the batch's requests: they belong to no single answer. */
  readonly notify: (text: string) => void;
  /** Called once with the answers as one JSON array; empty text when no message wanted an answer. */
  readonly done: (answers: string) => void;
}

/**
 * Runs the messages of a batch side by side; the answers stand in the order in which they came.
 *
 * @see MCP 2025-03-26, basic, "Batching".
 */
export function runBatch(items: readonly string[], options: BatchOptions): void {
  const { session, admission, limits, requests, header, forwardable, notify, done } = options;
  const answers: string[] = [];
  let open = 1;
  const settle = (): void => {
    if (--open === 0) done(answers.length === 0 ? '' : `[${answers.join(',')}]`);
  };
  for (const item of items) {
    const message = parseMessage(item, limits);
    if (message.kind === 'batch')
      answers.push(
        errorText('null', new GatewayError('OMNI_MESSAGE_INVALID', 'A batch cannot hold a batch')),
      );
    else if (message.kind === 'rejected') answers.push(errorText(message.id, message.error));
    else if (message.kind === 'notification') session.onClientNotification(message);
    else if (message.kind === 'response') session.onClientResponse(message);
    else {
      const full = admission.acquire();
      // guard: batch/admission
      if (full !== undefined) {
        answers.push(errorText(message.id, full));
        continue;
      }
      open++;
      const request = header === undefined ? message : withTraceContext(message, header, limits);
      const reply = new BatchReply(
        message.id,
        session,
        requests.begin(request, originOf(session)),
        notify,
        (text) => {
          admission.release();
          if (text !== undefined) answers.push(text);
          settle();
        },
      );
      session.onRequest(request, reply, forwardable);
    }
  }
  settle();
}

class BatchReply implements FrontReply {
  readonly #id: string;
  readonly #session: LegacySession;
  readonly #record: RequestRecord;
  readonly #notify: (text: string) => void;
  #done: ((text: string | undefined) => void) | undefined;

  constructor(
    id: string,
    session: LegacySession,
    record: RequestRecord,
    notify: (text: string) => void,
    done: (text: string | undefined) => void,
  ) {
    this.#id = id;
    this.#session = session;
    this.#record = record;
    this.#notify = notify;
    this.#done = done;
  }

  notification(notification: RpcNotification): boolean {
    if (this.#done !== undefined) this.#notify(notification.text);
    return true;
  }

  onDrain(listener: () => void): void {
    listener();
  }

  serverRequest(
    _upstream: string,
    message: RpcMessage,
    answer: AnswerServerRequest,
    signal?: AbortSignal,
  ): void {
    this.#session.askAside(message, answer, signal);
  }

  settle(answer: Answer): void {
    if (this.#done !== undefined) this.#record.answered(answer);
    if (answer.kind === 'error') this.#finish(errorText(this.#id, answer.error));
    else
      this.#finish(
        typeof answer.payload === 'string' ? answer.payload : new TextDecoder().decode(answer.payload),
      );
  }

  abandon(): void {
    if (this.#done !== undefined) this.#record.cancelled();
    this.#finish(undefined);
  }

  #finish(text: string | undefined): void {
    const done = this.#done;
    this.#done = undefined;
    done?.(text);
  }
}
