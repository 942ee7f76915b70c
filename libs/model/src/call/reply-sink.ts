import type { RpcMessage } from '@omni/jsonrpc';
import type { GatewayError, Payload } from '@omni/ports';
import type { CallPhase } from './call-phase.ts';

/**
 * Sends the answer to a request that an upstream made: `answer` is the client's response message. Before it
 * there may come notifications: the client's progress with the server request, under the upstream's own
 * token.
 */
export type AnswerServerRequest = (answer: RpcMessage | GatewayError) => void;

/** A whole answer to a request. */
export type Answer =
  /**
   * A JSON-RPC response in the client's terms; its result is a `ModernResult` where the client is a modern
   * one. `status` is the HTTP status if headers are not sent yet;
   * `errorCode` is the code of a JSON-RPC error as it is written, absent for a result. Who has built or read
   * the response says so: nobody reads it again.
   */
  | {
      readonly kind: 'message';
      readonly payload: Payload;
      readonly status: number;
      readonly errorCode?: string | undefined;
    }
  | FailedOutcome;

/** A request that Omni, or what it called, could not answer. */
export interface FailedOutcome {
  readonly kind: 'error';
  readonly error: GatewayError;
  /** How far the upstream call had come; absent where there was none. */
  readonly phase?: CallPhase;
}

/** How a request ended. Every request ends with exactly one. */
export type Outcome =
  | Answer
  /**
   * An answer as well, but of the front: the request never ran. Where there is HTTP, its status says so in
   * both eras.
   */
  | { readonly kind: 'refused'; readonly error: GatewayError }
  /** The end of an answer that went to the client in chunks. */
  | { readonly kind: 'streamed'; readonly isError: boolean }
  /**
   * The client does not want the answer any more: it cancelled the request, or left where that means the
   * same.
   */
  | { readonly kind: 'cancelled' };

/** How an answer begins that is passed on while it comes. */
export interface ResponseHead {
  readonly status: number;
  /** Bytes of the whole; `undefined` when its sender does not say. */
  readonly length: number | undefined;
  /** Whether it is an error of JSON-RPC. */
  readonly isError: boolean;
  /**
   * Whether its sender keeps the bytes. If not, each chunk belongs to its taker, and is empty once it has
   * been sent.
   */
  readonly isKept: boolean;
}

/**
 * Takes an answer chunk by chunk: the bytes of one JSON-RPC response under the client's id. What comes in
 * place of the end, a failure, must not look like one.
 */
export interface ChunkSink {
  onResponseHead(head: ResponseHead): void;
  /**
   * @returns `false` when the client reads slowly, see {@link ReplySink.onDrain}. The chunk is taken either
   * way.
   */
  onChunk(bytes: Uint8Array): boolean;
  onResponseEnd(): void;
}

/** A notification on its way to a client. */
export type RpcNotification = Pick<RpcMessage, 'method' | 'text' | 'params'>;

/** Where a request's notifications and its answer go. Order of calls is order on the wire. */
export interface ReplySink {
  /**
   * A notification of this request, in the client's terms.
   *
   * @returns `false` when the client reads slowly: hold back until the listener given to {@link onDrain} is
   * called.
   */
  notification(notification: RpcNotification): boolean;
  onDrain(listener: () => void): void;
  /**
   * A request of the upstream to the client, during this request (legacy era). `signal`: the answer is not
   * wanted any more.
   */
  serverRequest(
    upstream: string,
    message: RpcMessage,
    answer: AnswerServerRequest,
    signal?: AbortSignal,
  ): void;
  /**
   * Ends the request; what comes later is dropped. An error may also end an answer that has begun to go to
   * {@link chunks}.
   */
  settle(outcome: Outcome): void;
  /** Where an answer can go while it comes, in place of {@link settle}; absent where it is wanted whole. */
  readonly chunks?: ChunkSink | undefined;
}
