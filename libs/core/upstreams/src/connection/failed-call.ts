import type { CallHandler, RunningCall } from '@omni/model';
import type { GatewayError } from '@omni/ports';

/** A call that could not be sent: it fails as soon as the caller has its handle. */
export class FailedCall implements RunningCall {
  #isCancelled = false;

  constructor(listener: CallHandler, error: GatewayError) {
    queueMicrotask(() => {
      if (!this.#isCancelled) listener.onFailure(error);
    });
  }

  cancel(): void {
    this.#isCancelled = true;
  }
}
