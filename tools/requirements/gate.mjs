/**
 * Fails when docs/requirements promises more than the tests prove. Reads what the stages unit, examples and
 * end-to-end left. Usage: node tools/requirements/gate.mjs [folder of the repository]
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { printFindings } from '../checks/findings.mjs';
import { citationsInResults, citationsInSources } from './citations.mjs';
import { PAGE_FILE, renderPage } from './page.mjs';
import { flawsOf, readRows, ROWS_FILE } from './rows.mjs';

/** @import { Finding, RuleText } from '../checks/findings.mjs' */

const RESULTS_FOLDER = '.test-results';

/** @type {readonly RuleText[]} */
export const REQUIREMENT_RULES = [
  {
    id: 'rows-sound',
    why: 'A row that is there twice, or in a state that does not exist, cannot be counted.',
    fix: `Correct ${ROWS_FILE}.`,
  },
  {
    id: 'done-is-proven',
    why: 'Done means that a test proves it, today.',
    fix: 'Cite the id in the title of the test that proves the row, make that test pass, or set the state back to partly or open.',
  },
  {
    id: 'citations-known',
    why: 'A citation of a row that does not exist proves nothing and hides a typing error.',
    fix: `Use an id of ${ROWS_FILE}.`,
  },
  {
    id: 'page-current',
    why: 'The page is generated, so that it says what the rows and tests say.',
    fix: 'Run npm run requirements -- --write.',
  },
];

/**
 * @param {string} root
 * @returns {Finding[]}
 */
export function checkRequirements(root) {
  const rows = readRows(root);
  const ids = new Set(rows.map(({ id }) => id));
  const tested = citationsInResults(root, RESULTS_FOLDER);
  const written = citationsInSources(root);
  const page = join(root, PAGE_FILE);
  // A computed title is seen only in the results, one that was not run only in the sources: mostly it is in
  // both.
  const unknown = new Map(
    [...written, ...tested]
      .filter(({ id }) => !ids.has(id))
      .map((citation) => [`${citation.file} ${citation.id}`, citation]),
  );
  return [
    ...flawsOf(rows).map((what) => ({ rule: 'rows-sound', where: ROWS_FILE, what })),
    ...rows
      .filter(({ state }) => state === 'done')
      .flatMap(({ id }) => {
        const own = tested.filter((citation) => citation.id === id);
        if (!own.some(({ status }) => status === 'passed'))
          return [{ rule: 'done-is-proven', where: id, what: 'no test that cites it passed' }];
        return own
          .filter(({ status }) => status === 'failed')
          .map(({ file, title }) => ({
            rule: 'done-is-proven',
            where: id,
            what: `failed: ${file}: ${title}`,
          }));
      }),
    ...[...unknown.values()].map(({ id, file, title }) => ({
      rule: 'citations-known',
      where: file,
      what: `cites ${id} in "${title}"`,
    })),
    ...(existsSync(page) && readFileSync(page, 'utf8') === renderPage(rows, written)
      ? []
      : [{ rule: 'page-current', where: PAGE_FILE, what: 'is not what the rows and tests say' }]),
  ];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  printFindings(
    REQUIREMENT_RULES,
    checkRequirements(resolve(process.argv[2] ?? fileURLToPath(new URL('../..', import.meta.url)))),
  );
}
