import type { Cell, GoalResult, Measurements } from './bench-result.ts';
import { atMost, cellGoal, cpuRatioGoal, medianOf } from './goal-parts.ts';
import { isolationGoals, overloadGoals, policyGoals, stdioGoals } from './resilience-goals.ts';
import type { Estimate } from './statistics.ts';

const GOAL_BYTES = 200;
const GOAL_CONNECTIONS = 32;
const KIB = 1_024;
const MIB = 1_048_576;
/**
 * What a thousand clients leave behind, per client, when nothing is kept of them: tables that grew, code that
 * was compiled.
 */
const NOTHING_BYTES = 32;

/** Judges a run by the goals of the project. A goal that was not measured is neither reached nor missed. */
export function judgeGoals(measured: Measurements): GoalResult[] {
  return [
    ...forwarderGoals(goalCell(measured, 'W1')),
    ratioGoal(measured, { id: 'sdk-ratio', workload: 'W1', reference: 'sdk-gateway', atLeast: 6 }),
    cpuGoal(measured),
    ratioGoal(measured, { id: 'stdio-mcp-proxy', workload: 'W2', reference: 'mcp-proxy', atLeast: 8 }),
    ratioGoal(measured, { id: 'stdio-supergateway', workload: 'W2', reference: 'supergateway', atLeast: 15 }),
    ratioGoal(measured, { id: 'stdio-mcp-hub', workload: 'W2', reference: 'mcp-hub', atLeast: 1.2 }),
    ...latencyGoals(measured),
    ...memoryGoals(measured),
    ...largeGoals(measured),
    ...listGoals(measured),
    ...startUpGoals(measured),
    ...manyUpstreamsGoals(measured),
    ...stdioGoals(measured),
    ...isolationGoals(measured),
    ...policyGoals(measured),
    ...overloadGoals(measured),
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

function listGoals({ list }: Measurements): GoalResult[] {
  const what = `tools/list of ${list?.tools ?? 500} tools`;
  const crowded = list?.crowdedCell?.subjects.find(({ name }) => name === 'omni');
  return [
    cellGoal(list?.cell, {
      id: 'list-ratio',
      what: `${what} c=32`,
      reference: 'node-responder',
      atLeast: 0.8,
    }),
    atMost({
      id: 'list-crowd',
      goal: `${what} c=100: p95 < 100 ms`,
      limit: 100,
      estimate: crowded && medianOf(crowded.p95Us, crowded.callsPerSecond.rounds),
      unit: 'ms',
      scale: 1 / 1_000,
      strict: true,
    }),
  ];
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
  const { startRatio, costRatio, keptListMs, probeRoundMs, p95Ms } = manyUpstreams ?? {};
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
    atMost({
      id: 'many-probes',
      goal: '60 servers on stdio: a round of probes < 30 s',
      limit: 30,
      estimate: probeRoundMs,
      unit: 's',
      scale: 1 / 1_000,
      strict: true,
    }),
    atMost({
      id: 'many-p95',
      goal: '60 servers on stdio: p95 of calls at half load < 5 ms',
      limit: 5,
      estimate: p95Ms,
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

/** Omni with all policies off beside what no gateway on Node can undercut. */
function forwarderGoals(cell: Cell | undefined): GoalResult[] {
  const what = 'W1 0.2 KB c=32, bare path';
  const reference = 'node-forwarder';
  return [
    cellGoal(cell, { id: 'forwarder-ratio', what, of: 'omni-bare', reference, atLeast: 0.75 }),
    cpuRatioGoal(cell, { id: 'forwarder-cpu', what, of: 'omni-bare', reference, limit: 1.25 }),
  ];
}

function cpuGoal(measured: Measurements): GoalResult {
  const omni = goalCell(measured, 'W1')?.subjects.find(({ name }) => name === 'omni');
  const estimate = omni && medianOf(omni.cpuUsPerCall, omni.callsPerSecond.rounds);
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
