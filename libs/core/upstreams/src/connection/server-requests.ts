import { errorText, resultText, type RpcMessage, withId } from '@omni/jsonrpc';
import type { AnswerServerRequest } from '@omni/model';
import { GatewayError } from '@omni/ports';
import { ownRoots, type RootsPolicy } from '../terms/roots-policy.ts';

/** Requests that wait, in characters; one alone may be longer. */
const MAX_OPEN_LENGTH = 16 * 1024 * 1024;

/** A call during which the upstream asks something back. */
export interface AskingCall {
  /** The client is asked: its time does not count. */
  onServerRequest(): void;
  onServerRequestAnswered(): void;
}

export interface ServerRequestsOptions {
  /** Sends the answer of a client, or progress on the way to it, to the upstream. */
  readonly answer: (text: string) => void;
  /** Sends what needs no client, a pong or a refusal: the upstream may ask for any number of them. */
  readonly reply: (text: string) => void;
  /** Most requests that wait for a client at a time. */
  readonly maxOpen: number;
  /** Who tells the upstream its folders. */
  readonly roots?: RootsPolicy;
}

/** The requests of one upstream that wait for an answer of a client. */
export class ServerRequests {
  readonly #answer: (text: string) => void;
  readonly #reply: (text: string) => void;
  readonly #maxOpen: number;
  readonly #roots: RootsPolicy;
  /** Keyed by the upstream's id as JSON, so that `1` and `"1"` differ. */
  readonly #open = new Map<string, OpenRequest>();
  #openLength = 0;

  constructor({ answer, reply, maxOpen, roots }: ServerRequestsOptions) {
    this.#answer = answer;
    this.#reply = reply;
    this.#maxOpen = maxOpen;
    this.#roots = roots;
  }

  /** Requests that wait. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Puts a request to a client.
   *
   * @param call - The call that it belongs to, if any.
   * @param deliver - Hands it over, with the function that takes the answer and the signal that it is not
   * wanted any more.
   * @returns Whether it was handed over; otherwise it has been answered with an error.
   */
  put(
    message: RpcMessage,
    call: AskingCall | undefined,
    deliver: (answer: AnswerServerRequest, signal: AbortSignal) => void,
  ): boolean {
    const { id } = message;
    // guard: asked/id-in-use
    if (this.#open.has(id))
      return this.refuse(
        id,
        new GatewayError('OMNI_REQUEST_ID_IN_USE', 'A request with this id still waits for its answer'),
      );
    // guard: asked/length
    if (this.#openLength > 0 && this.#openLength + message.text.length > MAX_OPEN_LENGTH) {
      return this.refuse(
        id,
        new GatewayError('OMNI_OVERLOADED', 'The requests that wait for the client are too long together'),
      );
    }
    // guard: asked/count
    if (this.#open.size >= this.#maxOpen) {
      return this.refuse(
        id,
        new GatewayError('OMNI_OVERLOADED', `More than ${this.#maxOpen} requests wait for the client`),
      );
    }
    const request: OpenRequest = {
      call,
      withdrawal: new AbortController(),
      length: message.text.length,
    };
    this.#open.set(id, request);
    this.#openLength += request.length;
    call?.onServerRequest();
    const take: AnswerServerRequest = (answer) => {
      if (!(answer instanceof GatewayError) && answer.kind === 'notification') {
        if (this.#open.get(id) === request) this.#answer(answer.text);
      } else if (/* guard: asked/withdrawn */ this.#forget(id, request))
        this.#answer(answer instanceof GatewayError ? errorText(id, answer) : withId(answer, id));
    };
    deliver(take, request.withdrawal.signal);
    return true;
  }

  /**
   * Answers what needs no client: `ping`, and `roots/list` where clients name no folders.
   *
   * @returns Whether it was answered.
   */
  answerOwn({ method, id }: RpcMessage): boolean {
    const result =
      method === 'ping'
        ? '{}'
        : method === 'roots/list'
          ? /* guard: roots/asked */ ownRoots(this.#roots)
          : undefined;
    if (result === undefined) return false;
    this.#reply(result instanceof GatewayError ? errorText(id, result) : resultText(id, result));
    return true;
  }

  refuse(id: string, error: GatewayError): false {
    this.#reply(errorText(id, error));
    return false;
  }

  /** The upstream does not want the answer any more. */
  withdraw(id: string, reason: string | undefined): void {
    const request = this.#open.get(id);
    if (request !== undefined && this.#forget(id, request)) request.withdrawal.abort(reason);
  }

  /** The call is over: nobody will answer what it asked. */
  endOf(call: AskingCall): void {
    if (this.#open.size === 0) return;
    for (const [id, request] of this.#open) {
      if (/* guard: asked/call-over */ request.call !== call) continue;
      this.#open.delete(id);
      this.#openLength -= request.length;
      request.withdrawal.abort('the call is over');
      this.#reply(
        errorText(id, new GatewayError('OMNI_CANCELLED', 'The call that this request belongs to is over')),
      );
    }
  }

  /** The connection is gone: answers lead nowhere. */
  clear(): void {
    const requests = [...this.#open.values()];
    this.#open.clear();
    this.#openLength = 0;
    for (const { call, withdrawal } of requests) {
      // Where a session is lost its calls may still run, and their time counts again.
      call?.onServerRequestAnswered();
      withdrawal.abort('the server is gone');
    }
  }

  #forget(id: string, request: OpenRequest): boolean {
    // The id may have been used again by the upstream.
    if (this.#open.get(id) !== request) return false;
    this.#open.delete(id);
    this.#openLength -= request.length;
    request.call?.onServerRequestAnswered();
    return true;
  }
}

interface OpenRequest {
  readonly call: AskingCall | undefined;
  readonly withdrawal: AbortController;
  /** In characters. */
  readonly length: number;
}
