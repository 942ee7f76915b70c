import { GatewayError, type ChannelListener, type MessageChannel, type OpenChannel } from '@omni/ports';

/** Limits of a pair. */
export interface ChannelPairOptions {
  /** Messages one side may have under way; further ones are not taken. Default 10,000. */
  readonly maxBacklogMessages?: number;
}

/**
 * Two channels in memory, each the other's far end; delivery is asynchronous and in order.
 *
 * @returns Openers of the two ends, each to be called once. What is sent before the far end is opened waits
 * for it.
 */
export function createChannelPair(options: ChannelPairOptions = {}): readonly [OpenChannel, OpenChannel] {
  const maxBacklog = options.maxBacklogMessages ?? 10_000;
  const left = new MemoryEnd(maxBacklog);
  const right = new MemoryEnd(maxBacklog);
  left.connection(right);
  right.connection(left);
  return [(listener) => left.open(listener), (listener) => right.open(listener)];
}

class MemoryEnd implements MessageChannel {
  readonly #maxBacklog: number;
  #far: MemoryEnd | undefined;
  #listener: ChannelListener | undefined;
  #inbox: string[] = [];
  #isScheduled = false;
  /** Nothing more will come in; said to the listener once the inbox is empty. */
  #hasEnded = false;
  #isClosed = false;
  readonly #gone: Promise<void>;
  #resolveGone: () => void = () => {};

  constructor(maxBacklog: number) {
    this.#maxBacklog = maxBacklog;
    this.#gone = new Promise((resolve) => (this.#resolveGone = resolve));
  }

  connection(far: MemoryEnd): void {
    this.#far = far;
  }

  open(listener: ChannelListener): MessageChannel {
    if (this.#listener !== undefined)
      throw new GatewayError('OMNI_INTERNAL', 'This end of the channel pair is already open');
    this.#listener = listener;
    this.#schedule();
    return this;
  }

  send(text: string): boolean {
    if (this.#hasEnded || this.#far === undefined) return false;
    return this.#far.#take(text);
  }

  close(): Promise<void> {
    if (!this.#hasEnded) {
      this.#end();
      if (this.#far !== undefined) this.#far.#end();
    }
    return this.#listener === undefined ? Promise.resolve() : this.#gone;
  }

  #take(text: string): boolean {
    if (this.#hasEnded || /* guard: pair/backlog */ this.#inbox.length >= this.#maxBacklog) return false;
    this.#inbox.push(text);
    this.#schedule();
    return true;
  }

  #end(): void {
    this.#hasEnded = true;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#listener === undefined) return;
    this.#isScheduled = true;
    queueMicrotask(() => this.#deliver());
  }

  #deliver(): void {
    this.#isScheduled = false;
    const messages = this.#inbox;
    this.#inbox = [];
    for (const [index, text] of messages.entries()) {
      try {
        this.#listener?.onMessage(text);
      } catch (error) {
        // It is for whoever owns the listener; what is behind this message arrives all the same.
        this.#inbox = [...messages.slice(index + 1), ...this.#inbox];
        this.#schedule();
        throw error;
      }
    }
    if (this.#inbox.length > 0 || !this.#hasEnded || this.#isClosed) return;
    this.#isClosed = true;
    try {
      this.#listener?.onClose(undefined);
    } finally {
      this.#resolveGone();
    }
  }
}
