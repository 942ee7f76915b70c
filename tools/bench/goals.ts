import type { CellRatio, Measurements } from './bench-result.ts';
import type { Estimate } from './statistics.ts';

const GOAL_BYTES = 200;
const GOAL_CONNECTIONS = 32;
/** A reference that used less of its core than this was held back by the load generator or the upstream. */
const SATURATED_SHARE = 0.9;
const MIB = 1_048_576;
const FEW_ROUNDS = 5;

/** One goal and what this run says about it. */
export interface GoalResult {
  readonly id: string;
  readonly goal: string;
  /** `undefined` when this run did not measure it. */
  readonly value: number | undefined;
  readonly unit: string;
  readonly reached: boolean | undefined;
  readonly note: string;
}

/** Judges a run by the goals of the project. A goal that was not measured is neither reached nor missed. */
export function judgeGoals(measured: Measurements): GoalResult[] {
  const half = measured.halfLoad?.subjects.find(({ name }) => name === 'omni');
  const { readyMs, idleRssBytes } = measured.startUp ?? {};
  return [
    ratioGoal(measured, { id: 'nginx-ratio', reference: 'nginx', atLeast: 0.3 }),
    ratioGoal(measured, { id: 'sdk-ratio', reference: 'sdk-gateway', atLeast: 4 }),
    atMost({
      id: 'added-p95',
      goal: 'p95 added over direct at half load ≤ 2 ms',
      limit: 2,
      estimate: half?.addedP95Ms,
      unit: 'ms',
      scale: 1,
      strict: false,
    }),
    atMost({ id: 'ready', goal: 'ready with no upstreams < 500 ms', limit: 500, estimate: readyMs, unit: 'ms', scale: 1, strict: true }),
    atMost({
      id: 'idle-rss',
      goal: 'idle RSS of the process tree < 110 MB',
      limit: 110,
      estimate: idleRssBytes,
      unit: 'MB',
      scale: 1 / MIB,
      strict: true,
    }),
  ];
}

function ratioGoal(measured: Measurements, wanted: { id: string; reference: string; atLeast: number }): GoalResult {
  const cell = measured.throughput
    .find(({ workload }) => workload === 'W1')
    ?.cells.find(({ bytes, connections }) => bytes === GOAL_BYTES && connections === GOAL_CONNECTIONS);
  const ratio = cell?.ratios.find(({ of, to }) => of === 'omni' && to === wanted.reference);
  const share = cell?.subjects.find(({ name }) => name === wanted.reference)?.coreShare ?? 0;
  const judged = ratio === undefined ? undefined : judgedRatio(ratio, share);
  const faults = cell?.subjects.find(({ name }) => name === 'omni')?.faults ?? 0;
  return {
    id: wanted.id,
    goal: `W1 0.2 KB c=32: Omni ÷ ${wanted.reference} ≥ ${wanted.atLeast}, one core each`,
    value: judged?.value,
    unit: 'x',
    reached: judged === undefined ? undefined : judged.value >= wanted.atLeast && faults === 0,
    note: judged === undefined ? 'not measured' : faults === 0 ? judged.note : `${faults} calls of Omni failed; ${judged.note}`,
  };
}

/**
 * The ratio of the rates holds when the reference had its core full. When it had not, its true limit is higher than what was seen,
 * so the ratio of CPU per call counts too, and the worse of the two is the result.
 */
function judgedRatio(ratio: CellRatio, referenceShare: number): { value: number; note: string } {
  const rates = ratio.callsPerSecond.median;
  const perCore = ratio.perCore?.median;
  const share = `${ratio.to} used ${Math.round(referenceShare * 100)} % of its core; ${roundsText(ratio.callsPerSecond)}`;
  if (referenceShare >= SATURATED_SHARE || perCore === undefined) return { value: rates, note: `ratio of rates; ${share}` };
  return {
    value: Math.min(rates, perCore),
    note: `worse of rates (${rates.toFixed(2)}) and CPU per call (${perCore.toFixed(2)}); ${share}`,
  };
}

function atMost(wanted: {
  id: string;
  goal: string;
  limit: number;
  estimate: Estimate | undefined;
  /** What the estimate is multiplied by to get the unit. */
  scale: number;
  unit: string;
  strict: boolean;
}): GoalResult {
  const { id, goal, limit, estimate, scale, unit, strict } = wanted;
  const value = estimate === undefined ? undefined : estimate.median * scale;
  const reached = value === undefined ? undefined : strict ? value < limit : value <= limit;
  return { id, goal, value, unit, reached, note: estimate === undefined ? 'not measured' : roundsText(estimate) };
}

function roundsText({ rounds }: Estimate): string {
  return rounds < FEW_ROUNDS ? `only ${rounds} rounds kept: proves nothing` : `median of ${rounds} rounds`;
}
