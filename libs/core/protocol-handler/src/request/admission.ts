import {
  type Clock,
  FairPlaces,
  FairQueue,
  GatewayError,
  type Millis,
  type Principal,
  type QueueTicket,
  type Share,
  type Waiter,
} from '@omni/ports';
import type { FrontLimits, MemoryPressure } from '../collaborators.ts';

export type AdmissionLimits = Pick<FrontLimits, 'maxInFlight' | 'maxWaiting' | 'maxWaitMs'>;

/**
 * Counts what runs at the front, and refuses more than the limit, more than a user's share of it, or anything
 * once Omni stops.
 */
export class Admission {
  readonly #places: FairPlaces;
  /** Absent where no request may wait. */
  readonly #queue: FairQueue | undefined;
  readonly #memory: MemoryPressure | undefined;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #isClosed = false;
  #onIdle: (() => void)[] = [];

  /** @param memory - Absent where nobody looks at it. */
  constructor(
    { maxInFlight, maxWaiting = 0, maxWaitMs = 10_000 }: AdmissionLimits,
    clock: Pick<Clock, 'monotonicMs' | 'after'>,
    memory?: MemoryPressure,
  ) {
    this.#memory = memory;
    this.#clock = clock;
    this.#places = new FairPlaces({
      capacity: maxInFlight,
      what: 'requests under way',
      setting: 'limits.maxInFlight',
      clock,
    });
    if (maxWaiting > 0) {
      const what = 'requests that wait';
      const room = new FairPlaces({ capacity: maxWaiting, what, setting: 'limits.maxWaiting', clock });
      this.#queue = new FairQueue({ room, maxWaitMs, what, clock });
    }
  }

  get inFlight(): number {
    return this.#places.taken;
  }

  /**
   * @returns Why nothing new is taken; `undefined` while Omni runs and has memory. Enough for what lasts for
   * days and has a limit of its own.
   */
  get closed(): GatewayError | undefined {
    if (this.#isClosed) return new GatewayError('OMNI_SHUTTING_DOWN', 'Omni is stopping');
    return /* guard: admission/memory */ this.#memory?.refusal('request');
  }

  /** Requests that wait for their turn. */
  get waiting(): number {
    return this.#queue?.size ?? 0;
  }

  /** Whether a request has to {@link wait}: there is no place for it now, and it may. */
  mustWait(principal: Principal): boolean {
    const queue = this.#queue;
    if (queue === undefined || this.closed !== undefined) return false;
    return /* guard: admission/no-overtaking */ queue.holds(principal) || !this.#places.hasRoomFor(principal);
  }

  /** On the monotonic clock. */
  nowMs(): Millis {
    return this.#clock.monotonicMs();
  }

  /** @returns Its place in the queue; or why it gets none. */
  wait(principal: Principal, waiter: Waiter): QueueTicket | GatewayError {
    return this.#queue?.join(principal, waiter) ?? new GatewayError('OMNI_INTERNAL', 'There is no queue');
  }

  /** @returns What {@link release} takes; or why the request cannot run. */
  acquire(principal: Principal): Share | GatewayError {
    const { closed } = this;
    // guard: admission/closing
    if (closed !== undefined) return closed;
    // guard: admission/in-flight
    return this.#places.take(principal);
  }

  release(share: Share): void {
    this.#places.leave(share);
    while (!this.#places.isFull && this.#queue?.next() === true);
    if (this.inFlight > 0 || this.#onIdle.length === 0) return;
    const listeners = this.#onIdle;
    this.#onIdle = [];
    for (const listener of listeners) listener();
  }

  /** Refuses everything from now on, and what waits. */
  close(): void {
    this.#isClosed = true;
    const { closed } = this;
    // guard: admission/waiting-at-the-end
    if (closed !== undefined) this.#queue?.fail(closed);
  }

  /** Calls back when nothing runs any more; at once when that is so now. */
  whenIdle(listener: () => void): void {
    if (this.inFlight === 0) listener();
    else this.#onIdle.push(listener);
  }
}
