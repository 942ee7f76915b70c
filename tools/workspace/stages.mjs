/** The stages of `npm test`, in their order: cheap and telling ones first. */
import { AREAS, BUNDLED, resultsOf, targetOf } from './areas.mjs';
import { cachedTests, unitFolders } from './cached-tests.mjs';
import { join } from 'node:path';
import { countedChecks, oneCheck } from './stage-process.mjs';

/** @import { Counts } from './counts.mjs' */
/** @import { StageContext } from './stage-process.mjs' */

/** @typedef {{ name: string, summary: string, run: (context: StageContext) => Promise<Counts> }} Stage */

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
    run: cachedTests('packaging', () => ({
      targets: ['packaging'],
      results: ['tools/checks/.test-results/packaging.json'],
      parallel: 1,
    })),
  },
  {
    name: 'unit',
    summary: 'unit, property and contract tests of all projects and tools',
    run: cachedTests('unit', ({ root }) => ({
      targets: ['test'],
      results: unitFolders(root).map((folder) => `${folder}/.test-results/unit.json`),
      parallel: 2,
    })),
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
    name: 'examples',
    summary: 'the example of each README',
    run: cachedTests('examples', () => ({
      targets: ['examples'],
      results: ['tools/checks/.test-results/examples.json'],
      parallel: 1,
    })),
  },
  {
    name: 'end-to-end',
    summary: `the program as a process, with real servers; areas: ${Object.keys(AREAS).join(', ')}`,
    run: cachedTests('end-to-end', ({ root, areas }) => ({
      targets: areas.map(targetOf),
      results: areas.map(resultsOf),
      // Two cores have time for three: each waits for a part of its own.
      parallel: 3,
      env: { OMNI_E2E_MAIN: join(root, BUNDLED) },
    })),
  },
  {
    name: 'conformance',
    summary: 'the official suite through Omni',
    run: cachedTests('conformance', () => ({
      targets: ['conformance'],
      results: ['tools/conformance/.test-results/conformance.json'],
      parallel: 1,
    })),
  },
  {
    name: 'requirements',
    summary: 'every requirement called done has a test that passed just now',
    run: countedChecks(['tools/requirements/gate.mjs']),
  },
];
