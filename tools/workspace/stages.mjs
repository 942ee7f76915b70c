/** The stages of `npm test`, in their order: cheap and telling ones first. */
import { join } from 'node:path';
import { AREAS, BUNDLED, resultsOf, targetOf } from './areas.mjs';
import { unitFolders } from './cached-tests.mjs';
import { countedChecks, oneCheck } from './stage-process.mjs';

/** @import { TestTasks } from './cached-tests.mjs' */
/** @import { Counts } from './counts.mjs' */
/** @import { StageContext } from './stage-process.mjs' */

/**
 * @typedef {{ name: string, summary: string, run: (context: StageContext) => Promise<Counts> }} CheckStage
 * @typedef {{ name: string, summary: string, tests: (context: StageContext) => Omit<TestTasks, 'name'> }}
 * TestStage
 * @typedef {CheckStage | TestStage} Stage
 */

/** @type {readonly Stage[]} */
export const STAGES = [
  {
    name: 'lock',
    summary: 'package-lock.json works on every platform',
    run: countedChecks(['tools/checks/check-lock.mjs']),
  },
  {
    name: 'lint',
    summary: 'oxlint with types',
    run: oneCheck(['node_modules/oxlint/bin/oxlint', '--deny-warnings']),
  },
  {
    name: 'format',
    summary: 'prettier',
    run: oneCheck([
      'node_modules/prettier/bin/prettier.cjs',
      '--check',
      '--cache',
      '--cache-strategy=content',
      '--cache-location=.nx/prettier-cache',
      '--log-level=warn',
      '.',
    ]),
  },
  {
    name: 'boundaries',
    summary: 'layers, cycles, deep imports; own rules',
    run: async (context) => {
      const layers = await oneCheck([
        'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs',
        'libs',
        'apps',
        'tools',
        '--output-type=err-long',
      ])(context);
      const own = await countedChecks(['tools/checks/own-rules.mjs'])(context);
      return { passed: layers.passed + own.passed, failed: layers.failed + own.failed, skipped: 0 };
    },
  },
  {
    name: 'types',
    summary: 'tsc -b over the solution',
    run: oneCheck(['node_modules/@typescript/native/bin/tsc', '-b']),
  },
  {
    name: 'packaging',
    summary: 'publint and attw for each library',
    tests: () => ({
      targets: ['packaging'],
      results: ['tools/checks/.test-results/packaging.json'],
    }),
  },
  {
    name: 'unit',
    summary: 'unit, property and contract tests of all projects and tools',
    tests: ({ root }) => ({
      targets: ['test'],
      results: unitFolders(root).map((folder) => `${folder}/.test-results/unit.json`),
    }),
  },
  {
    name: 'examples',
    summary: 'the example of each README',
    tests: () => ({
      targets: ['examples'],
      results: ['tools/checks/.test-results/examples.json'],
    }),
  },
  {
    name: 'packages',
    summary: 'the packed libraries in empty projects: types, examples, a rehearsed publication',
    tests: () => ({
      targets: ['packages'],
      results: ['tools/packages/.test-results/packages.json'],
    }),
  },
  {
    name: 'guards',
    summary: 'each guard taken away, in files that differ from main or in all: its test must fail',
    run: (context) => {
      const which = context.takesAllGuards ? [] : ['--changed', '--fast'];
      return countedChecks(['--conditions=@omni/source', 'tools/guards/main.ts', ...which])(context);
    },
  },
  {
    name: 'end-to-end',
    summary: `the program as a process, with real servers; areas: ${Object.keys(AREAS).join(', ')}`,
    tests: ({ root, areas }) => ({
      targets: areas.map(targetOf),
      results: areas.map(resultsOf),
      env: { OMNI_E2E_MAIN: join(root, BUNDLED) },
    }),
  },
  {
    name: 'conformance',
    summary: 'the official suite through Omni',
    tests: () => ({
      targets: ['conformance'],
      results: ['tools/conformance/.test-results/conformance.json'],
    }),
  },
  {
    name: 'requirements',
    summary: 'every requirement called done has a test that passed just now',
    run: countedChecks(['tools/requirements/gate.mjs']),
  },
];

/**
 * @param {readonly Stage[]} stages
 * @returns {Stage[][]} what is run together: tests that follow each other
 */
export function batchesOf(stages) {
  /** @type {Stage[][]} */
  const batches = [];
  for (const stage of stages) {
    const last = batches.at(-1);
    if ('tests' in stage && last?.every((other) => 'tests' in other)) last.push(stage);
    else batches.push([stage]);
  }
  return batches;
}
