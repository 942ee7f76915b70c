/**
 * A plugin of Nx: what lies in a project decides which targets it has, so that no project can be forgotten.
 * `build` and `typecheck` of libraries and apps come from `@nx/js/typescript`.
 */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** @import { CreateNodesV2, TargetConfiguration } from '@nx/devkit' */

/** Everywhere but the root, whose targets are in its own project.json. */
const MANIFESTS = '{apps,libs,tools}/**/{package,project}.json';

/** @type {CreateNodesV2} */
export const createNodesV2 = [
  MANIFESTS,
  (files, _options, { workspaceRoot }) =>
    files
      .filter((file) => isProject(workspaceRoot, file))
      .map((file) => {
        const folder = dirname(file).replaceAll('\\', '/');
        return [file, { projects: { [folder]: { targets: targetsOf(workspaceRoot, folder) } } }];
      }),
];

/**
 * @param {string} root
 * @param {string} file - A package.json may also be a fixture, or describe what is installed on demand.
 */
function isProject(root, file) {
  return basename(file) === 'project.json' || existsSync(join(root, dirname(file), 'tsconfig.lib.json'));
}

/**
 * @param {string} root - Absolute.
 * @param {string} folder - Of the project, from the root.
 * @returns {Record<string, TargetConfiguration>}
 */
function targetsOf(root, folder) {
  /** @type {Record<string, TargetConfiguration>} */
  const targets = { lint: lint() };
  if (existsSync(join(root, folder, 'jest.config.mjs')) && !folder.endsWith('-e2e')) targets['test'] = test();
  if (folder.startsWith('tools/')) targets['typecheck'] = typecheckOfTool();
  return targets;
}

/** @returns {TargetConfiguration} */
function lint() {
  const argv = '--exit-code node_modules/oxlint/bin/oxlint --deny-warnings {projectRoot}';
  return {
    command: `node tools/workspace/counted-task.mjs ${resultsOf('lint')} ${argv}`,
    cache: true,
    // Rules with types look at what a project imports.
    inputs: ['default', '^production', '{workspaceRoot}/.oxlintrc.json'],
    outputs: [resultsOf('lint')],
    metadata: { description: 'oxlint with types', technologies: ['oxlint'] },
  };
}

/** @returns {TargetConfiguration} */
function test() {
  const argv = '--config={projectRoot}/jest.config.mjs --maxWorkers=1 --workerIdleMemoryLimit=400MB';
  return {
    command: `node tools/workspace/jest-task.mjs ${resultsOf('unit')} ${argv}`,
    cache: true,
    inputs: ['default', '^production'],
    outputs: [resultsOf('unit')],
    metadata: { description: 'unit, property and contract tests', technologies: ['jest'] },
  };
}

/**
 * Nothing is built of a tool, so that the compiler has nothing to build on: it reads the sources of whatever
 * the tool imports.
 *
 * @returns {TargetConfiguration}
 */
function typecheckOfTool() {
  return {
    command: 'node node_modules/@typescript/native/bin/tsc --project {projectRoot}/tsconfig.json',
    cache: true,
    inputs: ['default', '^production', '{workspaceRoot}/tools/tsconfig.json'],
    metadata: { description: 'tsc over one tool', technologies: ['typescript'] },
  };
}

/** @param {string} name */
function resultsOf(name) {
  return `{projectRoot}/.test-results/${name}.json`;
}
