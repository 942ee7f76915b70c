import { createSeededRandom } from './seeded-random.ts';

const RESAMPLES = 2_000;
const CONFIDENCE_TAIL = 0.025;

/** A median over rounds with its 95 % confidence interval. */
export interface Estimate {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly rounds: number;
}

/** The middle value; the mean of the two middle ones for an even count; `undefined` for no values. */
export function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined || sorted.length % 2 === 1) return upper;
  const lower = sorted[middle - 1] ?? upper;
  return (lower + upper) / 2;
}

/**
 * Median of the values with a percentile bootstrap interval; the same seed gives the same interval.
 * `undefined` for no values.
 */
export function bootstrapMedian(values: readonly number[], seed: number): Estimate | undefined {
  const centre = median(values);
  if (centre === undefined) return undefined;
  const random = createSeededRandom(seed);
  const medians = Array.from({ length: RESAMPLES }, () => {
    const sample = values.map(() => values[Math.floor(random() * values.length)] ?? centre);
    return median(sample) ?? centre;
  }).toSorted((left, right) => left - right);
  return {
    median: centre,
    low: medians[Math.floor(RESAMPLES * CONFIDENCE_TAIL)] ?? centre,
    high: medians[Math.ceil(RESAMPLES * (1 - CONFIDENCE_TAIL)) - 1] ?? centre,
    rounds: values.length,
  };
}

/** One figure of one subject in one round. */
export interface RoundFigure {
  readonly round: number;
  readonly value: number;
}

/**
 * `ours ÷ theirs` for each round that both have, and the median of these ratios. Rounds with a zero divisor
 * are left out.
 */
export function ratioOfRounds(
  ours: readonly RoundFigure[],
  theirs: readonly RoundFigure[],
  seed: number,
): Estimate | undefined {
  return bootstrapMedian(
    pairs(ours, theirs)
      .filter(({ theirValue }) => theirValue !== 0)
      .map(({ ourValue, theirValue }) => ourValue / theirValue),
    seed,
  );
}

/** `ours − theirs` for each round that both have, and the median of these differences. */
export function differenceOfRounds(
  ours: readonly RoundFigure[],
  theirs: readonly RoundFigure[],
  seed: number,
): Estimate | undefined {
  return bootstrapMedian(
    pairs(ours, theirs).map(({ ourValue, theirValue }) => ourValue - theirValue),
    seed,
  );
}

/**
 * Which rounds to keep: those whose calibration lies within `tolerance` (a share, 0.25 = 25 %) of the median
 * of all of them.
 */
export function steadyRounds(calibrations: readonly RoundFigure[], tolerance: number): ReadonlySet<number> {
  const centre = median(calibrations.map(({ value }) => value)) ?? 0;
  return new Set(
    calibrations
      .filter(({ value }) => Math.abs(value - centre) <= centre * tolerance)
      .map(({ round }) => round),
  );
}

function pairs(
  ours: readonly RoundFigure[],
  theirs: readonly RoundFigure[],
): { ourValue: number; theirValue: number }[] {
  const byRound = new Map(theirs.map(({ round, value }) => [round, value]));
  return ours.flatMap(({ round, value }) => {
    const theirValue = byRound.get(round);
    return theirValue === undefined ? [] : [{ ourValue: value, theirValue }];
  });
}
