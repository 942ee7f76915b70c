/** The arguments of `npm test`. */
import { parseArgs } from 'node:util';
import { AREAS } from './areas.mjs';
import { STAGES } from './stages.mjs';

/** @import { Stage } from './stages.mjs' */

export const USAGE =
  'Usage: npm test [-- --only stage,… | --skip stage,… | --area area,… | --guards changed|all | --list]';

/** Arguments that make no sense, in words for the person who typed them. */
export class UsageError extends Error {}

/**
 * @typedef {object} TestOptions
 * @property {readonly Stage[]} stages
 * @property {boolean} isWhole - Whether all stages run, so that nothing may be taken from an earlier run.
 * @property {readonly string[]} areas - Of the end-to-end tests.
 * @property {boolean} takesAllGuards
 * @property {boolean} isList
 */

/**
 * @param {readonly string[]} argv
 * @returns {TestOptions}
 * @throws {UsageError}
 */
export function parseTestOptions(argv) {
  const values = parsed(argv);
  const all = STAGES.map(({ name }) => name);
  const areas = named(values.area, Object.keys(AREAS), 'area');
  // An area is a part of one stage.
  const only =
    areas.length > 0 && values.only === undefined ? ['end-to-end'] : named(values.only, all, 'stage');
  const skip = named(values.skip, all, 'stage');
  const [guards = 'changed'] = named(values.guards, ['changed', 'all'], 'choice of guards');
  const stages = STAGES.filter(
    ({ name }) => (only.length === 0 || only.includes(name)) && !skip.includes(name),
  );
  return {
    stages,
    isWhole: only.length === 0,
    areas: areas.length > 0 ? areas : Object.keys(AREAS),
    takesAllGuards: guards === 'all',
    isList: values.list === true,
  };
}

/** @param {readonly string[]} argv */
function parsed(argv) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        only: { type: 'string' },
        skip: { type: 'string' },
        area: { type: 'string' },
        guards: { type: 'string' },
        list: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
}

/**
 * @param {string | undefined} list - Names, comma-separated.
 * @param {readonly string[]} known
 * @param {string} what
 * @returns {string[]}
 */
function named(list, known, what) {
  const names = (list ?? '').split(',').filter((name) => name !== '');
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0) return names;
  throw new UsageError(`No ${what} is called ${unknown.join(', ')}. There are: ${known.join(', ')}.`);
}
