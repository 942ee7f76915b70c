/**
 * Writes docs/errors from the table of errors.
 * Usage: node --conditions=@omni/source tools/generators/errors.ts [--check]
 *   --check   writes nothing; names the files that differ and exits with 1 when there are any
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { GATEWAY_ERRORS } from '@omni/ports';
import { errorPages } from './error-pages.ts';

const FOLDER = fileURLToPath(new URL('../../docs/errors', import.meta.url));

/** A file that is not as it should be. */
export interface PageDifference {
  readonly file: string;
  /** `extra`: a page whose error is gone. */
  readonly kind: 'missing' | 'changed' | 'extra';
}

/**
 * Compares a folder with the pages that it should hold, by name. Line ends do not count: a checkout may have
 * changed them.
 */
export function comparePages(folder: string, pages: ReadonlyMap<string, string>): PageDifference[] {
  const present = existsSync(folder) ? readdirSync(folder) : [];
  const extra = present
    .filter((file) => !pages.has(file))
    .map((file): PageDifference => ({ file, kind: 'extra' }));
  const wrong = [...pages].flatMap(([file, text]): PageDifference[] => {
    if (!present.includes(file)) return [{ file, kind: 'missing' }];
    return readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n') === text
      ? []
      : [{ file, kind: 'changed' }];
  });
  return [...wrong, ...extra].toSorted((a, b) => (a.file < b.file ? -1 : 1));
}

/** Makes the folder hold these pages and nothing else. @returns What was different before. */
export function writePages(folder: string, pages: ReadonlyMap<string, string>): PageDifference[] {
  const differences = comparePages(folder, pages);
  mkdirSync(folder, { recursive: true });
  for (const { file } of differences) {
    const text = pages.get(file);
    if (text === undefined) rmSync(join(folder, file), { recursive: true });
    else writeFileSync(join(folder, file), text);
  }
  return differences;
}

/** @returns Exit code: 1 when `--check` found differences, 64 for an unknown argument. */
export function generateErrorPages(
  argv: readonly string[],
  folder: string,
  print: (line: string) => void,
): number {
  const isCheck = argv.includes('--check');
  if (argv.length > (isCheck ? 1 : 0)) {
    print('Usage: errors.ts [--check]');
    return 64;
  }
  const pages = errorPages(GATEWAY_ERRORS);
  const differences = isCheck ? comparePages(folder, pages) : writePages(folder, pages);
  for (const { file, kind } of differences) print(`docs/errors/${file}: ${isCheck ? kind : 'written'}`);
  return isCheck && differences.length > 0 ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  process.exitCode = generateErrorPages(process.argv.slice(2), FOLDER, console.log);
