import { type CancelTimer, type Clock, type Payload, type ResponseStream, systemClock } from '@omni/ports';

/** Who has to know what becomes of a {@link FetchResponseStream}. */
export interface ResponseStreamListener {
  /** Something was written that is not read yet. */
  onUnread(): void;
  /** The answer is ended or cut on purpose. */
  onEnd(): void;
  /** Nothing of it is held any more: all was read, or it was cut. */
  onOver(): void;
  /** Whoever reads it has stopped. */
  onCancel(): void;
}

/** Beyond this a writer is told to wait. */
const HIGH_WATER_BYTES = 65_536;
/** How long a client may take nothing of what waits for it. */
const WRITE_TIMEOUT_MS = 60_000;

const encoder = new TextEncoder();

/**
 * The body of a streamed answer as a `ReadableStream`.
 *
 * Chunks wait here and not in the stream, which tells nobody when it has handed the last one on.
 */
export class FetchResponseStream implements ResponseStream {
  /** For the `Response`. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #listener: ResponseStreamListener;
  readonly #clock: Clock;
  readonly #chunks: Uint8Array[] = [];
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #state: 'open' | 'ended' | 'over' = 'open';
  #backlogBytes = 0;
  /** Somebody waits for the next chunk. */
  #isWanted = false;
  #isHeldBack = false;
  #onDrain: (() => void)[] = [];
  #hasRead = false;
  #cancelTimeout: CancelTimer | undefined;

  constructor(listener: ResponseStreamListener, clock: Clock = systemClock) {
    this.#listener = listener;
    this.#clock = clock;
    this.readable = new ReadableStream(
      {
        start: (controller) => void (this.#controller = controller),
        pull: () => this.#pull(),
        cancel: () => {
          this.drop();
          this.#listener.onCancel();
        },
      },
      { highWaterMark: 0 },
    );
  }

  get backlogBytes(): number {
    return this.#backlogBytes;
  }

  /** After the client has gone nothing is taken, and the result is `false` so that writers stop. */
  write(chunk: Payload): boolean {
    if (this.#state !== 'open') return false;
    const bytes = typeof chunk === 'string' ? encoder.encode(chunk) : chunk;
    if (bytes.byteLength === 0) return !this.#isHeldBack;
    if (this.#isWanted) {
      this.#isWanted = false;
      this.#controller?.enqueue(bytes);
      return true;
    }
    this.#chunks.push(bytes);
    this.#backlogBytes += bytes.byteLength;
    this.#isHeldBack ||= /* guard: fetch/backpressure */ this.#backlogBytes > HIGH_WATER_BYTES;
    this.#cancelTimeout ??= this.#limitWait();
    this.#listener.onUnread();
    return !this.#isHeldBack;
  }

  /** Who reads it says nothing of when it is done with the memory, so that is left to the runtime. */
  pass(chunk: Uint8Array): boolean {
    return this.write(chunk);
  }

  onDrain(listener: () => void): void {
    if (this.#state === 'over') return;
    if (this.#isHeldBack) this.#onDrain.push(listener);
    else queueMicrotask(listener);
  }

  end(): void {
    if (this.#state !== 'open') return;
    this.#state = 'ended';
    this.#listener.onEnd();
    if (this.#chunks.length === 0) this.#close();
  }

  destroy(): void {
    this.#listener.onEnd();
    this.drop();
  }

  /** Cuts it without a word to the listener but that it is over. */
  drop(): void {
    if (this.#state === 'over') return;
    this.#over();
    this.#chunks.length = 0;
    this.#backlogBytes = 0;
    this.#onDrain = [];
    // Its reader shall not take what came so far for the whole. One that has stopped is not told.
    this.#controller?.error(new Error('the answer was cut'));
  }

  #pull(): void {
    const chunk = this.#chunks.shift();
    if (chunk === undefined) {
      this.#isWanted = true;
      return;
    }
    this.#hasRead = true;
    this.#backlogBytes -= chunk.byteLength;
    this.#controller?.enqueue(chunk);
    if (this.#chunks.length > 0) return;
    this.#isHeldBack = false;
    this.#cancelTimeout?.();
    this.#cancelTimeout = undefined;
    if (this.#state === 'ended') this.#close();
    else for (const listener of this.#onDrain.splice(0)) listener();
  }

  #close(): void {
    this.#over();
    this.#controller?.close();
  }

  #over(): void {
    this.#state = 'over';
    this.#cancelTimeout?.();
    this.#cancelTimeout = undefined;
    this.#listener.onOver();
  }

  #limitWait(): CancelTimer {
    this.#hasRead = false;
    return this.#clock.after(WRITE_TIMEOUT_MS, () => {
      this.#cancelTimeout = undefined;
      // guard: fetch/stall
      if (this.#hasRead) this.#cancelTimeout = this.#limitWait();
      else {
        this.drop();
        this.#listener.onCancel();
      }
    });
  }
}
