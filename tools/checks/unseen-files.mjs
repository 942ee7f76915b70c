/** Rules about what no task would look at: such files are neither checked nor run, and all seems well. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { END_TO_END } from '../workspace/areas.mjs';
import preset from '../workspace/jest-preset.mjs';
import { projectsIn, unitProjects, workspaceFolders } from '../workspace/projects.mjs';
import { isOurs, walk } from './source-files.mjs';

/** @import { Finding } from './findings.mjs' */
/** @import { WorkspaceRule } from './workspace-rules.mjs' */

const SOURCES = '{libs,apps,tools}/**/*.{ts,tsx,mts,cts,js,jsx,mjs,cjs}';
const TESTS = '{libs,apps,tools}/**/*.{test,spec}.{ts,tsx,mts,cts,js,jsx,mjs,cjs}';

/**
 * @param {string} root
 * @returns {Omit<Finding, 'rule'>[]}
 */
function findHomelessSources(root) {
  const folders = projectsIn(root).map(({ folder }) => `${folder}/`);
  return filesOf(root, SOURCES)
    .filter((path) => !folders.some((folder) => path.startsWith(folder)))
    .map((path) => ({ where: path, what: 'belongs to no project of the workspace' }));
}

/**
 * @param {string} root
 * @returns {Omit<Finding, 'rule'>[]}
 */
function findUnrunTests(root) {
  const tested = [...unitProjects(root), ...projectsIn(root).filter(({ folder }) => folder === END_TO_END)];
  const found = new Set(tested.flatMap(({ folder }) => testsFoundIn(root, folder)));
  return filesOf(root, TESTS)
    .filter((path) => !found.has(path))
    .map((path) => ({ where: path, what: 'is found by the Jest configuration of no project' }));
}

/**
 * @param {string} root
 * @returns {Omit<Finding, 'rule'>[]}
 */
function findUntestedProjects(root) {
  return workspaceFolders(root)
    .filter((folder) => !existsSync(join(root, folder, 'jest.config.mjs')))
    .map((folder) => ({ where: `${folder}/package.json`, what: 'has no jest.config.mjs beside it' }));
}

/**
 * @param {string} root
 * @param {string} folder - Of a project with a jest.config.mjs, which is read and not run: what stands there
 * as a list of texts counts, and the preset for the rest.
 * @returns {string[]} paths from the root
 */
function testsFoundIn(root, folder) {
  const own = listsIn(readFileSync(join(root, folder, 'jest.config.mjs'), 'utf8'));
  const places = own.get('roots') ?? preset.roots;
  const ignored = ['testPathIgnorePatterns', 'modulePathIgnorePatterns']
    .flatMap((name) => own.get(name) ?? [])
    .map((pattern) => new RegExp(pattern.replace('<rootDir>', `^${folder}`)));
  return places
    .flatMap((place) =>
      filesOf(
        root,
        (own.get('testMatch') ?? preset.testMatch).map(
          (pattern) => `${place.replace('<rootDir>', folder)}/${pattern}`,
        ),
      ),
    )
    .filter((path) => !ignored.some((pattern) => pattern.test(path)));
}

/**
 * @param {string} config - Text of a jest.config.mjs.
 * @returns {Map<string, string[]>} its settings that are lists of texts
 */
function listsIn(config) {
  /** @type {Map<string, string[]>} */
  const lists = new Map();
  walk(ts.createSourceFile('jest.config.mjs', config, ts.ScriptTarget.Latest, true), (node) => {
    if (ts.isPropertyAssignment(node) && ts.isArrayLiteralExpression(node.initializer))
      lists.set(
        node.name.getText(),
        node.initializer.elements.filter(ts.isStringLiteralLike).map(({ text }) => text),
      );
  });
  return lists;
}

/**
 * @param {string} root
 * @param {string | string[]} pattern
 */
function filesOf(root, pattern) {
  return globSync(pattern, { cwd: root, exclude: (name) => !isOurs(name) })
    .map((path) => path.replaceAll('\\', '/'))
    .sort();
}

/** @type {readonly WorkspaceRule[]} */
export const UNSEEN_FILES_RULES = [
  {
    id: 'sources-in-projects',
    why: 'No task lints, type-checks or tests what lies outside of the projects.',
    fix: 'Move it into a project, or give its folder what a project of its place has.',
    check: findHomelessSources,
  },
  {
    id: 'tests-are-run',
    why: 'A test that is not run says nothing, and looks as if it did.',
    fix: 'Call it *.test.ts and put it where the jest.config.mjs of its project looks.',
    check: findUnrunTests,
  },
  {
    id: 'projects-are-tested',
    why: 'A library or app without a Jest configuration has no task for its tests.',
    fix: 'Add a jest.config.mjs like those of the other libraries and apps.',
    check: findUntestedProjects,
  },
];
