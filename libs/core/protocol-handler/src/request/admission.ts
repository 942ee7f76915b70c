import { type Clock, FairPlaces, GatewayError, type Principal, type Share } from '@omni/ports';
import type { MemoryPressure } from '../collaborators.ts';

/**
 * Counts what runs at the front, and refuses more than the limit, more than a user's share of it, or anything
 * once Omni stops.
 */
export class Admission {
  readonly #places: FairPlaces;
  readonly #memory: MemoryPressure | undefined;
  #isClosed = false;
  #onIdle: (() => void)[] = [];

  /** @param memory - Absent where nobody looks at it. */
  constructor(maxInFlight: number, clock: Pick<Clock, 'monotonicMs'>, memory?: MemoryPressure) {
    this.#memory = memory;
    this.#places = new FairPlaces({
      capacity: maxInFlight,
      what: 'requests under way',
      setting: 'limits.maxInFlight',
      clock,
    });
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
    if (this.inFlight > 0 || this.#onIdle.length === 0) return;
    const listeners = this.#onIdle;
    this.#onIdle = [];
    for (const listener of listeners) listener();
  }

  /** Refuses everything from now on. */
  close(): void {
    this.#isClosed = true;
  }

  /** Calls back when nothing runs any more; at once when that is so now. */
  whenIdle(listener: () => void): void {
    if (this.inFlight === 0) listener();
    else this.#onIdle.push(listener);
  }
}
