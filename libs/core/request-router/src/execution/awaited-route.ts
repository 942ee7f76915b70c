import type { RunningCall } from '@omni/model';
import type { GatewayError } from '@omni/ports';
import type { Route } from '../call/route.ts';
import type { Later } from '../route-finder.ts';
import type { BroughtState } from './call-execution.ts';

/** Why a request was cancelled before its route was known. */
export interface EarlyCancel {
  readonly reason: string | undefined;
}

/** Runs a request whose route is known. @param cancelled - Only what its state leads to is given up. */
export type RunRouted = (
  route: Route | GatewayError,
  state: BroughtState | undefined,
  cancelled: EarlyCancel | undefined,
) => RunningCall;

/** A request whose route is not known yet. */
export class AwaitedRoute implements RunningCall {
  #running: RunningCall | undefined;
  #withdraw: (() => void) | undefined;
  #cancelled: EarlyCancel | undefined;

  constructor(later: Later, run: RunRouted) {
    const withdraw = later((route, state) => {
      this.#withdraw = undefined;
      this.#running = run(route, state, this.#cancelled);
    });
    if (this.#running === undefined) this.#withdraw = withdraw;
  }

  cancel(reason?: string): void {
    if (this.#running !== undefined) return this.#running.cancel(reason);
    if (this.#cancelled !== undefined) return;
    this.#cancelled = { reason };
    this.#withdraw?.();
  }
}
