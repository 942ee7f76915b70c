import {
  applyEdits,
  parseMessage,
  type Answer,
  type AnswerServerRequest,
  type ReplySink,
  type RpcMessage,
  type RpcNotice,
} from '@omni/wire';

const LIMITS = { maxDepth: 512, maxElements: 2_000_000 };

/** Passes everything on, and the result of an answer through a filter. */
export class OwnTasksReply implements ReplySink {
  readonly #reply: ReplySink;
  readonly #filter: (result: string) => string;

  /** @param filter - Takes and gives JSON. */
  constructor(reply: ReplySink, filter: (result: string) => string) {
    this.#reply = reply;
    this.#filter = filter;
  }

  notification(notice: RpcNotice): boolean {
    return this.#reply.notification(notice);
  }

  onDrain(listener: () => void): void {
    this.#reply.onDrain(listener);
  }

  serverRequest(upstream: string, message: RpcMessage, answer: AnswerServerRequest, signal?: AbortSignal): void {
    this.#reply.serverRequest(upstream, message, answer, signal);
  }

  answer(answer: Answer): void {
    if (answer.kind !== 'message') return this.#reply.answer(answer);
    const { payload } = answer;
    const text = typeof payload === 'string' ? payload : new TextDecoder().decode(payload);
    const message = parseMessage(text, LIMITS);
    const result = message.kind === 'response' ? message.result : undefined;
    if (result === undefined) return this.#reply.answer(answer);
    const kept = this.#filter(text.slice(result.start, result.end));
    this.#reply.answer({ ...answer, payload: applyEdits(text, [{ start: result.start, end: result.end, text: kept }]) });
  }
}
