import type { CancelTimer, Clock } from '@omni/ports';
import type { Upstreams } from '@omni/upstreams';

const INTERVAL_MS = 30_000;

/** Looks every 30 s whether what could not be started can be by now, without starting anything. */
export class RepairScan {
  readonly #upstreams: Pick<Upstreams, 'all'>;
  readonly #clock: Pick<Clock, 'after'>;
  #cancel: CancelTimer | undefined;

  constructor(upstreams: Pick<Upstreams, 'all'>, clock: Pick<Clock, 'after'>) {
    this.#upstreams = upstreams;
    this.#clock = clock;
  }

  start(): void {
    this.#cancel = this.#clock.after(INTERVAL_MS, () => {
      for (const upstream of this.#upstreams.all()) void upstream.look();
      this.start();
    });
  }

  stop(): void {
    this.#cancel?.();
  }
}
