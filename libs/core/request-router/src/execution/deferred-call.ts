import type { RunningCall } from '@omni/model';

/** A call that can begin later only; cancelled before, it never does. */
export class DeferredCall implements RunningCall {
  #running: RunningCall | undefined;
  #isCancelled = false;

  /** @param start - May be called once. */
  begin(start: () => RunningCall | undefined): void {
    if (!this.#isCancelled) this.#running = start();
  }

  cancel(reason?: string): void {
    this.#isCancelled = true;
    this.#running?.cancel(reason);
  }
}
