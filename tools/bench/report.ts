import type {
  AllocationResult,
  BenchResult,
  Cell,
  CellSubject,
  ClientBatches,
  GoalResult,
  HalfLoadResult,
  LargeResult,
  ListResult,
  SessionsResult,
  ManyUpstreamsResult,
  StartUpResult,
  ThroughputResult,
} from './bench-result.ts';
import type { Estimate } from './statistics.ts';

const KIB = 1_024;
const MIB = 1_048_576;
const RATIO_COLUMNS = ['nginx', 'node-forwarder', 'node-responder', 'sdk-gateway'];
const FEW_ROUNDS = 5;

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
    ...result.throughput.map(throughputText),
    ...(result.halfLoad === undefined ? [] : [halfLoadText(result.halfLoad)]),
    ...(result.large === undefined ? [] : [largeText(result.large)]),
    ...(result.allocation === undefined ? [] : [allocationText(result.allocation)]),
    ...(result.list === undefined ? [] : [listText(result.list)]),
    ...(result.sessions === undefined ? [] : [sessionsText(result.sessions)]),
    ...(result.startUp === undefined ? [] : [startUpText(result.startUp)]),
    ...(result.manyUpstreams === undefined ? [] : [manyUpstreamsText(result.manyUpstreams)]),
    versionsText(manifest.versions),
  ];
  return `${parts.join('\n\n')}\n`;
}

function goalsText(goals: readonly GoalResult[]): string {
  const rows = goals.map(({ goal, value, unit, reached, note }) => [
    goal,
    value === undefined ? '-' : `${value.toPrecision(3)} ${unit}`,
    reached === undefined ? 'not measured' : reached ? 'yes' : 'no',
    note,
  ]);
  return `## Goals\n\n${table(['goal', 'value', 'reached', 'note'], rows)}`;
}

function throughputText(result: ThroughputResult): string {
  const title = result.workload === 'W1' ? 'W1: tools/call, HTTP to HTTP' : 'W2: tools/call, HTTP to stdio';
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

function cellText(cell: Cell): string {
  const few = cell.roundsKept < FEW_ROUNDS ? ' - too few to conclude anything' : '';
  const columns = RATIO_COLUMNS.filter((name) => cell.subjects.some((subject) => subject.name === name));
  const rows = cell.subjects.map((subject) => [
    ...subjectColumns(subject),
    ...columns.map((to) => ratioColumn(cell, subject.name, to)),
  ]);
  const versus = cell.ratios
    .filter(({ of, to }) => of === 'omni' && !columns.includes(to))
    .map(({ to, callsPerSecond, perCore }) => {
      const ofCore = perCore === undefined ? '' : ` by rate, ${estimate(perCore, 2)} by CPU per call`;
      return `÷ ${to} ${estimate(callsPerSecond, 2)}${ofCore}`;
    });
  return [
    `### ${kilobytes(cell.bytes)} KB, c = ${cell.connections} (${cell.roundsKept} of ${cell.rounds} rounds kept${few})`,
    table(
      [
        'subject',
        'calls/s',
        'p50 ms',
        'p95 ms',
        'p99 ms',
        'CPU µs/call',
        'core used',
        'faults',
        ...columns.map((name) => `÷ ${name}`),
      ],
      rows,
    ),
    ...(versus.length === 0 ? [] : [`Omni ${versus.join(', ')}`]),
  ].join('\n\n');
}

function subjectColumns(subject: CellSubject): string[] {
  return [
    subject.name,
    estimate(subject.callsPerSecond, 0),
    ...[subject.p50Us, subject.p95Us, subject.p99Us].map((microseconds) => (microseconds / 1_000).toFixed(2)),
    subject.cpuUsPerCall.toFixed(0),
    `${(subject.coreShare * 100).toFixed(0)} %`,
    String(subject.faults),
  ];
}

function ratioColumn(cell: Cell, of: string, to: string): string {
  const ratio = cell.ratios.find((candidate) => candidate.of === of && candidate.to === to);
  return ratio === undefined ? '' : estimate(ratio.callsPerSecond, 2);
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

function listText({ tools, cell, skipped }: ListResult): string {
  return [
    `## W4: tools/list of ${tools} tools`,
    ...(cell === undefined ? [] : [cellText(cell)]),
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
  const shown = (value: Estimate | undefined, digits: number): string =>
    value === undefined ? 'n/a' : estimate(value, digits);
  const { upstreams, startRatio, costRatio, rssBytes, keptListMs, skipped } = result;
  const rows = [
    ['all well ÷ a loop that spawns and greets them', shown(startRatio, 2)],
    ['CPU per call ÷ with one server', shown(costRatio, 2)],
    ['RSS of Omni, MB', rssBytes === undefined ? 'n/a' : mebibytes(rssBytes.median)],
    ['spawn to the first list after a restart, ms', shown(keptListMs, 0)],
  ];
  return [`## ${upstreams} servers on stdio`, table(['figure', 'value'], rows), ...skippedText(skipped)].join(
    '\n\n',
  );
}

function versionsText(versions: Readonly<Record<string, string>>): string {
  return `## Versions\n\n${table(['subject', 'version'], Object.entries(versions))}`;
}

function skippedText(skipped: readonly { readonly name: string; readonly reason: string }[]): string[] {
  return skipped.map(({ name, reason }) => `Not measured: ${name}. ${reason.replaceAll(/\s+/g, ' ')}`);
}

function estimate({ median, low, high }: Estimate, digits: number): string {
  return `${median.toFixed(digits)} [${low.toFixed(digits)}, ${high.toFixed(digits)}]`;
}

function inKib({ median, low, high, rounds }: Estimate): Estimate {
  return { median: median / KIB, low: low / KIB, high: high / KIB, rounds };
}

function kilobytes(bytes: number): string {
  return String(bytes / 1_000);
}

function mebibytes(bytes: number): string {
  return (bytes / MIB).toFixed(0);
}

/** A Markdown table whose columns line up in a terminal as well. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const safe = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '/')));
  const widths = head.map((_, column) => Math.max(3, ...safe.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [first = [], ...rest] = safe;
  return [line(first), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rest.map(line)].join(
    '\n',
  );
}
