import { type Logger, type OwnerReport, redactorOf } from '@omni/ports';
import type { UpstreamCredentials } from '../credentials/upstream-credentials.ts';

/** A process that crashes over and over says the same; its instances for users may say something else. */
const MAX_KEPT = 8;

export interface OwnerReportsOptions {
  readonly credentials: Pick<UpstreamCredentials, 'upstream' | 'secretValues'>;
  readonly logger: Logger;
}

/** What one upstream wrote that is no answer to anybody: kept for the owner, logged at debug only. */
export class OwnerReports {
  readonly #options: OwnerReportsOptions;
  readonly #kept: OwnerReport[] = [];

  constructor(options: OwnerReportsOptions) {
    this.#options = options;
  }

  readonly add = (report: OwnerReport): void => {
    this.#kept.unshift(report);
    // guard: reports/kept
    if (this.#kept.length > MAX_KEPT) this.#kept.pop();
    const { logger, credentials } = this.#options;
    if (!logger.debugging) return;
    const { id, what, lines } = report;
    logger.debug({ upstream: credentials.upstream, report: id, lines }, `what a server wrote that ${what}`);
  };

  /** The latest first. */
  list(): readonly OwnerReport[] {
    return [...this.#kept];
  }

  /** What else is told of the upstream in its words, without its secrets. */
  redacted(text: string): string {
    return redactorOf(this.#options.credentials.secretValues)(text);
  }
}
