import { type Clock, FairPlaces, GatewayError, type Principal, type Share } from '@omni/ports';

/**
 * Counts what runs at the front, and refuses more than the limit, more than a user's share of it, or anything
 * once Omni stops.
 */
export class Admission {
  readonly #places: FairPlaces;
  #isClosed = false;
  #onIdle: (() => void)[] = [];

  constructor(maxInFlight: number, clock: Pick<Clock, 'monotonicMs'>) {
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
   * @returns Why nothing new is taken; `undefined` while Omni runs. For what lasts for days and has a limit
   * of its own.
   */
  get closed(): GatewayError | undefined {
    return this.#isClosed ? new GatewayError('OMNI_SHUTTING_DOWN', 'Omni is stopping') : undefined;
  }

  /** @returns What {@link release} takes; or why the request cannot run. */
  acquire(principal: Principal): Share | GatewayError {
    // guard: admission/closing
    if (this.closed !== undefined) return this.closed;
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
