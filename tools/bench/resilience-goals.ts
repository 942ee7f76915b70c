import type { Cell, GoalResult, Measurements, Overload } from './bench-result.ts';
import { atLeast, atMost, cellGoal, cpuRatioGoal } from './goal-parts.ts';
import type { Estimate } from './statistics.ts';

const MS = { unit: 'ms', scale: 1 };
const TIMES = { unit: 'x', scale: 1, strict: false };

/** `omni stdio` beside the Go proxies that npm ships. */
export function stdioGoals({ stdio }: Measurements): GoalResult[] {
  const cellOf = (inFlight: number): Cell | undefined =>
    stdio?.cells.find(({ connections }) => connections === inFlight);
  const what = (inFlight: number): string => `stdio to stdio 0.2 KB, ${inFlight} in flight`;
  return [
    cellGoal(cellOf(32), {
      id: 'stdio-tooner',
      what: what(32),
      reference: 'tooner',
      atLeast: 1.4,
      byRate: true,
    }),
    cellGoal(cellOf(1), {
      id: 'stdio-tooner-one',
      what: what(1),
      reference: 'tooner',
      atLeast: 0.9,
      byRate: true,
    }),
    ...['tooner', 'slop-mcp'].map((reference) =>
      cpuRatioGoal(cellOf(32), {
        id: `stdio-cpu-${reference}`,
        what: what(32),
        of: 'omni',
        reference,
        limit: 1,
      }),
    ),
  ];
}

/** What bad servers may cost the others. */
export function isolationGoals({ isolation, kill }: Measurements): GoalResult[] {
  const worst = (pick: 'callP99Ratio' | 'listP99Ratio'): Estimate | undefined =>
    isolation?.manners
      .flatMap((manner) => manner[pick] ?? [])
      .toSorted((left, right) => right.median - left.median)[0];
  const faults = isolation?.manners.reduce((sum, manner) => sum + manner.faults, 0) ?? 0;
  const some = `${isolation?.bad ?? 3} of ${isolation?.upstreams ?? 10} servers hang, are dead, are slow, flood`;
  const ratio = { limit: 2, faults, ...TIMES };
  return [
    atMost({
      id: 'isolation-calls',
      goal: `${some}: call p99 of the others ≤ 2 x (worst manner)`,
      estimate: worst('callP99Ratio'),
      ...ratio,
    }),
    atMost({
      id: 'isolation-lists',
      goal: `${some}: list p99 ≤ 2 x (worst manner)`,
      estimate: worst('listP99Ratio'),
      ...ratio,
    }),
    atMost({
      id: 'kill',
      goal: 'a child is killed: safe calls go on within 2 s, none fails',
      limit: 2,
      estimate: kill?.longestMs,
      unit: 's',
      scale: 1 / 1_000,
      strict: true,
      faults: kill?.faults ?? 0,
    }),
  ];
}

/** What policies may cost. */
export function policyGoals({ policies }: Measurements): GoalResult[] {
  const cell = policies?.throughput.cells[0];
  const half = policies?.halfLoad.subjects.find(({ name }) => name === 'omni-policies');
  return [
    cpuRatioGoal(cell, {
      id: 'policies-on',
      what: 'all policies on',
      of: 'omni-policies',
      reference: 'omni-bare',
      limit: 1.15,
    }),
    cpuRatioGoal(cell, {
      id: 'policies-off',
      what: 'all policies off',
      of: 'omni-bare',
      reference: 'omni-before',
      limit: 1,
    }),
    atMost({
      id: 'policies-p95',
      goal: 'all policies on: p95 added over direct at half load < 1 ms',
      limit: 1,
      estimate: half?.addedP95Ms,
      ...MS,
      strict: true,
    }),
  ];
}

/** What too many calls may do. */
export function overloadGoals({ overload, greedy }: Measurements): GoalResult[] {
  const ofKind = (kind: Overload['kind'], what: string, reference: string): GoalResult[] => {
    const found = overload?.kinds.find((each) => each.kind === kind);
    const faults = found?.samples.reduce((sum, sample) => sum + sample.faults, 0) ?? 0;
    return [
      atLeast({
        id: `${kind}-goodput`,
        goal: `${what}: goodput ≥ 0.9 of the peak`,
        limit: 0.9,
        estimate: found?.goodput,
        faults,
      }),
      atMost({
        id: `${kind}-p99`,
        goal: `${what}: p99 of admitted calls ≤ 3 x ${reference}`,
        limit: 3,
        estimate: found?.p99Ratio,
        ...TIMES,
      }),
      atMost({
        id: `${kind}-health`,
        goal: `${what}: slowest answer of health ≤ 100 ms`,
        limit: 100,
        estimate: found?.healthMaxMs,
        ...MS,
        strict: false,
      }),
      atMost({
        id: `${kind}-memory`,
        goal: `${what}: memory of the second half ≤ 1.1 x that of the first`,
        limit: 1.1,
        estimate: found?.memoryGrowth,
        ...TIMES,
      }),
      atMost({
        id: `${kind}-recovery`,
        goal: `${what}: calls as fast as before < 2 s after the load`,
        limit: 2,
        estimate: found?.recoveryMs,
        unit: 's',
        scale: 1 / 1_000,
        strict: true,
      }),
    ];
  };
  const cpu = overload?.kinds.find(({ kind }) => kind === 'cpu');
  return [
    ...ofKind('upstream', 'a server that takes R is offered 4 R', 'that at the peak'),
    ...ofKind('cpu', '512 connections saturate the core', 'connections ÷ peak rate'),
    atMost({
      id: 'cpu-second',
      goal: '512 connections saturate the core: p99 < 1 s',
      limit: 1,
      estimate: cpu?.p99Ms,
      unit: 's',
      scale: 1 / 1_000,
      strict: true,
    }),
    atMost({
      id: 'greedy',
      goal: 'one of 1,000 users is greedy: p99 of the others ≤ 2 x alone',
      limit: 2,
      estimate: greedy?.p99Ratio,
      ...TIMES,
      faults: greedy?.samples.reduce((sum, { faults, refused }) => sum + faults + refused, 0) ?? 0,
    }),
  ];
}
