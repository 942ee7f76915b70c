import { GatewayError } from '@omni/ports';
import { memberOf, type GatewayRequest, type RunningCall } from '@omni/wire';
import { isMultiRound } from './input-required.ts';
import { ParkingCall, type ParkingCallOptions } from './parking-call.ts';

/** Whether a request of a modern client goes on with a call that it has made before. */
export function isReturning({ message }: GatewayRequest): boolean {
  return isMultiRound(message.method) && memberOf(message.params, 'requestState') !== undefined;
}

/** A request that brings back a state of Omni's: goes on with the call that waits for it, or makes that call again. */
export class ReturningCall implements RunningCall {
  readonly #options: ParkingCallOptions;
  #running: RunningCall | undefined;
  #isCancelled = false;

  constructor(options: ParkingCallOptions) {
    this.#options = options;
  }

  start(): void {
    const { crossing, parks } = this.#options;
    const refuse = (error: GatewayError): void => crossing.reply.answer({ kind: 'error', error });
    parks.open(crossing.request).then(
      (opened) => {
        if (opened instanceof GatewayError) return refuse(opened);
        // A client that is gone has used its state up.
        if (this.#isCancelled) return opened.kind === 'parked' ? opened.call.onExpired() : undefined;
        if (opened.kind === 'parked') this.#running = opened.call.resume(crossing);
        else this.#again();
      },
      (error: unknown) => refuse(GatewayError.from(error)),
    );
  }

  cancel(reason?: string): void {
    this.#isCancelled = true;
    this.#running?.cancel(reason);
  }

  #again(): void {
    const call = new ParkingCall(this.#options);
    this.#running = call;
    call.start();
  }
}
