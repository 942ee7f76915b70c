import {
  applyEdits,
  type JsonSpan,
  memberOf,
  metaOf,
  notificationText,
  parseMessage,
  rawOf,
  requestText,
  type RpcMessage,
  TRUSTED_LIMITS,
} from '@omni/jsonrpc';
import { type AnswerServerRequest, missingCapability } from '@omni/model';
import { GatewayError, type Place } from '@omni/ports';
import type { ServerRequestTarget } from '../request/response-writer.ts';
import type { StreamTicker, Ticking } from '../streams/stream-ticker.ts';

/** People answer elicitations: they get time. */
const ANSWER_DEADLINE_MS = 10 * 60_000;
const MAX_OPEN = 100;
interface OpenRequest {
  readonly answer: AnswerServerRequest;
  readonly dueMs: number;
  /** The way by which it went out. */
  readonly target: ServerRequestTarget;
  /** The server's progress token, as JSON; `undefined` when it does not want to hear of progress. */
  readonly token: string | undefined;
}

/** Requests of upstreams that wait for an answer of one legacy client. */
export class ServerRequests implements Ticking {
  readonly #ticker: StreamTicker;
  readonly #capabilities: string;
  readonly #open = new Map<string, OpenRequest>();
  #place: Place<Ticking> | undefined;
  #lastId = 0;
  #isOver = false;

  /** @param capabilities - The client's, as JSON. */
  constructor(ticker: StreamTicker, capabilities: string) {
    this.#ticker = ticker;
    this.#capabilities = capabilities;
  }

  /**
   * Passes a request on under an id of our own.
   *
   * @param target - The way to the client that it belongs to.
   * @param signal - The server does not want the answer any more: the client is told.
   */
  ask(
    message: RpcMessage,
    answer: AnswerServerRequest,
    target: ServerRequestTarget,
    signal?: AbortSignal,
  ): void {
    if (signal?.aborted === true) return;
    if (this.#isOver) return answer(noAnswer());
    const params = rawOf(message, message.params) ?? '';
    const missing = missingCapability(this.#capabilities, { method: message.method, params });
    // guard: question/capability
    if (missing !== undefined) {
      answer(
        new GatewayError('OMNI_METHOD_UNKNOWN', `The client did not declare the capability "${missing}"`),
      );
      return;
    }
    // guard: question/count
    if (this.#open.size >= MAX_OPEN) {
      answer(new GatewayError('OMNI_OVERLOADED', `The client already has ${MAX_OPEN} requests to answer`));
      return;
    }
    const id = /* guard: question/own-ids */ `"omni-${++this.#lastId}"`;
    const token = memberOf(metaOf(message), 'progressToken');
    if (this.#open.size === 0) this.#place = this.#ticker.add(this);
    this.#open.set(id, {
      answer,
      dueMs: this.#ticker.nowMs() + ANSWER_DEADLINE_MS,
      target,
      token: rawOf(message, token),
    });
    if (!target.serverRequest(requestText(id, message.method, paramsWith(message, token, id)))) {
      this.#take(id)?.answer(
        new GatewayError('OMNI_METHOD_UNKNOWN', 'The client has no stream open on which it could be asked'),
      );
    }
    signal?.addEventListener(
      'abort',
      () => this.#withdraw(id, 'the server does not want the answer any more'),
      { once: true },
    );
  }

  /** A response of the client; one that nobody waits for is dropped. @returns Whether it was waited for. */
  onResponse(message: RpcMessage): boolean {
    const request = this.#take(message.id);
    request?.answer(message);
    return request !== undefined;
  }

  /** Progress of the client with a server request; dropped when no server waits for it. */
  onProgress(message: RpcMessage): void {
    const token = memberOf(message.params, 'progressToken');
    const request = this.#open.get(rawOf(message, token) ?? '');
    if (token === undefined || request?.token === undefined) return;
    const text = applyEdits(message.text, [{ start: token.start, end: token.end, text: request.token }]);
    const progress = parseMessage(text, TRUSTED_LIMITS);
    if (progress.kind === 'notification') request.answer(progress);
  }

  /** No answer comes any more: the client is gone, or has closed its side. */
  end(): void {
    this.#isOver = true;
    for (const id of [...this.#open.keys()]) this.#take(id)?.answer(noAnswer());
  }

  onTick(nowMs: number): void {
    for (const [id, request] of this.#open) {
      // guard: question/deadline
      if (request.dueMs <= nowMs)
        this.#withdraw(id, 'no answer came in time')?.answer(
          new GatewayError('OMNI_CANCELLED', 'The client did not answer in time'),
        );
    }
  }

  /**
   * Tells the client that its answer is not wanted any more (MCP 2025-11-25, basic/utilities/cancellation).
   */
  #withdraw(id: string, reason: string): OpenRequest | undefined {
    const request = this.#take(id);
    request?.target.serverRequest(
      notificationText('notifications/cancelled', `{"requestId":${id},"reason":${JSON.stringify(reason)}}`),
    );
    return request;
  }

  #take(id: string): OpenRequest | undefined {
    const request = this.#open.get(id);
    this.#open.delete(id);
    if (this.#open.size === 0) this.#leaveTicker();
    return request;
  }

  #leaveTicker(): void {
    if (this.#place !== undefined) this.#ticker.remove(this.#place);
    this.#place = undefined;
  }
}

function noAnswer(): GatewayError {
  return new GatewayError('OMNI_CANCELLED', 'The client has ended its session');
}

/**
 * The parameters of a server request. Servers choose tokens independently, so the client gets the id in place
 * of their token.
 */
function paramsWith({ text, params }: RpcMessage, token: JsonSpan | undefined, id: string): string {
  if (params === undefined) return '';
  const edits = token === undefined ? [] : [{ start: token.start, end: token.end, text: id }];
  return applyEdits(text, edits, params.start, params.end);
}
