import type { Millis } from './clock.ts';
import type { Random } from './random.ts';

/**
 * What a server wrote that is no answer to anybody, such as the last lines of a process on stderr. For the
 * owner alone: it may repeat what any user sent, and neither callers nor the log get more of it than `id`.
 */
export interface OwnerReport {
  /** Stands in the message of the error and in its `data.report`, or in the line of the log. */
  readonly id: string;
  readonly at: Millis;
  /** What the server did: `exited with code 3`. */
  readonly what: string;
  /** At most 10 lines and 2,048 characters, redacted, oldest first. */
  readonly lines: readonly string[];
}

/** Eight hexadecimal digits: tells a report from the few others that are kept. */
export function newReportId(random: Random): string {
  return Math.floor(random() * 2 ** 32)
    .toString(16)
    .padStart(8, '0');
}
