import type { Cell, CellRatio, GoalResult } from './bench-result.ts';
import type { Estimate } from './statistics.ts';

/** A reference that used less of its core than this was held back by the load generator or the upstream. */
const SATURATED_SHARE = 0.9;
/** What the same parts can do at most, with what they do less. */
const CEILINGS = [
  ['node-forwarder', 'which reads nothing'],
  ['node-responder', 'which calls nobody'],
] as const;
const FEW_ROUNDS = 5;

/** A ratio of Omni to a reference, one core each. */
export function cellGoal(
  cell: Cell | undefined,
  {
    of: candidate = 'omni',
    ...wanted
  }: { id: string; what: string; of?: string; reference: string; atLeast: number; byRate?: boolean },
): GoalResult {
  const ratio = cell?.ratios.find(({ of, to }) => of === candidate && to === wanted.reference);
  const share = cell?.subjects.find(({ name }) => name === wanted.reference)?.coreShare ?? 0;
  // A client with one call at a time leaves every core idle for a while.
  const fullAt = wanted.byRate === true ? 0 : SATURATED_SHARE;
  const judged = ratio === undefined ? undefined : judgedRatio(ratio, share, fullAt);
  const faults = cell?.subjects.find(({ name }) => name === candidate)?.faults ?? 0;
  const ceilings = CEILINGS.flatMap(([name, why]) => {
    const best = cell?.ratios.find(({ of, to }) => of === name && to === wanted.reference);
    return best === undefined
      ? []
      : [`${name}, ${why}, has ${judgedRatio(best, share, fullAt).value.toPrecision(3)} x`];
  });
  return {
    id: wanted.id,
    goal: `${wanted.what}: ${candidate === 'omni' ? 'Omni' : candidate} ÷ ${wanted.reference} ≥ ${wanted.atLeast}, one core each`,
    value: judged?.value,
    unit: 'x',
    reached: judged === undefined ? undefined : judged.value >= wanted.atLeast && faults === 0,
    note:
      judged === undefined
        ? 'not measured'
        : [...(faults === 0 ? [] : [`${faults} calls of Omni failed`]), judged.note, ...ceilings].join('; '),
  };
}

/**
 * The ratio of the rates holds when the reference had its core full. When it had not, its true limit is
 * higher than what was seen, so the ratio of CPU per call counts too, and the worse of the two is the result.
 */
function judgedRatio(
  ratio: CellRatio,
  referenceShare: number,
  fullAt: number,
): { value: number; note: string } {
  const rates = ratio.callsPerSecond.median;
  const perCore = ratio.perCore?.median;
  const share = `${ratio.to} used ${Math.round(referenceShare * 100)} % of its core; ${roundsText(ratio.callsPerSecond)}`;
  if (referenceShare >= fullAt || perCore === undefined)
    return { value: rates, note: `ratio of rates; ${share}` };
  return {
    value: Math.min(rates, perCore),
    note: `worse of rates (${rates.toFixed(2)}) and CPU per call (${perCore.toFixed(2)}); ${share}`,
  };
}

/** CPU per call of Omni ÷ that of a reference. */
export function cpuRatioGoal(
  cell: Cell | undefined,
  {
    id,
    what,
    of: candidate,
    reference,
    limit,
  }: { id: string; what: string; of: string; reference: string; limit: number },
): GoalResult {
  const perCore = cell?.ratios.find(({ of, to }) => of === candidate && to === reference)?.perCore;
  return atMost({
    id,
    goal: `${what}: CPU per call ≤ ${limit} x that of ${reference}`,
    limit,
    // The ratio of rounds says what the reference needs of what Omni needs.
    estimate: perCore && {
      median: 1 / perCore.median,
      low: 1 / perCore.high,
      high: 1 / perCore.low,
      rounds: perCore.rounds,
    },
    unit: 'x',
    scale: 1,
    strict: false,
  });
}

/** A median whose interval is not kept. */
export function medianOf(median: number, rounds: number): Estimate {
  return { median, low: median, high: median, rounds };
}

interface LimitGoal {
  readonly id: string;
  readonly goal: string;
  readonly limit: number;
  readonly estimate: Estimate | undefined;
  /** Calls that failed where none may. Default: 0. */
  readonly faults?: number;
}

/** A share with a lower limit. */
export function atLeast({ limit, ...wanted }: LimitGoal): GoalResult {
  return limited({ ...wanted, unit: 'x', scale: 1 }, (value) => value >= limit);
}

/** A figure with an upper limit. */
export function atMost({
  limit,
  strict,
  ...wanted
}: LimitGoal & {
  /** What the estimate is multiplied by to get the unit. */
  readonly scale: number;
  readonly unit: string;
  readonly strict: boolean;
}): GoalResult {
  return limited(wanted, (value) => (strict ? value < limit : value <= limit));
}

function limited(
  {
    id,
    goal,
    estimate,
    scale,
    unit,
    faults = 0,
  }: Omit<LimitGoal, 'limit'> & { readonly scale: number; readonly unit: string },
  isWithin: (value: number) => boolean,
): GoalResult {
  const value = estimate === undefined ? undefined : estimate.median * scale;
  const reached = value === undefined ? undefined : isWithin(value) && faults === 0;
  return {
    id,
    goal,
    value,
    unit,
    reached,
    note:
      estimate === undefined
        ? 'not measured'
        : [...(faults === 0 ? [] : [`${faults} calls failed`]), roundsText(estimate)].join('; '),
  };
}

function roundsText({ rounds }: Estimate): string {
  return rounds < FEW_ROUNDS ? `only ${rounds} rounds kept: proves nothing` : `median of ${rounds} rounds`;
}
