/**
 * Writes docs/configuration/reference from the schema of settings.
 * Usage: node --conditions=@omni/source tools/generators/settings.ts [--check]
 *   --check   writes nothing; names the files that differ and exits with 1 when there are any
 */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { configurationJsonSchema } from '@omni/config/json-schema';
import { generatePages } from './pages.ts';
import { settingPages } from './setting-pages.ts';

const FOLDER = fileURLToPath(new URL('../../docs/configuration/reference', import.meta.url));

/** @returns Exit code: 1 when `--check` found differences, 64 for an unknown argument. */
export function generateSettingPages(
  argv: readonly string[],
  folder: string,
  print: (line: string) => void,
): number {
  const pages = settingPages(configurationJsonSchema());
  const shownAs = 'docs/configuration/reference';
  return generatePages(argv, { pages, folder, usage: 'settings.ts [--check]', shownAs, print });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  process.exitCode = generateSettingPages(process.argv.slice(2), FOLDER, console.log);
