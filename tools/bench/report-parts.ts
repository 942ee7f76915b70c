import type { Cell, CellSubject } from './bench-result.ts';
import type { Estimate } from './statistics.ts';

export const KIB = 1_024;
export const MIB = 1_048_576;
const RATIO_COLUMNS = ['nginx', 'node-forwarder', 'node-responder', 'sdk-gateway', 'omni-bare'];
export const FEW_ROUNDS = 5;

/** One cell as a table of its subjects. */
export function cellText(cell: Cell): string {
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

/** A line for each subject that was not measured. */
export function skippedText(
  skipped: readonly { readonly name: string; readonly reason: string }[],
): string[] {
  return skipped.map(({ name, reason }) => `Not measured: ${name}. ${reason.replaceAll(/\s+/g, ' ')}`);
}

/** A median with its interval. */
export function estimate({ median, low, high }: Estimate, digits: number): string {
  return `${median.toFixed(digits)} [${low.toFixed(digits)}, ${high.toFixed(digits)}]`;
}

/** The same where there may be none. */
export function shown(value: Estimate | undefined, digits: number): string {
  return value === undefined ? 'n/a' : estimate(value, digits);
}

/** Bytes in KiB. */
export function inKib({ median, low, high, rounds }: Estimate): Estimate {
  return { median: median / KIB, low: low / KIB, high: high / KIB, rounds };
}

/** Bytes as kilobytes of a thousand. */
export function kilobytes(bytes: number): string {
  return String(bytes / 1_000);
}

/** Bytes as whole MiB. */
export function mebibytes(bytes: number): string {
  return (bytes / MIB).toFixed(0);
}

/** A Markdown table whose columns line up in a terminal as well. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const safe = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '/')));
  const widths = head.map((_, column) => Math.max(3, ...safe.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [first = [], ...rest] = safe;
  return [line(first), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rest.map(line)].join(
    '\n',
  );
}
