import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file that is not as it should be. */
export interface PageDifference {
  readonly file: string;
  /** `extra`: a page of something that is gone. */
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

export interface GeneratedPages {
  /** Texts by file name: all that the folder is to hold. */
  readonly pages: ReadonlyMap<string, string>;
  readonly folder: string;
  readonly usage: string;
  /** The folder, as it is called in lines that are printed. */
  readonly shownAs: string;
  readonly print: (line: string) => void;
}

/**
 * Writes pages, or with `--check` says which are not as they should be.
 *
 * @returns Exit code: 1 when `--check` found differences, 64 for an unknown argument.
 */
export function generatePages(
  argv: readonly string[],
  { pages, folder, usage, shownAs, print }: GeneratedPages,
): number {
  const isCheck = argv.includes('--check');
  if (argv.length > (isCheck ? 1 : 0)) {
    print(`Usage: ${usage}`);
    return 64;
  }
  const differences = isCheck ? comparePages(folder, pages) : writePages(folder, pages);
  for (const { file, kind } of differences) print(`${shownAs}/${file}: ${isCheck ? kind : 'written'}`);
  return isCheck && differences.length > 0 ? 1 : 0;
}
