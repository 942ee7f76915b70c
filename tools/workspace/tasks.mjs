/** What `npm run <task>` does: one row per task. */

/**
 * @typedef {{ summary: string, usage?: string, argv: (rest: readonly string[]) => readonly string[] }} Task
 * `argv` is given to Node; `usage` is what `--help` says of a program that does not answer it itself.
 */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { JEST } from './jest-task.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const FROM_SOURCE = '--conditions=@omni/source';
const TSC = 'node_modules/@typescript/native/bin/tsc';
const NX = 'node_modules/nx/dist/bin/nx.js';
const TEST = 'tools/workspace/test.mjs';
const GENERATORS = './tools/generators/generators.json';
export const CALL_COST = [
  ...JEST,
  '--config=tools/bench/jest.config.mjs',
  '--testMatch=**/call-cost.bench.ts',
];

/** @type {Readonly<Record<string, Task>>} */
export const TASKS = {
  start: {
    summary: 'start the server from its sources; arguments go to it (npm start -- --config omni.json)',
    argv: (rest) => [FROM_SOURCE, 'apps/master-server/src/main.ts', 'start', ...rest],
  },
  dev: {
    summary:
      'start the server like start, and again whenever a source changes (npm run dev -- --config omni.json)',
    argv: (rest) => devArguments(ROOT, rest),
  },
  generate: {
    summary:
      'make a project or a port: generate lib NAME, adapter NAME PORT, port NAME, app NAME; or the pages of errors, or of settings',
    usage: 'npm run generate lib NAME | adapter NAME PORT | port NAME | app NAME | errors | settings',
    argv: ([generator = '', ...rest]) =>
      ['errors', 'settings'].includes(generator)
        ? [FROM_SOURCE, `tools/generators/${generator}.ts`]
        : [NX, 'generate', `${GENERATORS}:${generator}`, ...rest],
  },
  test: {
    summary:
      'everything that must pass before a change is merged; --only and --skip name stages, --area a part of end-to-end, a path what lies there',
    usage:
      'npm test [-- --only stage,… | --skip stage,… | --area area,… | --guards changed|all | --list | FOLDER or TEST-FILE …]',
    argv: (rest) => [TEST, ...rest],
  },
  lint: {
    summary: 'the stages lock, lint, format and boundaries of test',
    usage: 'npm run lint',
    argv: (rest) => [TEST, '--only', 'lock,lint,format,boundaries', ...rest],
  },
  typecheck: { summary: 'check the types of all projects and tools', argv: (rest) => [TSC, '-b', ...rest] },
  build: {
    summary: 'build all projects into their dist folders',
    argv: (rest) => [NX, 'run-many', '-t', 'build', ...rest],
  },
  bundle: {
    summary: 'bundle the server into apps/master-server/dist/bundle',
    usage: 'npm run bundle',
    argv: () => ['tools/workspace/bundle.mjs'],
  },
  affected: {
    summary:
      'lint, type-check, build and test only the projects that a change touches; --base=<branch>, --targets=lint,test',
    argv: (rest) => {
      const isNamed = rest.some((argument) => /^(?:-t|--targets?)(?:=|$)/.test(argument));
      return [NX, 'affected', ...(isNamed ? [] : ['--targets=lint,typecheck,build,test,e2e']), ...rest];
    },
  },
  nx: {
    summary: 'any command of Nx, on the pinned Node (npm run nx -- run-many -t lint)',
    argv: (rest) => [NX, ...rest],
  },
  bench: {
    summary: 'compare Omni with other ways to do the same; --help lists the options',
    argv: (rest) =>
      rest.includes('--call-cost') ? CALL_COST : [FROM_SOURCE, 'tools/bench/main.ts', ...rest],
  },
  clients: {
    summary: 'let real clients (Inspector, mcporter, Claude Code) use Omni; installs them on demand',
    usage: 'npm run clients',
    argv: (rest) => [FROM_SOURCE, 'tools/clients/main.ts', ...rest],
  },
  format: {
    summary: 'format all files',
    argv: (rest) => ['node_modules/prettier/bin/prettier.cjs', '--write', '--log-level=warn', '.', ...rest],
  },
  requirements: {
    summary: 'count the requirements per seed and state; --json, --tests, --write',
    argv: (rest) => ['tools/requirements/main.mjs', ...rest],
  },
  guards: {
    summary: 'take each guard away and see whether its test fails; --help lists the options',
    argv: (rest) => [FROM_SOURCE, 'tools/guards/main.ts', ...rest],
  },
  nightly: {
    summary:
      'what is too long for every change: 5,000,000 messages that must reach nobody else, the whole corpus over every pair of transports, every guard taken away, a break planted in every project, CPU time per call, five minutes of fuzzing for each target, 10,000 simulated hours',
    usage: 'npm run nightly',
    argv: () => ['tools/workspace/nightly.mjs'],
  },
  fuzz: {
    summary:
      'search inputs that a part of Omni does not stand; --target, --seconds, --seed, --keep, --list, --replay',
    usage: 'npm run fuzz -- [--target name,…] [--seconds n] [--seed n] [--keep] | --list | --replay FILE',
    argv: (rest) => [FROM_SOURCE, 'tools/fuzz/main.ts', ...rest],
  },
  simulate: {
    summary:
      'let the real core live through hours of trouble on virtual time; --seed, --hours, --suite, --planted; --help lists the options',
    argv: (rest) => [FROM_SOURCE, 'tools/simulation/main.ts', ...rest],
  },
  configs: {
    summary: 'say of each configuration file below a folder whether it is served, and what is told of it',
    usage: 'npm run configs -- FOLDER [EXPECTATIONS.json]',
    argv: (rest) => [FROM_SOURCE, 'tools/configs/main.ts', ...rest],
  },
  fidelity: {
    summary: 'write docs/fidelity.md: what the pinned peers of the bench do to JSON',
    usage: 'npm run fidelity',
    argv: (rest) => [FROM_SOURCE, 'tools/fidelity/peers.ts', ...rest],
  },
  packages: {
    summary: 'try the packed libraries as a stranger would, on several Nodes; --help lists the options',
    argv: (rest) => [FROM_SOURCE, 'tools/packages/main.ts', ...rest],
  },
  mutate: {
    summary: 'change the code in small ways and see whether a test notices',
    argv: (rest) => ['node_modules/@stryker-mutator/core/bin/stryker.js', 'run', ...rest],
  },
};

/** @returns {string} */
export function taskList() {
  const width = Math.max(...Object.keys(TASKS).map((name) => name.length));
  const rows = Object.entries(TASKS).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return ['Usage: npm run <task> [-- arguments]', '', ...rows, ''].join('\n');
}

/**
 * Watches the sources of what runs: a file with a mistake in it as well, results of tests not.
 *
 * @param {string} root
 * @param {readonly string[]} rest
 */
export function devArguments(root, rest) {
  const watched = sourceFolders(root).map((folder) => `--watch-path=${folder}`);
  return [
    '--watch',
    '--watch-preserve-output',
    ...watched,
    FROM_SOURCE,
    'apps/master-server/src/main.ts',
    'start',
    ...rest,
  ];
}

/**
 * @param {string} root
 * @returns {string[]} `src` of every app and library, from the root
 */
function sourceFolders(root) {
  /** @param {string} folder */
  const below = (folder) =>
    readdirSync(join(root, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${folder}/${name}`);
  return [...below('apps'), ...below('libs').flatMap((folder) => [folder, ...below(folder)])]
    .map((folder) => `${folder}/src`)
    .filter((folder) => existsSync(join(root, folder)));
}
