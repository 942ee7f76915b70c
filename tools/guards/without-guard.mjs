/** The one place that takes a guard away: in memory, on the way from the file to whoever loads it. */

/** @import { Removal } from './placed-guards.ts' */

/**
 * @param {readonly Removal[]} removals
 * @param {string} file - Path from the root of the workspace.
 * @param {string} source
 * @returns {string} the source without what is to be removed from this file
 * @throws {Error} when it is no longer the source that was looked at
 */
export function withoutGuard(removals, file, source) {
  const own = removals.filter((removal) => removal.file === file).toSorted((a, b) => b.start - a.start);
  return own.reduce((text, { start, end, was, text: instead }) => {
    if (text.slice(start, end) !== was)
      throw new Error(`${file} has changed meanwhile; run the guards again`);
    return text.slice(0, start) + instead + text.slice(end);
  }, source);
}
