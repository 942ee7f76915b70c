/**
 * Prints how many requirements are done, partly done and open, per seed.
 * Usage: npm run requirements [-- --json | --tests | --write]
 *   --json   the same as JSON
 *   --tests  each cited row with its state and tests
 *   --write  writes docs/requirements/README.md
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { citationsInSources } from './citations.mjs';
import { countsTable, PAGE_FILE, renderPage } from './page.mjs';
import { countPerSeed, readRows } from './rows.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({
  options: { json: { type: 'boolean' }, tests: { type: 'boolean' }, write: { type: 'boolean' } },
});
const rows = readRows(ROOT);

if (values.write === true) writeFileSync(join(ROOT, PAGE_FILE), renderPage(rows, citationsInSources(ROOT)));
if (values.json === true) console.log(JSON.stringify(countPerSeed(rows), undefined, 2));
else console.log(countsTable(rows));
if (values.tests === true) {
  const citations = citationsInSources(ROOT);
  for (const { id, state } of rows) {
    const own = citations.filter((citation) => citation.id === id);
    if (own.length > 0)
      console.log(`\n${id} ${state}\n${own.map(({ file, title }) => `  ${file}: ${title}`).join('\n')}`);
  }
}
