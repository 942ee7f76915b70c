import { ConsecutiveBreaker, CountBreaker, type IBreaker } from 'cockatiel';

/** When a breaker opens. */
export type TripRule =
  /** So many failures without a success between them: 1 or more. */
  | { readonly kind: 'consecutive'; readonly failures: number }
  /** More than a share (0 < share < 1) of the last `calls`, once there have been `minCalls`. */
  | { readonly kind: 'share'; readonly share: number; readonly calls: number; readonly minCalls: number };

/** Five failures in a row. */
export const DEFAULT_TRIP_RULE: TripRule = { kind: 'consecutive', failures: 5 };

/** @returns What counts by this rule. */
export function countingBy(rule: TripRule): IBreaker {
  if (rule.kind === 'consecutive') return new ConsecutiveBreaker(rule.failures);
  const { share: threshold, calls: size, minCalls: minimumNumberOfCalls } = rule;
  return new CountBreaker({ threshold, size, minimumNumberOfCalls });
}
