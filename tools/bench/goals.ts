import type { Cell, CellRatio, GoalResult, Measurements } from './bench-result.ts';
import type { Estimate } from './statistics.ts';

const GOAL_BYTES = 200;
const GOAL_CONNECTIONS = 32;
/** A reference that used less of its core than this was held back by the load generator or the upstream. */
const SATURATED_SHARE = 0.9;
const KIB = 1_024;
const MIB = 1_048_576;
/**
 * What a thousand clients leave behind, per client, when nothing is kept of them: tables that grew, code that
 * was compiled.
 */
const NOTHING_BYTES = 32;
/** What the same parts can do at most, with what they do less. */
const CEILINGS = [
  ['node-forwarder', 'which reads nothing'],
  ['node-responder', 'which calls nobody'],
] as const;
const FEW_ROUNDS = 5;

/** Judges a run by the goals of the project. A goal that was not measured is neither reached nor missed. */
export function judgeGoals(measured: Measurements): GoalResult[] {
  return [
    ratioGoal(measured, { id: 'nginx-ratio', workload: 'W1', reference: 'nginx', atLeast: 0.4 }),
    ratioGoal(measured, { id: 'forwarder-ratio', workload: 'W1', reference: 'node-forwarder', atLeast: 0.6 }),
    ratioGoal(measured, { id: 'sdk-ratio', workload: 'W1', reference: 'sdk-gateway', atLeast: 6 }),
    cpuGoal(measured),
    ratioGoal(measured, { id: 'stdio-mcp-proxy', workload: 'W2', reference: 'mcp-proxy', atLeast: 8 }),
    ratioGoal(measured, { id: 'stdio-supergateway', workload: 'W2', reference: 'supergateway', atLeast: 15 }),
    ratioGoal(measured, { id: 'stdio-mcp-hub', workload: 'W2', reference: 'mcp-hub', atLeast: 1.2 }),
    ...latencyGoals(measured),
    ...memoryGoals(measured),
    ...largeGoals(measured),
    listGoal(measured),
    ...startUpGoals(measured),
    ...manyUpstreamsGoals(measured),
  ];
}

function latencyGoals({ halfLoad }: Measurements): GoalResult[] {
  const half = halfLoad?.subjects.find(({ name }) => name === 'omni');
  const added = (id: string, quantile: string, limit: number, estimate: Estimate | undefined): GoalResult =>
    atMost({
      id,
      goal: `${quantile} added over direct at half load ≤ ${limit} ms`,
      limit,
      estimate,
      unit: 'ms',
      scale: 1,
      strict: false,
    });
  return [
    added('added-p50', 'p50', 0.25, half?.addedP50Ms),
    added('added-p95', 'p95', 1, half?.addedP95Ms),
    added('added-p99', 'p99', 2.5, half?.addedP99Ms),
  ];
}

function memoryGoals({ allocation, sessions }: Measurements): GoalResult[] {
  const bytes = (kind: 'http' | 'stdio'): Estimate | undefined =>
    allocation?.subjects.find((subject) => subject.name === 'omni' && subject.kind === kind)?.bytesPerCall;
  const kib = { unit: 'KB', scale: 1 / KIB, strict: false };
  return [
    atMost({
      id: 'allocation-http',
      goal: 'allocated per call, HTTP to HTTP ≤ 8 KB',
      limit: 8,
      estimate: bytes('http'),
      ...kib,
    }),
    atMost({
      id: 'allocation-stdio',
      goal: 'allocated per call, HTTP to stdio ≤ 8 KB',
      limit: 8,
      estimate: bytes('stdio'),
      ...kib,
    }),
    atMost({
      id: 'allocation-own',
      goal: 'allocated per call above node-forwarder ≤ 8 KB',
      limit: 8,
      estimate: allocation?.ownBytesPerCall,
      ...kib,
    }),
    atMost({
      id: 'legacy-session',
      goal: 'heap per idle legacy session ≤ 2 KB',
      limit: 2,
      estimate: sessions?.bytesPerLegacySession,
      ...kib,
    }),
    atMost({
      id: 'modern-client',
      goal: `heap per idle modern client 0 (less than ${NOTHING_BYTES} B)`,
      limit: NOTHING_BYTES,
      estimate: sessions?.bytesPerModernClient,
      unit: 'B',
      scale: 1,
      strict: true,
    }),
  ];
}

function largeGoals({ large }: Measurements): GoalResult[] {
  const growth = large?.growth.find(({ name }) => name === 'omni')?.bytesPerCall;
  return [
    atMost({
      id: 'large-rss',
      goal: '1 MB results: resident memory per concurrent call ≤ 256 KB',
      limit: 256,
      estimate: growth,
      unit: 'KB',
      scale: 1 / KIB,
      strict: false,
    }),
    cellGoal(large?.cell, { id: 'large-nginx', what: '1 MB results c=32', reference: 'nginx', atLeast: 0.8 }),
  ];
}

function listGoal({ list }: Measurements): GoalResult {
  return cellGoal(list?.cell, {
    id: 'list-ratio',
    what: `tools/list of ${list?.tools ?? 500} tools c=32`,
    reference: 'node-responder',
    atLeast: 0.8,
  });
}

function startUpGoals({ startUp }: Measurements): GoalResult[] {
  const { readyMs, idleRssBytes, stdioMs } = startUp ?? {};
  return [
    atMost({
      id: 'ready',
      goal: 'ready with no upstreams < 400 ms',
      limit: 400,
      estimate: readyMs,
      unit: 'ms',
      scale: 1,
      strict: true,
    }),
    atMost({
      id: 'stdio-ready',
      goal: 'omni stdio answers initialize with no upstreams < 400 ms',
      limit: 400,
      estimate: stdioMs,
      unit: 'ms',
      scale: 1,
      strict: true,
    }),
    atMost({
      id: 'idle-rss',
      goal: 'idle RSS of the process tree < 90 MB',
      limit: 90,
      estimate: idleRssBytes,
      unit: 'MB',
      scale: 1 / MIB,
      strict: true,
    }),
  ];
}

function manyUpstreamsGoals({ manyUpstreams }: Measurements): GoalResult[] {
  const { startRatio, costRatio, keptListMs } = manyUpstreams ?? {};
  return [
    atMost({
      id: 'many-start',
      goal: '60 servers on stdio: all well ≤ 1.5 x a loop that spawns and greets them',
      limit: 1.5,
      estimate: startRatio,
      unit: 'x',
      scale: 1,
      strict: false,
    }),
    atMost({
      id: 'many-cost',
      goal: '60 servers on stdio: CPU per call ≤ 1.1 x that with one',
      limit: 1.1,
      estimate: costRatio,
      unit: 'x',
      scale: 1,
      strict: false,
    }),
    atMost({
      id: 'kept-list',
      goal: 'spawn to the first list after a restart < 200 ms',
      limit: 200,
      estimate: keptListMs,
      unit: 'ms',
      scale: 1,
      strict: true,
    }),
  ];
}

function ratioGoal(
  measured: Measurements,
  { workload, ...wanted }: { id: string; workload: 'W1' | 'W2'; reference: string; atLeast: number },
): GoalResult {
  return cellGoal(goalCell(measured, workload), { ...wanted, what: `${workload} 0.2 KB c=32` });
}

function cpuGoal(measured: Measurements): GoalResult {
  const omni = goalCell(measured, 'W1')?.subjects.find(({ name }) => name === 'omni');
  const median = omni?.cpuUsPerCall ?? 0;
  const estimate =
    omni === undefined
      ? undefined
      : { median, low: median, high: median, rounds: omni.callsPerSecond.rounds };
  return atMost({
    id: 'cpu',
    goal: 'W1 0.2 KB c=32: CPU per call ≤ 75 µs',
    limit: 75,
    estimate,
    unit: 'µs',
    scale: 1,
    strict: false,
  });
}

function goalCell({ throughput }: Measurements, workload: 'W1' | 'W2'): Cell | undefined {
  return throughput
    .find((result) => result.workload === workload)
    ?.cells.find(({ bytes, connections }) => bytes === GOAL_BYTES && connections === GOAL_CONNECTIONS);
}

function cellGoal(
  cell: Cell | undefined,
  wanted: { id: string; what: string; reference: string; atLeast: number },
): GoalResult {
  const ratio = cell?.ratios.find(({ of, to }) => of === 'omni' && to === wanted.reference);
  const share = cell?.subjects.find(({ name }) => name === wanted.reference)?.coreShare ?? 0;
  const judged = ratio === undefined ? undefined : judgedRatio(ratio, share);
  const faults = cell?.subjects.find(({ name }) => name === 'omni')?.faults ?? 0;
  const ceilings = CEILINGS.flatMap(([name, why]) => {
    const best = cell?.ratios.find(({ of, to }) => of === name && to === wanted.reference);
    return best === undefined
      ? []
      : [`${name}, ${why}, has ${judgedRatio(best, share).value.toPrecision(3)} x`];
  });
  return {
    id: wanted.id,
    goal: `${wanted.what}: Omni ÷ ${wanted.reference} ≥ ${wanted.atLeast}, one core each`,
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
function judgedRatio(ratio: CellRatio, referenceShare: number): { value: number; note: string } {
  const rates = ratio.callsPerSecond.median;
  const perCore = ratio.perCore?.median;
  const share = `${ratio.to} used ${Math.round(referenceShare * 100)} % of its core; ${roundsText(ratio.callsPerSecond)}`;
  if (referenceShare >= SATURATED_SHARE || perCore === undefined)
    return { value: rates, note: `ratio of rates; ${share}` };
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
  return {
    id,
    goal,
    value,
    unit,
    reached,
    note: estimate === undefined ? 'not measured' : roundsText(estimate),
  };
}

function roundsText({ rounds }: Estimate): string {
  return rounds < FEW_ROUNDS ? `only ${rounds} rounds kept: proves nothing` : `median of ${rounds} rounds`;
}
