import type { Outcome, ResponseHead } from '@omni/model';
import type { Millis } from '@omni/ports';

/** Takes an answer while it comes. */
export interface ChunkWriter {
  begin(head: ResponseHead): void;
  /** @returns `false` when the client reads slowly. The chunk is taken either way. */
  chunk(bytes: Uint8Array): boolean;
}

/** Where a client can be asked something for a server. */
export interface ServerRequestTarget {
  /** @returns `false` when the client would not hear it. */
  serverRequest(text: string): boolean;
}

/**
 * Writes to one transport what belongs to requests. It knows the transport and nothing of what a request is.
 *
 * Only `ClientRequest` calls it, and calls {@link write} once for each request.
 */
export interface ResponseWriter extends ServerRequestTarget {
  /** @returns `false` when the client reads slowly: hold back until {@link onDrain} fires. */
  notification(text: string): boolean;
  onDrain(listener: () => void): void;
  /** Where the answer can go in chunks as things are now; absent where it is wanted whole. */
  readonly chunks?: ChunkWriter | undefined;
  /**
   * The answer takes its time: nobody in between may give it up meanwhile.
   *
   * @param sinceMs - Monotonic: when the request was read.
   */
  keepWaiting(sinceMs: Millis): void;
  /** Writes how a request has ended. @param id - Of the request, as JSON. */
  write(id: string, outcome: Outcome): void;
  /** An outcome could not be written: breaks the transport off, so that nobody waits for what never comes. */
  destroy(): void;
}
