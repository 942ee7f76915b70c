/**
 * Mutation testing: changes the code in small ways; a change that no test notices is a gap in the tests of
 * that library. `npm run mutate` takes the two libraries whose mistakes would cost most,
 * `OMNI_MUTATE=libs/core/auth npm run mutate` another.
 */
import preset from './tools/workspace/jest-preset.mjs';

const folders = (process.env.OMNI_MUTATE ?? 'libs/jsonrpc,libs/core/capability-aggregator').split(',');

export default {
  mutate: [...folders.map((folder) => `${folder}/src/**/*.ts`), '!**/*.test.ts', '!**/index.ts'],
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  // Tests of other libraries get the unchanged one through node_modules: they could not notice anything.
  jest: {
    projectType: 'custom',
    config: { ...preset, roots: folders.map((folder) => `<rootDir>/${folder}/src`) },
    enableFindRelatedTests: true,
  },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  timeoutMS: 10_000,
  reporters: ['clear-text', 'progress', 'html'],
  htmlReporter: { fileName: 'reports/mutation/index.html' },
  tempDirName: '.stryker-tmp',
  ignorePatterns: [
    '**/dist',
    '**/out-tsc',
    '.nx',
    '.test-results',
    'apps',
    'docs',
    'tools/bench',
    'tools/conformance',
  ],
  thresholds: { high: 85, low: 70, break: 60 },
};
