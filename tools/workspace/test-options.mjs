/** The arguments of `npm test`. */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { AREAS } from './areas.mjs';
import { stagesOf } from './named-tests.mjs';
import { STAGES } from './stages.mjs';
import { UsageError } from './usage-error.mjs';

/** @import { Stage } from './stages.mjs' */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export const USAGE = [
  'Usage: npm test [-- --only stage,… | --skip stage,… | --area area,… | --guards changed|all | --list]',
  '       npm test -- PROJECT | FOLDER | TEST-FILE …',
].join('\n');

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
  const { values, positionals } = parsed(argv);
  if (positionals.length > 0) {
    if (Object.keys(values).length > 0)
      throw new UsageError(`Stages have names, tests have places: take one of the two.\n${USAGE}`);
    const stages = stagesOf(ROOT, positionals);
    return { stages, isWhole: false, areas: [], takesAllGuards: false, isList: false };
  }
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
  if (stages.length === 0)
    throw new UsageError(
      `Every stage that is taken is left out again by --skip: nothing would run.\n${USAGE}`,
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
      allowPositionals: true,
      options: {
        only: { type: 'string' },
        skip: { type: 'string' },
        area: { type: 'string' },
        guards: { type: 'string' },
        list: { type: 'boolean' },
      },
    });
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
  if (list === undefined) return [];
  const names = list.split(',').filter((name) => name !== '');
  if (names.length === 0) throw new UsageError(`No ${what} is named. There are: ${known.join(', ')}.`);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0) return names;
  throw new UsageError(`No ${what} is called ${unknown.join(', ')}. There are: ${known.join(', ')}.`);
}
