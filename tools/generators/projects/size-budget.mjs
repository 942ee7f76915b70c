/** @import { Tree } from '@nx/devkit' */

const FILE = 'tools/checks/package-sizes.mjs';
/** A row of the table of budgets. */
const ROW = /^ {2}'(@omni\/[^']+)': \d+,\n/gm;

/**
 * Adds a row to the table of budgets, in its order.
 *
 * @param {Tree} tree
 * @param {string} name - Of the package.
 * @param {number} kilobytes
 */
export function addSizeBudget(tree, name, kilobytes) {
  const text = tree.read(FILE, 'utf8') ?? '';
  const rows = [...text.matchAll(ROW)];
  const next = rows.find(([, other = '']) => other > name);
  const last = rows.at(-1);
  const at = next?.index ?? (last === undefined ? text.length : last.index + last[0].length);
  tree.write(FILE, `${text.slice(0, at)}  '${name}': ${kilobytes},\n${text.slice(at)}`);
}
