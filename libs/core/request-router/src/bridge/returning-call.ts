import { memberOf } from '@omni/jsonrpc';
import type { CallContext, RunningCall } from '@omni/model';
import { GatewayError } from '@omni/ports';
import { isMultiRound } from './input-required.ts';
import type { ParkedCalls } from './parked-calls.ts';
import type { Leg, ParkingCall } from './parking-codec.ts';

/** What the state of a request leads to when no call waits for it: to the same call again, or nowhere. */
export type ReturnedState = 'again' | GatewayError;

/** Whether a request of a modern client brings a state back. */
export function isReturning({ message, client }: CallContext): boolean {
  return (
    client.era === 'modern' &&
    isMultiRound(message.method) &&
    memberOf(message.params, 'requestState') !== undefined
  );
}

export interface ReturningCallOptions {
  readonly leg: Leg;
  readonly parks: ParkedCalls<ParkingCall>;
  /** Goes on with the request as with any other: no call waits for it. */
  readonly otherwise: (state: ReturnedState) => RunningCall;
}

/** A request that brings a state back: goes on with the call that waits for it, which needs no other connection than its own. */
export class ReturningCall implements RunningCall {
  readonly #options: ReturningCallOptions;
  #running: RunningCall | undefined;
  #isCancelled = false;
  #reason: string | undefined;

  constructor(options: ReturningCallOptions) {
    this.#options = options;
  }

  start(): void {
    const { leg, parks } = this.#options;
    parks
      .open(leg.request)
      .then((opened) => {
        const isParked = !(opened instanceof GatewayError) && opened.kind === 'parked';
        // A client that is gone has used its state up.
        // guard: parked/gone
        if (this.#isCancelled) return isParked ? opened.call.giveUp(this.#reason) : undefined;
        if (isParked) this.#running = opened.call.resume(leg);
        else this.#running = this.#options.otherwise(opened instanceof GatewayError ? opened : 'again');
      })
      .catch((error: unknown) => leg.reply.settle({ kind: 'error', error: GatewayError.from(error) }));
  }

  cancel(reason?: string): void {
    this.#isCancelled = true;
    this.#reason = reason;
    this.#running?.cancel(reason);
  }
}
