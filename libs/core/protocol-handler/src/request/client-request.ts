import { resultText, type RpcMessage } from '@omni/jsonrpc';
import {
  type AnswerServerRequest,
  type CallContext,
  type ChunkSink,
  type ClientContext,
  type Dialect,
  NOTHING_RUNS,
  type Outcome,
  type ReplySink,
  type ResponseHead,
  type RpcNotification,
  type RunningCall,
  type TellFailure,
} from '@omni/model';
import {
  type Exchange,
  GatewayError,
  type HeaderList,
  type Millis,
  type Place,
  type Share,
} from '@omni/ports';
import type { FollowedRequest } from '../collaborators.ts';
import { inDialect } from './dialect-terms.ts';
import type { FrontRequests } from './front-requests.ts';
import type { InFlight, InFlightRequest } from './in-flight.ts';
import { isPersistent } from './methods.ts';
import { passesLevel } from './passes-level.ts';
import type { ChunkWriter, ResponseWriter, ServerRequestTarget } from './response-writer.ts';

/** What a request belongs to: a session, a connection, or the front. */
export interface RequestOwner {
  /** Those of its requests that run. */
  readonly calls: InFlight;
  /** Asks the client something for a server; absent where clients cannot be asked. */
  ask?(
    message: RpcMessage,
    answer: AnswerServerRequest,
    target: ServerRequestTarget,
    signal: AbortSignal | undefined,
  ): void;
}

/** Knows what to do with the requests of an era. */
export interface RequestServer {
  serve(request: ClientRequest): RunningCall;
}

export interface ClientRequestOptions {
  readonly message: RpcMessage;
  readonly client: ClientContext;
  readonly writer: ResponseWriter;
  /** Absent for a request that is refused, or answered at once. */
  readonly owner?: RequestOwner | undefined;
  /** Headers that came with it; absent where there are none. */
  readonly headers?: Pick<Exchange, 'header'> | undefined;
  readonly paramHeaders?: HeaderList | undefined;
  readonly forwardable?: HeaderList | undefined;
  /**
   * In which its client is answered; the message is in the common terms. Absent where these are the client's.
   */
  readonly dialect?: Dialect | undefined;
}

const CANCELLED: Outcome = { kind: 'cancelled' };
const STREAMED: Outcome = { kind: 'streamed', isError: false };
const STREAMED_ERROR: Outcome = { kind: 'streamed', isError: true };

/**
 * One request of a client, from when its message has been read to its one {@link Outcome}, whatever transport
 * it came by.
 *
 * It is the context that is dispatched, and the sink that takes the answer. {@link settle} is its only end.
 */
export class ClientRequest implements CallContext, ReplySink, ChunkSink, InFlightRequest {
  readonly message: RpcMessage;
  readonly client: ClientContext;
  readonly paramHeaders: HeaderList | undefined;
  readonly forwardable: HeaderList | undefined;
  readonly headers: Pick<Exchange, 'header'> | undefined;
  /** Counted from 1 in each run. */
  readonly number: number;
  readonly arrivedMs: Millis;
  place: Place<InFlightRequest> | undefined = undefined;
  wasSent = false;
  tellFailure?: TellFailure;
  readonly #front: FrontRequests;
  readonly #writer: ResponseWriter;
  readonly #owner: RequestOwner | undefined;
  readonly #dialect: Dialect | undefined;
  readonly #followed: FollowedRequest | undefined;
  #running: RunningCall = NOTHING_RUNS;
  #chunks: ChunkWriter | undefined = undefined;
  #isError = false;
  #permit: Share | undefined = undefined;
  #isSettled = false;
  #isCancelled = false;
  #cancelReason: string | undefined = undefined;

  constructor(front: FrontRequests, options: ClientRequestOptions) {
    const { message, headers } = options;
    this.#followed = front.follow(message, options.client, headers);
    this.message = this.#followed?.message ?? message;
    this.client = options.client;
    this.paramHeaders = options.paramHeaders;
    this.forwardable = options.forwardable;
    this.headers = headers;
    this.#front = front;
    this.#writer = options.writer;
    this.#owner = options.owner;
    this.#dialect = options.dialect;
    this.number = ++front.begun;
    this.arrivedMs = front.log.nowMs();
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Serves it if there is room, or when there is; never throws. */
  start(server: RequestServer): void {
    const isWaiting = this.#isCounted && this.#front.admission.mustWait(this.client.principal);
    if (isWaiting) this.#wait(server);
    else if (this.#admit() && this.#enter()) this.#serve(server);
  }

  #wait(server: RequestServer): void {
    // While it waits it can be cancelled as any other.
    if (!this.#enter()) return;
    const { admission } = this.#front;
    const ticket = admission.wait(this.client.principal, {
      onTurn: () => {
        if (this.#admit()) this.#serve(server);
      },
      onRefused: (error) => this.refuse(error),
    });
    if (ticket instanceof GatewayError) return this.refuse(ticket);
    this.#running = { cancel: () => ticket.withdraw() };
    this.#writer.keepWaiting(this.arrivedMs);
  }

  #serve(server: RequestServer): void {
    let running: RunningCall;
    try {
      running = server.serve(this);
    } catch (error) {
      return this.fail(GatewayError.from(error));
    }
    if (!this.#isSettled) {
      this.#running = running;
      this.#writer.keepWaiting(this.arrivedMs);
      return;
    }
    // guard: request/cancelled-meanwhile
    if (this.#isCancelled) running.cancel(this.#cancelReason);
  }

  /** What it waits for: does nothing once it has ended, and fails this request alone. */
  later(goOn: () => void): () => void {
    return () => {
      if (this.#isSettled) return;
      try {
        goOn();
      } catch (error) {
        this.fail(GatewayError.from(error));
      }
    };
  }

  /** What a request runs as long as it waits. @param withdraw - Ends the wait, which may be over. */
  waiting(withdraw: () => void): RunningCall {
    return this.#isSettled ? NOTHING_RUNS : { cancel: withdraw };
  }

  notification(notification: RpcNotification): boolean {
    if (this.#isSettled) return true;
    // guard: session/level-in-call
    if (
      notification.method === 'notifications/message' &&
      !passesLevel(notification, this.client.session?.logLevel())
    )
      return true;
    try {
      return this.#writer.notification(notification.text);
    } catch (cause) {
      this.#destroy();
      const error = new GatewayError('OMNI_INTERNAL', 'A notification could not be written', { cause });
      this.cancel('the client cannot be reached', { kind: 'error', error });
      return true;
    }
  }

  onDrain(listener: () => void): void {
    this.#writer.onDrain(listener);
  }

  serverRequest(
    _upstream: string,
    message: RpcMessage,
    answer: AnswerServerRequest,
    signal?: AbortSignal,
  ): void {
    const owner = this.#owner;
    if (/* guard: question/modern, question/modern-channel */ owner?.ask === undefined || this.#isSettled) {
      answer(new GatewayError('OMNI_METHOD_UNKNOWN', 'This client takes no requests during this request'));
      return;
    }
    owner.ask(message, answer, this.#writer, signal);
  }

  get chunks(): ChunkSink | undefined {
    // What is to be translated has to be whole.
    return this.#writer.chunks === undefined || this.#dialect !== undefined ? undefined : this;
  }

  onResponseHead(head: ResponseHead): void {
    if (this.#isSettled) return;
    this.#isError = head.isError;
    this.#chunks = this.#writer.chunks;
    this.#chunks?.begin(head);
  }

  onChunk(bytes: Uint8Array): boolean {
    return this.#isSettled || this.#chunks?.chunk(bytes) !== false;
  }

  onResponseEnd(): void {
    this.settle(this.#isError ? STREAMED_ERROR : STREAMED);
  }

  /** @param result - JSON. */
  result(result: string): void {
    this.settle({ kind: 'message', payload: resultText(this.message.id, result), status: 200 });
  }

  fail(error: GatewayError): void {
    this.settle({ kind: 'error', error });
  }

  /** It does not run: the transport refuses it. */
  refuse(error: GatewayError): void {
    this.settle({ kind: 'refused', error });
  }

  /**
   * Cancels what runs, and ends the request.
   *
   * @param reason - Told to the server.
   * @param outcome - What the client gets; by default it does not want an answer any more.
   */
  cancel(reason?: string, outcome: Outcome = CANCELLED): void {
    if (this.#isSettled) return;
    this.#isCancelled = true;
    this.#cancelReason = reason;
    let ended = outcome;
    try {
      this.#running.cancel(reason);
    } catch (error) {
      // It ends all the same; the log hears why.
      ended = { kind: 'error', error: GatewayError.from(error) };
    }
    this.settle(ended);
  }

  /** Ends the request, once: the only place that answers, logs, counts and gives the permit back. */
  settle(outcome: Outcome): void {
    // guard: reply/one-answer
    if (this.#isSettled) return;
    this.#isSettled = true;
    const front = this.#front;
    this.#owner?.calls.leave(this);
    const ended = this.#write(/* guard: request/tell-failure */ this.#told(outcome));
    front.tell(this, ended, this.#followed);
    if (/* guard: request/permit */ this.#permit !== undefined) front.admission.release(this.#permit);
  }

  #told(outcome: Outcome): Outcome {
    const { tellFailure } = this;
    return outcome.kind === 'error' && tellFailure !== undefined ? tellFailure(outcome) : outcome;
  }

  /** @returns How the request has ended indeed: an answer that cannot be written is a failure of Omni. */
  #write(outcome: Outcome): Outcome {
    try {
      const told = this.#dialect === undefined ? outcome : inDialect(this.#dialect, this.message, outcome);
      this.#writer.write(this.message.id, told);
      return outcome;
    } catch (cause) {
      // guard: request/failed-write
      this.#destroy();
      return {
        kind: 'error',
        error: new GatewayError('OMNI_INTERNAL', 'The answer could not be written', { cause }),
      };
    }
  }

  #destroy(): void {
    try {
      this.#writer.destroy();
    } catch {
      // It is broken already; why, is told by the failure to write.
    }
  }

  /** @returns Whether it may run; if not it has been answered. */
  #admit(): boolean {
    const { admission } = this.#front;
    const permit = this.#isCounted ? admission.acquire(this.client.principal) : admission.closed;
    // guard: batch/admission
    if (permit instanceof GatewayError) {
      this.refuse(permit);
      return false;
    }
    this.#permit = permit;
    return true;
  }

  /** A listen lasts for days, and has a limit of its own. */
  get #isCounted(): boolean {
    return this.client.era === 'legacy' || !isPersistent(this.message.method);
  }

  /** @returns Whether its session or connection takes it; if not it has been answered. */
  #enter(): boolean {
    const refused = this.#owner?.calls.enter(this);
    if (refused === undefined) return true;
    this.fail(refused);
    return false;
  }
}
