/** Which tests cite which requirements: `[S000-CFG-01]` in a title, several ids separated by commas. */
import { globSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

/**
 * @typedef {{ id: string, title: string, file: string }} Citation `file` is relative to the root, with
 * forward slashes.
 * @typedef {Citation & { status: string }} TestedCitation `status` in the words of Jest: passed, failed,
 * pending, …
 */

/** Wide on purpose: an id that is nearly right must be found, so that the gate can refuse it. */
const LOOKS_LIKE_ID = /^(?:[SX]\d+|PROTO)-[A-Z0-9-]+$/i;
const TEST_FUNCTIONS = new Set(['it', 'test', 'describe']);

/**
 * @param {string} title
 * @returns {string[]}
 */
export function idsIn(title) {
  return [...title.matchAll(/\[([^\]]*)\]/g)].flatMap(([, inside = '']) =>
    inside.split(/[,\s]+/).filter((word) => LOOKS_LIKE_ID.test(word)),
  );
}

/**
 * @param {string} root
 * @param {string} folder - Where the results of Jest lie, relative to the root.
 * @returns {TestedCitation[]} what the last run says
 */
export function citationsInResults(root, folder) {
  return globSync(`${folder}/*.json`, { cwd: root }).flatMap((path) => {
    /**
     * @type {{ testResults?: { name: string, assertionResults: { fullName: string, status: string }[] }[] }}
     */
    const { testResults = [] } = JSON.parse(readFileSync(join(root, path), 'utf8'));
    return testResults.flatMap(({ name, assertionResults }) =>
      assertionResults.flatMap(({ fullName, status }) =>
        idsIn(fullName).map((id) => ({
          id,
          title: fullName,
          file: relative(root, name).replaceAll('\\', '/'),
          status,
        })),
      ),
    );
  });
}

/**
 * @param {string} root
 * @returns {Citation[]} what the test files say, whether they were run or not; titles that are computed are
 * not seen
 */
export function citationsInSources(root) {
  const files = globSync(['libs/**/*.test.ts', 'apps/**/*.test.ts', 'tools/**/*.test.ts'], {
    cwd: root,
    exclude: (name) => /(^|[\\/])(node_modules|dist|out-tsc)$/.test(name),
  });
  return files
    .map((file) => file.replaceAll('\\', '/'))
    .sort()
    .flatMap((file) =>
      titlesIn(file, readFileSync(join(root, file), 'utf8')).flatMap((title) =>
        idsIn(title).map((id) => ({ id, title, file })),
      ),
    );
}

/**
 * @param {string} file
 * @param {string} text
 * @returns {string[]} first arguments of it(), test(), describe() and their variants (.each, .concurrent, …)
 */
function titlesIn(file, text) {
  // Most files cite nothing; a search is far cheaper than a syntax tree.
  if (!/\[(?:[SX]\d|PROTO-)/i.test(text)) return [];
  /** @type {string[]} */
  const titles = [];
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isCallExpression(node) && TEST_FUNCTIONS.has(/^\w+/.exec(node.expression.getText())?.[0] ?? '')) {
      const [title] = node.arguments;
      if (title !== undefined && ts.isStringLiteralLike(title)) titles.push(title.text);
      else if (title !== undefined && ts.isTemplateExpression(title)) titles.push(title.getText());
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return titles;
}
