/** The tests of a project, a folder or a file: `npm test -- libs/core/auth`. */
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { AREAS, BUNDLED, END_TO_END, resultsOf, targetOf } from './areas.mjs';
import { NX, RESULTS_FOLDER } from './cached-tests.mjs';
import { countsOfJest } from './counts.mjs';
import { JEST } from './jest-task.mjs';
import { projectsIn, unitProjects } from './projects.mjs';
import { unitResults } from './stages.mjs';
import { runNode } from './stage-process.mjs';
import { UsageError } from './usage-error.mjs';

/** @import { Counts } from './counts.mjs' */
/** @import { Project } from './projects.mjs' */
/** @import { StageContext } from './stage-process.mjs' */
/** @import { Stage } from './stages.mjs' */

/**
 * @param {string} root
 * @param {readonly string[]} names - Paths from the root, or names of projects in Nx.
 * @returns {Stage[]} whole projects through Nx and its cache, and what is a part of one by Jest itself
 * @throws {UsageError} when a name is no place with tests.
 */
export function stagesOf(root, names) {
  const places = names.map((name) => placeOf(root, name));
  const whole = places.flatMap(({ projects }) => projects);
  const parts = places.flatMap(({ part }) => part ?? []);
  const isEndToEnd = whole.some(({ folder }) => folder === END_TO_END);
  const unit = whole.filter(({ folder }) => folder !== END_TO_END);
  /** @type {Stage[]} */
  const stages = [];
  if (unit.length > 0)
    stages.push({
      name: 'unit',
      summary: `the tests of ${unit.map(({ folder }) => folder).join(', ')}`,
      tests: () => ({
        targets: ['test'],
        projects: unit.map(({ name }) => name),
        results: unit.map(({ folder }) => unitResults(folder)),
      }),
    });
  const areas = Object.keys(AREAS);
  if (isEndToEnd)
    stages.push({
      name: 'end-to-end',
      summary: 'the program as a process, all areas',
      tests: () => ({ targets: areas.map(targetOf), results: areas.map(resultsOf) }),
    });
  for (const [folder, paths] of Map.groupBy(parts, ({ folder }) => folder))
    stages.push({
      name: folder,
      summary: `the tests of ${paths.map(({ path }) => path).join(', ')}`,
      run: (context) =>
        runParts(
          context,
          folder,
          paths.map(({ path }) => path),
        ),
    });
  return stages;
}

/**
 * @param {string} root
 * @param {string} name
 * @returns {{ projects: readonly Project[], part?: { folder: string, path: string } }}
 */
function placeOf(root, name) {
  const testable = [...unitProjects(root), ...projectsIn(root).filter(({ folder }) => folder === END_TO_END)];
  const path = relative(root, resolve(root, name)).replaceAll('\\', '/');
  const whole = testable.filter((project) => project.name === name || isIn(path, project.folder));
  if (whole.length > 0) return { projects: whole };
  const owner = testable.find(({ folder }) => isIn(folder, path));
  if (owner === undefined || !existsSync(join(root, path)))
    throw new UsageError(`${name} is no project, folder or test file of this repository.`);
  if (statSync(join(root, path)).isDirectory() || path.endsWith('.test.ts'))
    return { projects: [], part: { folder: owner.folder, path } };
  const test = path.replace(/\.[a-z]+$/, '.test.ts');
  if (!existsSync(join(root, test)))
    throw new UsageError(`${name} has no test file beside it; name its folder instead.`);
  return { projects: [], part: { folder: owner.folder, path: test } };
}

/**
 * @param {string} outer
 * @param {string} inner
 */
function isIn(outer, inner) {
  return inner === outer || inner.startsWith(`${outer}/`);
}

/**
 * @param {StageContext} context
 * @param {string} folder - Of the project.
 * @param {readonly string[]} paths - Folders and test files in it.
 * @returns {Promise<Counts>}
 */
async function runParts(context, folder, paths) {
  const { root } = context;
  /** @type {NodeJS.ProcessEnv} */
  const env = {};
  if (folder === END_TO_END) {
    const { code } = await runNode(context, [NX, 'run', '@omni/master-server:bundle']);
    if (code !== 0) return { passed: 0, failed: 1, skipped: 0 };
    env['OMNI_E2E_MAIN'] = join(root, BUNDLED);
  }
  const results = join(root, RESULTS_FOLDER, 'named.json');
  rmSync(results, { force: true });
  mkdirSync(join(root, RESULTS_FOLDER), { recursive: true });
  // A folder is a beginning of paths.
  const patterns = paths.map(
    (path) => `/${path.replaceAll('.', '\\.')}${path.endsWith('.test.ts') ? '$' : '/'}`,
  );
  const argv = [...JEST, `--config=${folder}/jest.config.mjs`, '--json', `--outputFile=${results}`];
  const { code } = await runNode(context, [...argv, '--testPathPatterns', ...patterns], env);
  return countsOfJest(results, code);
}
