import { GatewayError } from '@omni/ports';

/** Counts what runs at the front, and refuses more than the limit or anything once Omni stops. */
export class Admission {
  readonly #maxInFlight: number;
  #inFlight = 0;
  #isClosed = false;
  #onIdle: (() => void)[] = [];

  constructor(maxInFlight: number) {
    this.#maxInFlight = maxInFlight;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** @returns Why nothing new is taken; `undefined` while Omni runs. For what lasts for days and has a limit of its own. */
  get closed(): GatewayError | undefined {
    return this.#isClosed ? new GatewayError('OMNI_SHUTTING_DOWN', 'Omni is stopping') : undefined;
  }

  /** @returns Why the request cannot run; `undefined` when it is counted in. */
  acquire(): GatewayError | undefined {
    // guard: admission/closing
    if (this.#isClosed) return this.closed;
    // guard: admission/in-flight
    if (this.#inFlight >= this.#maxInFlight)
      return new GatewayError(
        'OMNI_OVERLOADED',
        `At most ${this.#maxInFlight} requests can run at once (limits.maxInFlight)`,
      );
    this.#inFlight++;
    return undefined;
  }

  release(): void {
    this.#inFlight--;
    if (this.#inFlight > 0 || this.#onIdle.length === 0) return;
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
    if (this.#inFlight === 0) listener();
    else this.#onIdle.push(listener);
  }
}
