import type { Principal } from '../principal.ts';
import type { HeaderList, Payload } from './header-list.ts';
import type { RequestFacts } from './request-facts.ts';

/**
 * One HTTP request and its answer at the front.
 *
 * The runtime's adapter implements it straight on its own objects; the core never sees them. Exactly
 * one of {@link respond} and {@link stream} is called, once; calls after the client has gone do nothing.
 */
export interface Exchange extends RequestFacts {
  /** The query without `?`; empty when there is none. */
  readonly query: string;
  /**
   * What stood before {@link path} in the request, for links in an answer, e.g. `/omni`. Absent where nothing
   * did.
   */
  readonly basePath?: string | undefined;
  /**
   * Reads the whole body. Called at most once.
   *
   * @throws {@link GatewayError} `OMNI_BODY_TOO_LARGE` beyond `maxBytes` (before reading when the length is
   * declared), `OMNI_BODY_INCOMPLETE` when the client stops in the middle, `OMNI_OVERLOADED` when all clients
   * together send more than may be held.
   */
  readBody(maxBytes: number): Promise<Uint8Array>;
  /**
   * It is known whose the request is: what waits on its connection to be read counts as this one's from now
   * on.
   */
  belongsTo(principal: Principal): void;
  /**
   * Called at most once, when the client disconnects before the answer is complete. At once if it already
   * has. A later listener takes the place of an earlier one.
   */
  onGone(listener: () => void): void;
  /** Answers in one chunk; the adapter adds `Content-Length`. */
  respond(status: number, headers: HeaderList, body?: Payload): void;
  /** Answers chunk by chunk; headers leave at once. */
  stream(status: number, headers: HeaderList): ResponseStream;
}

/** The body of a streamed answer. */
export interface ResponseStream {
  /**
   * @returns `false` when the client reads slowly: stop writing until {@link onDrain} fires. The chunk is
   * taken either way.
   */
  write(chunk: Payload): boolean;
  /**
   * As {@link write}, of bytes that nobody uses any more: their memory may be given back once they have left.
   */
  pass(chunk: Uint8Array): boolean;
  /** Bytes taken and not yet handed to the network. */
  readonly backlogBytes: number;
  /** Called once, when the backlog is gone. */
  onDrain(listener: () => void): void;
  /** Ends the answer. */
  end(): void;
  /** Cuts the connection in the middle of the answer: the client sees a broken stream. */
  destroy(): void;
}
