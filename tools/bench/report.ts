import type {
  AllocationResult,
  BenchResult,
  ClientBatches,
  GoalResult,
  HalfLoadResult,
  LargeResult,
  ListResult,
  SessionsResult,
  ManyUpstreamsResult,
  StartUpResult,
  ThroughputName,
  ThroughputResult,
} from './bench-result.ts';
import { nginxRangeText } from './nginx-range.ts';
import { cellText, estimate, inKib, mebibytes, shown, skippedText, table } from './report-parts.ts';
import { resilienceTexts } from './resilience-report.ts';
import type { Estimate } from './statistics.ts';

const TITLES: Readonly<Record<ThroughputName, string>> = {
  W1: 'W1: tools/call, HTTP to HTTP',
  W2: 'W2: tools/call, HTTP to stdio',
  policies: 'Policies: tools/call, HTTP to HTTP',
};

/** The whole result as Markdown. */
export function reportText(result: BenchResult): string {
  const { manifest } = result;
  const parts = [
    `# Benchmark of ${manifest.startedAt.slice(0, 10)}, commit ${manifest.commit}${manifest.isDirty ? ' with changes' : ''}`,
    [
      `Node ${manifest.node}, kernel ${manifest.kernel}, ${manifest.cpuCount} x ${manifest.cpu}; load and upstream on core ${manifest.cores.load ?? 'any'}, subject on core ${manifest.cores.subject ?? 'any'}.`,
      `${manifest.options.rounds} rounds of ${manifest.options.seconds} s, seed ${manifest.seed}, ${manifest.seconds} s in all, load average at start ${manifest.loadAverageAtStart.toFixed(2)}.`,
      'Medians over the rounds kept; in brackets the 95 % bootstrap interval. How to read this: tools/bench/README.md.',
    ].join('\n'),
    goalsText(result.goals),
    ...(result.nginxRange === undefined ? [] : [nginxRangeText(result.nginxRange)]),
    ...result.throughput.map(throughputText),
    ...(result.halfLoad === undefined ? [] : [halfLoadText(result.halfLoad)]),
    ...(result.large === undefined ? [] : [largeText(result.large)]),
    ...(result.allocation === undefined ? [] : [allocationText(result.allocation)]),
    ...(result.list === undefined ? [] : [listText(result.list)]),
    ...(result.sessions === undefined ? [] : [sessionsText(result.sessions)]),
    ...(result.startUp === undefined ? [] : [startUpText(result.startUp)]),
    ...(result.manyUpstreams === undefined ? [] : [manyUpstreamsText(result.manyUpstreams)]),
    ...resilienceTexts(result, { throughputText, halfLoadText }),
    versionsText(manifest.versions),
  ];
  return `${parts.join('\n\n')}\n`;
}

function goalsText(goals: readonly GoalResult[]): string {
  const rows = goals.flatMap(({ goal, value, unit, reached, note }) =>
    value === undefined
      ? []
      : [[goal, `${value.toPrecision(3)} ${unit}`, reached === true ? 'yes' : 'no', note]],
  );
  const others = goals.filter(({ value }) => value === undefined).map(({ id }) => id);
  return [
    '## Goals',
    ...(rows.length === 0 ? [] : [table(['goal', 'value', 'reached', 'note'], rows)]),
    ...(others.length === 0 ? [] : [`Not measured: ${others.join(', ')}.`]),
  ].join('\n\n');
}

function throughputText(result: ThroughputResult): string {
  const title = TITLES[result.workload];
  const facts = result.subjects.map(({ name, description, dialect, memory, deviations }) => [
    name,
    description,
    dialect,
    [memory.idleRssBytes, memory.peakRssBytes, memory.afterRssBytes].map(mebibytes).join(' / '),
    deviations.join(', ') || 'none',
  ]);
  return [
    `## ${title}`,
    ...result.cells.map(cellText),
    `### ${result.workload}: subjects`,
    table(['subject', 'what', 'called as', 'RSS idle / peak / after, MB', 'answers differ at'], facts),
    ...skippedText(result.skipped),
  ].join('\n\n');
}

function halfLoadText(result: HalfLoadResult): string {
  const rows = result.subjects.map((subject) => [
    subject.name,
    subject.capacityPerSecond.toFixed(0),
    subject.ratePerSecond.toFixed(0),
    ...[subject.addedP50Ms, subject.addedP95Ms, subject.addedP99Ms].map((added) =>
      added === undefined ? 'n/a' : estimate(added, 2),
    ),
    `${subject.roundsKept} of ${subject.rounds}`,
  ]);
  return [
    '## W-half: latency added over direct at half of the own capacity (0.2 KB, open loop)',
    table(
      ['subject', 'capacity/s', 'rate/s', 'added p50 ms', 'added p95 ms', 'added p99 ms', 'rounds kept'],
      rows,
    ),
    ...skippedText(result.skipped),
  ].join('\n\n');
}

function largeText({ cell, growth, skipped }: LargeResult): string {
  const rows = growth.map(({ name, bytesPerCall }) => [
    name,
    bytesPerCall === undefined ? 'n/a' : estimate(inKib(bytesPerCall), 0),
  ]);
  return [
    '## W-large: results of 1 MB, HTTP to HTTP',
    ...(cell === undefined ? [] : [cellText(cell)]),
    table(['subject', 'peak RSS per further concurrent call, KB'], rows),
    ...skippedText(skipped),
  ].join('\n\n');
}

function allocationText({ subjects, ownBytesPerCall, skipped }: AllocationResult): string {
  const rows = subjects.map(({ name, kind, bytesPerCall, gcShare, samples }) => [
    name,
    kind,
    bytesPerCall === undefined ? 'n/a' : estimate(inKib(bytesPerCall), 2),
    gcShare === undefined ? 'n/a' : `${(gcShare.median * 100).toFixed(1)} %`,
    String(samples.reduce((sum, { collections }) => sum + collections, 0)),
  ]);
  return [
    '## W-alloc: bytes allocated on the JavaScript heap per call (0.2 KB, c = 32)',
    table(['subject', 'upstream', 'KB per call', 'time in the collector', 'collections'], rows),
    ...(ownBytesPerCall === undefined
      ? []
      : [`Omni above node-forwarder, HTTP: ${estimate(inKib(ownBytesPerCall), 2)} KB per call`]),
    ...skippedText(skipped),
  ].join('\n\n');
}

function listText({ tools, cell, crowdedCell, skipped }: ListResult): string {
  return [
    `## W4: tools/list of ${tools} tools`,
    ...[cell, crowdedCell].flatMap((each) => (each === undefined ? [] : [cellText(each)])),
    ...skippedText(skipped),
  ].join('\n\n');
}

function sessionsText({
  bytesPerLegacySession,
  bytesPerModernClient,
  legacyBatches,
  modernBatches,
  skipped,
}: SessionsResult): string {
  const row = (
    client: string,
    bytes: Estimate | undefined,
    { clients, bytesPerClient }: ClientBatches,
  ): string[] => [
    client,
    bytes === undefined ? 'n/a' : estimate(bytes, 0),
    `${bytesPerClient.length} of ${clients}, the first not counted`,
  ];
  const rows = [
    row('legacy session, open', bytesPerLegacySession, legacyBatches),
    row('modern client, gone', bytesPerModernClient, modernBatches),
  ];
  return [
    '## W-sessions: what Omni keeps of idle clients',
    table(['client', 'bytes each', 'batches'], rows),
    ...skippedText(skipped),
  ].join('\n\n');
}

function startUpText(result: StartUpResult): string {
  const { readyMs, idleRssBytes, stdioMs } = result;
  const rows = [
    ['spawn to ready, ms', readyMs === undefined ? 'n/a' : estimate(readyMs, 0)],
    [
      'spawn of omni stdio to its answer to initialize, ms',
      stdioMs === undefined ? 'n/a' : estimate(stdioMs, 0),
    ],
    ['idle RSS after 3 s, MB', idleRssBytes === undefined ? 'n/a' : mebibytes(idleRssBytes.median)],
  ];
  return [
    '## W10: start of Omni with no upstreams',
    table(['figure', 'value'], rows),
    ...skippedText(result.skipped),
  ].join('\n\n');
}

function manyUpstreamsText(result: ManyUpstreamsResult): string {
  const { probeRoundMs, p95Ms, addedP95Ms } = result;
  const { upstreams, startRatio, costRatio, rssBytes, keptListMs, skipped } = result;
  const rows = [
    ['all well ÷ a loop that spawns and greets them', shown(startRatio, 2)],
    ['CPU per call ÷ with one server', shown(costRatio, 2)],
    ['RSS of Omni, MB', rssBytes === undefined ? 'n/a' : mebibytes(rssBytes.median)],
    ['spawn to the first list after a restart, ms', shown(keptListMs, 0)],
    ['a round of probes of all, ms', shown(probeRoundMs, 0)],
    ['p95 of calls at half load, ms', shown(p95Ms, 2)],
    ['the same less that with one server, ms', shown(addedP95Ms, 2)],
  ];
  return [`## ${upstreams} servers on stdio`, table(['figure', 'value'], rows), ...skippedText(skipped)].join(
    '\n\n',
  );
}

function versionsText(versions: Readonly<Record<string, string>>): string {
  return `## Versions\n\n${table(['subject', 'version'], Object.entries(versions))}`;
}
