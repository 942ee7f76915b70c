import type { Millis, StatusLevel } from '@omni/ports';
import type { ComponentHealth, HealthRollup } from './health-rollup.ts';

export type HealthVerdict = 'pass' | 'warn' | 'fail';

/** One entry of {@link HealthDocument.checks}. */
export interface HealthCheck {
  readonly status: HealthVerdict;
  /** The level as the component said it; `unknown` fails. */
  readonly observedValue: StatusLevel;
  readonly critical: boolean;
  /** When the level was entered, ISO 8601. */
  readonly time?: string;
}

/** Body of media type `application/health+json` (draft-inadarei-api-health-check-06, section 3). */
export interface HealthDocument {
  readonly status: HealthVerdict;
  /** Why, when it is not a component's fault. */
  readonly output?: string;
  /** By component name; absent when there are none. */
  readonly checks?: Readonly<Record<string, readonly HealthCheck[]>>;
}

const VERDICTS: Readonly<Record<StatusLevel, HealthVerdict>> = {
  ok: 'pass',
  warn: 'warn',
  error: 'fail',
  unknown: 'fail',
};
/** Dates of ECMAScript end here, in milliseconds to both sides of the epoch. */
const MAX_TIME = 8.64e15;

/**
 * Verdict, names and levels. Who is shown which of them, and details, is for those to decide who make a page
 * of it.
 */
export function healthDocument(rollup: HealthRollup): HealthDocument {
  return {
    status: VERDICTS[rollup.level],
    ...(rollup.reason !== undefined && { output: rollup.reason }),
    ...(rollup.components.length > 0 && {
      checks: Object.fromEntries(
        rollup.components.map((component) => [component.name, [checkOf(component)]]),
      ),
    }),
  };
}

function checkOf({ level, critical, since }: ComponentHealth): HealthCheck {
  const check = { status: VERDICTS[level], observedValue: level, critical };
  const time = isoTime(since);
  return time === null ? check : { ...check, time };
}

/** ISO 8601; `null` for what is no time. */
export function isoTime(time: Millis): string | null {
  return Math.abs(time) <= MAX_TIME ? new Date(time).toISOString() : null;
}
