import type { GatewayError } from '@omni/ports';
import type { RunningCall } from './running-call.ts';
import type { CallHandler } from './upstream-call.ts';

/**
 * A call that is over before anything was sent. Its handler is told when `send` has returned, unless the call
 * is cancelled first.
 */
export class DeferredEnd implements RunningCall {
  #isCancelled = false;

  /** @param tell - Tells the handler. */
  constructor(tell: () => void) {
    queueMicrotask(() => {
      if (!this.#isCancelled) tell();
    });
  }

  cancel(): void {
    this.#isCancelled = true;
  }
}

/** In place of a call that cannot be sent. */
export function refusedCall(handler: CallHandler, error: GatewayError): RunningCall {
  return new DeferredEnd(() => handler.onFailure(error, 'not-sent'));
}
