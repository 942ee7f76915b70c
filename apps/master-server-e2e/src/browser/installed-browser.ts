/**
 * Where browser tests find their browser. Run as a program it prints which browsers are there, and of which
 * build: the cache of results knows them by it (nx.json).
 */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** Where distributions put it. */
export const BROWSER_PLACES: readonly string[] = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const place of BROWSER_PLACES.filter((path) => existsSync(path))) {
    const { size, mtimeMs } = statSync(realpathSync(place));
    process.stdout.write(`${place} ${size} ${mtimeMs}\n`);
  }
}
