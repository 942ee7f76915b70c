import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchResult } from './bench-result.ts';
import { reportText } from './report.ts';

const SIGNIFICANT_DIGITS = 6;

/** Where a result was written. */
export interface ResultFiles {
  readonly json: string;
  readonly markdown: string;
}

/**
 * Writes `DATE-COMMIT.json` and `.md`; a second run of the same day and commit gets a number, so that no
 * result is lost.
 */
export function writeResult(result: BenchResult, folder: string): ResultFiles {
  mkdirSync(folder, { recursive: true });
  const stem = `${result.manifest.startedAt.slice(0, 10)}-${result.manifest.commit}`;
  const paths = (name: string): ResultFiles => ({
    json: join(folder, `${name}.json`),
    markdown: join(folder, `${name}.md`),
  });
  let files = paths(stem);
  for (let number = 2; existsSync(files.json); number += 1) files = paths(`${stem}-${number}`);
  writeFileSync(files.json, resultJson(result));
  writeFileSync(files.markdown, reportText(result));
  return files;
}

/** A result as JSON; fractions have six digits, which is more than any of them is worth. */
export function resultJson(result: BenchResult): string {
  const short = (_key: string, value: unknown): unknown =>
    typeof value === 'number' && !Number.isInteger(value)
      ? Number(value.toPrecision(SIGNIFICANT_DIGITS))
      : value;
  return `${JSON.stringify(result, short, 1)}\n`;
}

/** The same result with this machine's folders replaced in every text: a stored result names no path. */
export function withoutPaths(
  result: BenchResult,
  replacements: Readonly<Record<string, string>>,
): BenchResult {
  let text = JSON.stringify(result);
  for (const [path, replacement] of Object.entries(replacements))
    text = text.replaceAll(JSON.stringify(path).slice(1, -1), replacement);
  // Holds: only characters inside strings were replaced.
  return JSON.parse(text) as BenchResult;
}
