import type { ServerResponse } from 'node:http';
import { ownsLargeBuffer, type Payload, releaseBytes, type ResponseStream } from '@omni/ports';
import { applyWriteTimeout } from './response-write-timeout.ts';

/** Who has to know what becomes of a {@link NodeResponseStream}. */
export interface ResponseStreamListener {
  onWritten(): void;
  /** The answer is ended or cut on purpose. */
  onEnd(): void;
}

/** The body of a streamed answer on Node's response. */
export class NodeResponseStream implements ResponseStream {
  readonly #response: ServerResponse;
  readonly #writeTimeoutMs: number;
  readonly #listener: ResponseStreamListener;
  #isLimited = false;

  /** @param writeTimeoutMs - See {@link applyWriteTimeout}. */
  constructor(response: ServerResponse, writeTimeoutMs: number, listener: ResponseStreamListener) {
    this.#response = response;
    this.#writeTimeoutMs = writeTimeoutMs;
    this.#listener = listener;
  }

  get backlogBytes(): number {
    return this.#response.writableLength;
  }

  /** After the client has gone nothing is taken, and the result is `false` so that writers stop. */
  write(chunk: Payload): boolean {
    return this.#take(chunk);
  }

  pass(chunk: Uint8Array): boolean {
    // guard: response/given-back-when-sent
    return this.#take(chunk, ownsLargeBuffer(chunk) ? () => releaseBytes(chunk) : undefined);
  }

  onDrain(listener: () => void): void {
    if (this.#response.destroyed) return;
    if (this.#response.writableNeedDrain) this.#response.once('drain', listener);
    else queueMicrotask(listener);
  }

  end(): void {
    this.#listener.onEnd();
    if (!this.#response.destroyed) this.#response.end();
  }

  destroy(): void {
    this.#listener.onEnd();
    this.#response.destroy();
  }

  #take(chunk: Payload, onSent?: () => void): boolean {
    const response = this.#response;
    if (response.destroyed || response.writableEnded) return false;
    const isFree = response.write(chunk, onSent);
    if (!isFree && !this.#isLimited) {
      this.#isLimited = true;
      applyWriteTimeout(response, this.#writeTimeoutMs);
      response.once('drain', this.#onCaughtUp);
    }
    this.#listener.onWritten();
    return isFree;
  }

  /** An open stream may be silent for as long as it likes. */
  readonly #onCaughtUp = (): void => {
    this.#isLimited = false;
    this.#response.socket?.setTimeout(0);
  };
}
