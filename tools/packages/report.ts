/** The table that a run prints. */
import { WHATS, type Row } from './row.ts';
import type { Tarball } from './tarballs.ts';

const CELLS = { ok: 'ok', failed: 'FAILED', skipped: 'skipped' } as const;

/** Counts in the words of all checks of this repository. */
export function countsLine(rows: readonly Row[]): string {
  const count = (outcome: Row['outcome']): number => rows.filter((row) => row.outcome === outcome).length;
  return `${count('ok')} passed, ${count('failed')} failed, ${count('skipped')} skipped`;
}

/** @returns Lines: one for each package and place with a cell for each question, and whatever went wrong. */
export function tableOf(rows: readonly Row[], tarballs: readonly Tarball[]): string[] {
  const asked = WHATS.filter((what) => rows.some((row) => row.what === what));
  const sizes = new Map(tarballs.map((tarball) => [tarball.name, tarball]));
  const groups = Map.groupBy(rows, ({ of, where }) => `${of}\n${where}`);
  const cells = [...groups.values()].map((group) => {
    const { of, where } = group[0] ?? { of: '', where: '' };
    const size = where === 'any' ? sizes.get(of) : undefined;
    return [
      of,
      where,
      ...asked.map((what) => cellOf(group.filter((row) => row.what === what))),
      kilobytes(size?.packedBytes),
      kilobytes(size?.unpackedBytes),
    ];
  });
  const lines = [['package', 'where', ...asked, 'packed', 'unpacked'], ...cells.toSorted(byName)];
  const widths =
    lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  return [
    ...lines.map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    ),
    ...rows.flatMap(({ of, where, what, outcome, detail }) =>
      detail === undefined ? [] : ['', `${CELLS[outcome]} ${what} of ${of} (${where})`, ...indented(detail)],
    ),
  ];
}

function byName(
  [nameA = '', whereA = '']: readonly string[],
  [nameB = '', whereB = '']: readonly string[],
): number {
  return nameA.localeCompare(nameB) || whereA.localeCompare(whereB);
}

function cellOf(rows: readonly Row[]): string {
  const worst = rows.find(({ outcome }) => outcome === 'failed') ?? rows[0];
  return worst === undefined ? '' : CELLS[worst.outcome];
}

function kilobytes(bytes: number | undefined): string {
  return bytes === undefined ? '' : `${(bytes / 1_000).toFixed(1)} kB`;
}

function indented(text: string): string[] {
  return text.split('\n').map((line) => `  ${line}`);
}
