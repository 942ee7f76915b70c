/** The transformer of all tests, with one guard taken away. Its options are `{ root, removals, swc }`. */
import { createHash } from 'node:crypto';
import { relative } from 'node:path';
import swcJest from '@swc/jest';
import { withoutGuard } from './without-guard.mjs';

/** @import { Removal } from './placed-guards.ts' */

/**
 * What Jest hands to a transformer and what it takes back belongs to the transformer inside.
 *
 * @typedef {{ process(source: string, file: string, options: object): unknown }} Inner
 */

/** @param {{ root: string, removals: readonly Removal[], swc: object }} options */
export function createTransformer({ root, removals, swc }) {
  /** @type {Inner} */
  const inner = /** @type {any} */ (swcJest).createTransformer(swc);
  /** @param {string} file */
  const pathOf = (file) => relative(root, file).replaceAll('\\', '/');
  return {
    canInstrument: false,
    /** @type {Inner['process']} */
    process: (source, file, options) =>
      inner.process(withoutGuard(removals, pathOf(file), source), file, options),
    // The projects of a run share what was made of a file, and differ in the one that a guard is taken away
    // from.
    /**
     * @param {string} source
     * @param {string} file
     */
    getCacheKey: (source, file) =>
      createHash('sha256')
        .update(
          JSON.stringify([file, source, swc, removals.filter((removal) => removal.file === pathOf(file))]),
        )
        .digest('hex'),
  };
}

// oxlint-disable-next-line import/no-default-export -- Jest takes no other
export default { createTransformer };
