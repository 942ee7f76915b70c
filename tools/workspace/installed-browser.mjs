/** Prints which browser end-to-end tests find, and of which build: tests that had none run again with one. */
import { existsSync, realpathSync, statSync } from 'node:fs';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

for (const place of PLACES.filter((path) => existsSync(path))) {
  const { size, mtimeMs } = statSync(realpathSync(place));
  console.log(place, size, mtimeMs);
}
