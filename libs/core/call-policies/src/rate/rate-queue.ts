import type { Clock, FairQueue, GatewayError, Principal, QueueTicket, Waiter } from '@omni/ports';
import type { TokenBuckets } from './token-buckets.ts';

export interface RateQueueOptions {
  readonly buckets: TokenBuckets;
  /** Whose bucket it is. */
  readonly key: string;
  readonly queue: FairQueue;
  readonly clock: Pick<Clock, 'after'>;
}

/** Lets calls wait for tokens of one bucket: each token is for the user whose turn it is. */
export class RateQueue {
  readonly #options: RateQueueOptions;
  #isTimed = false;

  constructor(options: RateQueueOptions) {
    this.#options = options;
  }

  /** @returns Whether a call may go on at once: then its token is taken. */
  takeNow(): boolean {
    const { buckets, key, queue } = this.#options;
    // Whoever waits already goes first.
    return /* guard: rate/no-overtaking */ queue.size === 0 && buckets.take(key) === 0;
  }

  /** A call whose turn had come does not go on: its token is for the next one. */
  giveBack(): void {
    const { buckets, key } = this.#options;
    buckets.giveBack(key);
  }

  /**
   * For a call that may not go on at once.
   *
   * @param waiter - Told its turn, never before this has returned.
   * @param waitMs - The longest that this one may wait, if that is less than the queue allows.
   * @returns Its ticket; or why it may not even wait.
   */
  join(principal: Principal, waiter: Waiter, waitMs?: number): QueueTicket | GatewayError {
    const { buckets, key, queue } = this.#options;
    const ticket = queue.join(principal, waiter, waitMs);
    this.#wakeIn(buckets.waitMs(key));
    return ticket;
  }

  #wakeIn(ms: number): void {
    if (this.#isTimed) return;
    this.#isTimed = true;
    this.#options.clock.after(ms, () => {
      this.#isTimed = false;
      this.#letGo();
    });
  }

  #letGo(): void {
    const { buckets, key, queue } = this.#options;
    while (queue.size > 0) {
      const waitMs = buckets.take(key);
      if (waitMs > 0) {
        this.#wakeIn(waitMs);
        return;
      }
      queue.next();
    }
  }
}
