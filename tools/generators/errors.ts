/**
 * Writes docs/errors from the table of errors.
 * Usage: node --conditions=@omni/source tools/generators/errors.ts [--check]
 *   --check   writes nothing; names the files that differ and exits with 1 when there are any
 */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { GATEWAY_ERRORS } from '@omni/ports';
import { errorPages } from './error-pages.ts';
import { generatePages } from './pages.ts';

const FOLDER = fileURLToPath(new URL('../../docs/errors', import.meta.url));

/** @returns Exit code: 1 when `--check` found differences, 64 for an unknown argument. */
export function generateErrorPages(
  argv: readonly string[],
  folder: string,
  print: (line: string) => void,
): number {
  const pages = errorPages(GATEWAY_ERRORS);
  return generatePages(argv, { pages, folder, usage: 'errors.ts [--check]', shownAs: 'docs/errors', print });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  process.exitCode = generateErrorPages(process.argv.slice(2), FOLDER, console.log);
