import type { Logger, OwnerReport } from '@omni/ports';

/** A process that crashes over and over says the same; its instances for users may say something else. */
const MAX_KEPT = 8;

/** What one upstream wrote that is no answer to anybody: kept for the owner, logged at debug only. */
export class OwnerReports {
  readonly #upstream: string;
  readonly #logger: Logger;
  readonly #kept: OwnerReport[] = [];

  constructor(upstream: string, logger: Logger) {
    this.#upstream = upstream;
    this.#logger = logger;
  }

  readonly add = (report: OwnerReport): void => {
    this.#kept.unshift(report);
    // guard: owner-reports/kept
    if (this.#kept.length > MAX_KEPT) this.#kept.pop();
    if (!this.#logger.debugging) return;
    const { id, what, lines } = report;
    this.#logger.debug({ upstream: this.#upstream, report: id, lines }, `what a server wrote that ${what}`);
  };

  /** The latest first. */
  list(): readonly OwnerReport[] {
    return [...this.#kept];
  }
}
