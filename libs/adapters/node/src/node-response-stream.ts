import type { ServerResponse } from 'node:http';
import type { Payload, ResponseStream } from '@omni/ports';

/** The body of a streamed answer on Node's response. */
export class NodeResponseStream implements ResponseStream {
  readonly #response: ServerResponse;
  readonly #onEnd: () => void;

  /** @param onEnd - Told when the answer is ended or cut on purpose. */
  constructor(response: ServerResponse, onEnd: () => void) {
    this.#response = response;
    this.#onEnd = onEnd;
  }

  get backlogBytes(): number {
    return this.#response.writableLength;
  }

  /** After the client has gone nothing is taken, and the result is `false` so that writers stop. */
  write(chunk: Payload): boolean {
    const response = this.#response;
    if (response.destroyed || response.writableEnded) return false;
    return response.write(chunk);
  }

  onDrain(listener: () => void): void {
    if (this.#response.destroyed) return;
    if (this.#response.writableNeedDrain) this.#response.once('drain', listener);
    else queueMicrotask(listener);
  }

  end(): void {
    this.#onEnd();
    if (!this.#response.destroyed) this.#response.end();
  }

  destroy(): void {
    this.#onEnd();
    this.#response.destroy();
  }
}
