import { errorText, type RpcMessage } from '@omni/jsonrpc';
import type { Answer, AnswerServerRequest, RpcNotification } from '@omni/model';
import { GatewayError } from '@omni/ports';
import type { FrontReply } from '../front-reply.ts';
import type { RequestRecord } from '../request-log.ts';

export interface ChannelReplyOptions {
  /** Id of the request, as JSON. */
  readonly id: string;
  readonly record: RequestRecord;
  readonly send: (text: string) => void;
  readonly ask?: (message: RpcMessage, answer: AnswerServerRequest, signal: AbortSignal | undefined) => void;
  readonly onDone: () => void;
}

/** The answer to one request on a channel that carries everything: stdio, sockets, memory. */
export class ChannelReply implements FrontReply {
  readonly #options: ChannelReplyOptions;
  #isDone = false;

  constructor(options: ChannelReplyOptions) {
    this.#options = options;
  }

  notification(notification: RpcNotification): boolean {
    if (!this.#isDone) this.#options.send(notification.text);
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
    if (/* guard: question/modern-channel */ this.#options.ask === undefined || this.#isDone) {
      answer(new GatewayError('OMNI_METHOD_UNKNOWN', 'This client cannot be asked during this request'));
      return;
    }
    this.#options.ask(message, answer, signal);
  }

  settle(answer: Answer): void {
    if (this.#isDone) return;
    this.#options.record.answered(answer);
    this.#finish();
    if (answer.kind === 'error') this.#options.send(errorText(this.#options.id, answer.error));
    else
      this.#options.send(
        typeof answer.payload === 'string' ? answer.payload : new TextDecoder().decode(answer.payload),
      );
  }

  abandon(): void {
    if (this.#isDone) return;
    this.#options.record.cancelled();
    this.#finish();
  }

  #finish(): void {
    this.#isDone = true;
    this.#options.onDone();
  }
}
