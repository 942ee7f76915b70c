/** The demands that Omni is built from: docs/requirements/rows.json, whose states are kept by hand. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROWS_FILE = 'docs/requirements/rows.json';

/**
 * `open`: not met. `partly`: a part is met and tested. `done`: met, and a test that cites the id proves it.
 */
export const STATES = /** @type {const} */ (['open', 'partly', 'done']);

/**
 * @typedef {(typeof STATES)[number]} State
 * @typedef {{ id: string, seed: string, state: State, demand: string, owner: string, verify: string }} Row
 */

/**
 * @param {string} root - Folder of the repository.
 * @returns {Row[]}
 */
export function readRows(root) {
  return JSON.parse(readFileSync(join(root, ROWS_FILE), 'utf8'));
}

/**
 * @param {readonly Row[]} rows
 * @returns {string[]} what is wrong with the file itself: an id twice, a state that does not exist
 */
export function flawsOf(rows) {
  const seen = new Set();
  return rows.flatMap(({ id, state }) => {
    const flaws = [
      ...(seen.has(id) ? [`${id} is there twice`] : []),
      ...(STATES.includes(state)
        ? []
        : [`${id} has the state "${state}"; the states are ${STATES.join(', ')}`]),
    ];
    seen.add(id);
    return flaws;
  });
}

/**
 * @typedef {{ seed: string, rows: number } & Record<State, number>} SeedCount
 */

/**
 * @param {readonly Row[]} rows
 * @returns {SeedCount[]} one per seed, sorted; the last one, called `all`, is their sum
 */
export function countPerSeed(rows) {
  const seeds = [...new Set(rows.map(({ seed }) => seed))].sort();
  /** @param {string} seed @param {readonly Row[]} own @returns {SeedCount} */
  const count = (seed, own) => ({
    seed,
    rows: own.length,
    open: own.filter(({ state }) => state === 'open').length,
    partly: own.filter(({ state }) => state === 'partly').length,
    done: own.filter(({ state }) => state === 'done').length,
  });
  return [
    ...seeds.map((seed) =>
      count(
        seed,
        rows.filter((row) => row.seed === seed),
      ),
    ),
    count('all', rows),
  ];
}
