/** The transformer of all tests, with one guard taken away. Its options are `{ root, guard, swc }`. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import swcJest from '@swc/jest';
import { withoutGuard } from './without-guard.mjs';

/** @import { Removal } from './without-guard.mjs' */

/**
 * What Jest hands to a transformer and what it takes back belongs to the transformer inside.
 *
 * @typedef {{ process(source: string, file: string, options: object): unknown }} Inner
 */

/** @param {{ root: string, guard?: Removal, swc: object }} options */
export function createTransformer({ root, guard, swc }) {
  /** @type {Inner} */
  const inner = /** @type {any} */ (swcJest).createTransformer(swc);
  const guarded = guard === undefined ? undefined : join(root, guard.file);
  /**
   * @param {string} source
   * @param {string} file
   */
  const taken = (source, file) => (guard !== undefined && file === guarded ? withoutGuard(guard, source) : source);
  return {
    canInstrument: false,
    /** @type {Inner['process']} */
    process: (source, file, options) => inner.process(taken(source, file), file, options),
    // The projects of a run share what was made of a file, and differ in the one that a guard is taken away from.
    /**
     * @param {string} source
     * @param {string} file
     */
    getCacheKey: (source, file) =>
      createHash('sha256')
        .update(JSON.stringify([file, source, swc, file === guarded ? guard : '']))
        .digest('hex'),
  };
}

// oxlint-disable-next-line import/no-default-export -- Jest takes no other
export default { createTransformer };
