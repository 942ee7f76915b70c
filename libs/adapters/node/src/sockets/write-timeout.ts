import type { Socket } from 'node:net';
import { type CancelTimer, type Clock, systemClock } from '@omni/ports';
import { flushedBytes } from './flushed-bytes.ts';

export interface WriteTimeoutOptions {
  readonly timeoutMs: number;
  /** Called once at most, after the timeout and before twice of it. */
  readonly onTimeout: () => void;
  /** Default: the runtime's timers. */
  readonly clock?: Clock;
}

/**
 * Finds the other side of a connection that lasts, when it takes nothing of what waits for it for so long.
 *
 * The timeout of a socket would not do: whoever sends and does not read sets it back.
 */
export class WriteTimeout {
  readonly #socket: Socket;
  readonly #timeoutMs: number;
  readonly #onTimeout: () => void;
  readonly #clock: Clock;
  #cancel: CancelTimer | undefined;

  constructor(socket: Socket, { timeoutMs, onTimeout, clock = systemClock }: WriteTimeoutOptions) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    this.#onTimeout = onTimeout;
    this.#clock = clock;
  }

  /** Whether something waits, as far as is known. */
  get isWatching(): boolean {
    return this.#cancel !== undefined;
  }

  /** Something was written. Nearly always the system has taken all of it. */
  onWritten(): void {
    if (this.#cancel === undefined && this.#socket.writableLength > 0) this.#look(flushedBytes(this.#socket));
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #look(taken: number): void {
    this.#cancel = this.#clock.after(this.#timeoutMs, () => {
      this.#cancel = undefined;
      if (this.#socket.writableLength === 0) return;
      const now = flushedBytes(this.#socket);
      if (/* guard: stall/sender, stall/slow */ now === taken) this.#onTimeout();
      else this.#look(now);
    });
  }
}
