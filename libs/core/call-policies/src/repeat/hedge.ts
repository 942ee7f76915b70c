import type { Millis } from '@omni/ports';
import { type CallFacts, isReadOnly } from './call-safety.ts';
import type { LatencyQuantile } from './latency-quantile.ts';

export interface HedgeQuestion extends CallFacts {
  /** Whether the client wants progress: of two calls it would be told twice, in no order. */
  readonly hasProgressToken: boolean;
  /** How long calls to this capability take. */
  readonly latency: LatencyQuantile;
}

export interface HedgeOptions {
  /** The share of calls that a hedge does not follow. Default: 0.95. */
  readonly quantile?: number;
  /** No hedge begins earlier, however fast calls are. Default: 10. */
  readonly minDelayMs?: Millis;
}

/**
 * When to send a second attempt beside the first one that has not answered, e.g. to another replica.
 *
 * @returns Milliseconds from the first; `undefined` for calls that are not hedged: they do more than read,
 *   want progress, or too little is known of how long they take.
 */
export function hedgeDelayMs(question: HedgeQuestion, options: HedgeOptions = {}): Millis | undefined {
  // guard: hedge/progress
  if (question.hasProgressToken) return undefined;
  // guard: hedge/read-only
  if (!isReadOnly(question)) return undefined;
  const { quantile = 0.95, minDelayMs = 10 } = options;
  const usualMs = question.latency.quantileMs(quantile);
  return usualMs === undefined ? undefined : Math.max(minDelayMs, usualMs);
}
