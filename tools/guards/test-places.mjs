import { fileURLToPath } from 'node:url';
import { relative } from 'node:path';

/** @import { TestPlace } from './placed-guards.ts' */

const FRAME = /(?:\(|at )((?:file:\/\/)?\/?[^()\n]+?):(\d+):\d+\)?$/gm;

/**
 * Whether a test was defined at one of these places in its own file and, when a contract suite is among them,
 * at one of those there.
 *
 * @param {readonly TestPlace[]} places
 * @param {string} stack - Of the call that defined the test.
 * @param {string} root
 */
export function isDefinedAt(places, stack, root) {
  const frames = [...stack.matchAll(FRAME)].map(([, file = '', line]) => ({
    file: fromRoot(root, file),
    line: Number(line),
  }));
  /** @param {TestPlace} place */
  const isPassed = ({ file, firstLine, lastLine }) =>
    frames.some((frame) => frame.file === file && frame.line >= firstLine && frame.line <= lastLine);
  const own = places.filter(({ file }) => file.endsWith('.test.ts'));
  const suites = places.filter(({ file }) => !file.endsWith('.test.ts'));
  return own.some(isPassed) && (suites.length === 0 || suites.some(isPassed));
}

/**
 * @param {string} root
 * @param {string} file - As it stands in a stack.
 */
function fromRoot(root, file) {
  return relative(root, file.startsWith('file://') ? fileURLToPath(file) : file).replaceAll('\\', '/');
}
