/** The stages of `npm test`, in their order: cheap and telling ones first. */
import { join } from 'node:path';
import { AREAS, BUNDLED, resultsOf, targetOf } from './areas.mjs';
import { NX } from './cached-tests.mjs';
import { projectsIn, unitProjects } from './projects.mjs';
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

/**
 * @param {string} target - Of the root.
 * @returns {string} where its result is, from the root of the workspace
 */
const checkResult = (target) => `.test-results/checks/${target}.json`;

/**
 * @param {string} folder - Of a project.
 * @returns {string} where the results of its unit tests are, from the root of the workspace
 */
export const unitResults = (folder) => `${folder}/.test-results/unit.json`;

/** @type {readonly Stage[]} */
export const STAGES = [
  {
    name: 'lock',
    summary: 'package-lock.json works on every platform',
    tests: () => ({ targets: ['lock'], results: [checkResult('lock')] }),
  },
  {
    name: 'lint',
    summary: 'oxlint with types, in every project',
    tests: ({ root }) => ({
      targets: ['lint'],
      results: [
        checkResult('lint'),
        ...projectsIn(root).map(({ folder }) => `${folder}/.test-results/lint.json`),
      ],
    }),
  },
  {
    name: 'format',
    summary: 'prettier',
    tests: () => ({ targets: ['format'], results: [checkResult('format')] }),
  },
  {
    name: 'boundaries',
    summary: 'layers, cycles, deep imports; own rules',
    tests: () => ({ targets: ['layers', 'rules'], results: [checkResult('layers'), checkResult('rules')] }),
  },
  {
    name: 'types',
    summary: 'tsc over every project, and the build of what is imported by its package',
    run: oneCheck([NX, 'run-many', '--targets=build,typecheck', '--outputStyle=static']),
  },
  {
    name: 'packaging',
    summary: 'publint, attw, report of what is shown, and size, for each library',
    tests: () => ({
      targets: ['packaging', 'api', 'size'],
      results: ['packaging', 'api', 'size'].map((name) => `tools/checks/.test-results/${name}.json`),
    }),
  },
  {
    name: 'unit',
    summary: 'unit, property and contract tests of all projects and tools',
    tests: ({ root }) => ({
      targets: ['test'],
      results: unitProjects(root).map(({ folder }) => unitResults(folder)),
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
    name: 'monorepo',
    summary: 'in a clone: a break in a project of each kind, and one project of each generator',
    tests: () => ({
      targets: ['planted', 'generated'],
      results: ['planted', 'generated'].map((name) => `tools/monorepo/.test-results/${name}.json`),
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
    name: 'simulation',
    summary: 'the real core through hours of faults on virtual time; more of them where all guards are taken',
    run: (context) => {
      // A continuous integration, which takes all guards, has time for more seeds.
      const suite = context.takesAllGuards ? 'long' : 'short';
      return countedChecks(['--conditions=@omni/source', 'tools/simulation/main.ts', '--suite', suite])(
        context,
      );
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
