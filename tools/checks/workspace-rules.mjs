/** Rules about how the projects hang together. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { projectsIn, workspaceFolders } from '../workspace/projects.mjs';
import { oldWordsIn } from './vocabulary.mjs';

/** @import { Finding, RuleText } from './findings.mjs' */
/** @import { SourceFile } from './source-files.mjs' */

/**
 * @typedef {RuleText & { check: (root: string, files: readonly SourceFile[]) => Omit<Finding, 'rule'>[] }}
 * WorkspaceRule
 */

/**
 * @param {string} root
 * @returns {Omit<Finding, 'rule'>[]}
 */
function findUnreferencedProjects(root) {
  const file = 'tsconfig.json';
  /** @type {{ references?: { path: string }[] }} */
  const { references = [] } = ts.parseConfigFileTextToJson(
    file,
    readFileSync(join(root, file), 'utf8'),
  ).config;
  const referenced = new Set(references.map(({ path }) => path.replace(/^\.\//, '').replace(/\/$/, '')));
  return workspaceFolders(root)
    .filter((folder) => !referenced.has(folder))
    .map((folder) => ({ where: file, what: `does not reference ${folder}` }));
}

/**
 * @param {string} root
 * @param {readonly SourceFile[]} files
 * @returns {Omit<Finding, 'rule'>[]}
 */
function findUndeclaredProjects(root, files) {
  return workspaceFolders(root).flatMap((folder) => {
    const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const declared = new Set([
      manifest.name,
      ...Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }),
    ]);
    return files
      .filter(
        ({ path, isTest }) =>
          path.startsWith(`${folder}/`) &&
          (!isTest || path.startsWith('libs/testing/')) &&
          !path.endsWith('.test.ts'),
      )
      .flatMap(({ path, text }) => {
        const names = ts
          .preProcessFile(text, true, true)
          .importedFiles.map(({ fileName }) => /^@omni\/[^/]+/.exec(fileName)?.[0]);
        return [...new Set(names)]
          .filter((name) => name !== undefined && !declared.has(name))
          .map((name) => ({
            where: path,
            what: `imports ${name}, which ${folder}/package.json does not declare`,
          }));
      });
  });
}

/**
 * Which layer a folder is, and on which runtimes its code may run.
 *
 * @type {readonly { folder: RegExp, layer: string, runtimes: readonly string[] }[]}
 */
const LAYERS = [
  { folder: /^libs\/(ports|jsonrpc|model)$/, layer: '$1', runtimes: ['any'] },
  { folder: /^libs\/core\/[^/]+$/, layer: 'core', runtimes: ['any'] },
  { folder: /^libs\/adapters\/[^/]+$/, layer: 'adapters', runtimes: ['any', 'node', 'workers'] },
  { folder: /^libs\/composition\/[^/]+$/, layer: 'composition', runtimes: ['any', 'node', 'workers'] },
  { folder: /^libs\/testing$/, layer: 'testing', runtimes: ['node'] },
  { folder: /^apps\/[^/]+$/, layer: 'app', runtimes: ['node', 'workers'] },
  { folder: /^tools\/[^/]+$/, layer: 'tool', runtimes: ['node'] },
];

/**
 * @param {string} root
 * @returns {Omit<Finding, 'rule'>[]}
 */
function findWrongTags(root) {
  return projectsIn(root).flatMap(({ folder, tags }) => {
    const where = `${folder}/${folder.startsWith('tools/') ? 'project' : 'package'}.json`;
    const place = LAYERS.find((row) => row.folder.test(folder));
    if (place === undefined) return [{ where, what: 'lies where no layer is' }];
    const layer = `layer:${folder.replace(place.folder, place.layer)}`;
    const allowed = place.runtimes.map((runtime) => `runtime:${runtime}`);
    const isRight = tags.length === 2 && tags.includes(layer) && allowed.some((tag) => tags.includes(tag));
    if (isRight) return [];
    return [
      {
        where,
        what: `has the tags ${tags.join(', ') || 'of nothing'}, not ${layer}, ${allowed.join(' or ')}`,
      },
    ];
  });
}

/**
 * @param {string} root
 * @returns {Omit<Finding, 'rule'>[]}
 */
function findHiddenTools(root) {
  return readdirSync(join(root, 'tools'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
    .flatMap(({ name }) =>
      ['project.json', 'tsconfig.json']
        .filter((file) => !existsSync(join(root, 'tools', name, file)))
        .map((file) => ({ where: `tools/${name}/project.json`, what: `needs a ${file} in its folder` })),
    );
}

const MAX_FILES_OF_FOLDER = 20;

/**
 * @param {string} _root
 * @param {readonly SourceFile[]} files
 * @returns {Omit<Finding, 'rule'>[]}
 */
function findLargeFolders(_root, files) {
  const sources = files.filter(
    ({ path }) => /^(libs|apps)\//.test(path) && !/\.(test|fixture)\.ts$/.test(path),
  );
  const byFolder = Map.groupBy(sources, ({ path }) => path.slice(0, path.lastIndexOf('/')));
  return [...byFolder]
    .filter(([, found]) => found.length > MAX_FILES_OF_FOLDER)
    .map(([folder, found]) => ({
      where: found[0]?.path ?? folder,
      what: `stands in a folder of ${found.length} source files`,
    }));
}

/** @type {readonly WorkspaceRule[]} */
export const WORKSPACE_RULES = [
  {
    id: 'all-projects-type-checked',
    why: 'A project that the solution does not name is not type-checked by npm test.',
    fix: 'Add its folder to the references of the root tsconfig.json.',
    check: findUnreferencedProjects,
  },
  {
    id: 'declared-projects',
    why: 'Whoever installs this library alone does not get the other; Nx does not see the edge either.',
    fix: 'Add it to the dependencies of the package.json.',
    check: findUndeclaredProjects,
  },
  {
    id: 'tags-of-folders',
    why: 'Nx and the rules of layers would take a project for what it is not.',
    fix: 'Give it the tags of its folder; LAYERS in tools/checks/workspace-rules.mjs has them.',
    check: findWrongTags,
  },
  {
    id: 'tools-are-projects',
    why: 'Nx neither lints nor type-checks what it does not know, and says that all is well.',
    fix: 'Add a project.json and a tsconfig.json like those of the other tools.',
    check: findHiddenTools,
  },
  {
    id: 'field-words',
    why: 'Whoever knows the field looks for its term, and whoever reads two words looks for two things.',
    fix: 'Take the word that is named; tools/checks/vocabulary.mjs has the list.',
    check: oldWordsIn,
  },
  {
    id: 'small-folders',
    why: 'A folder shows one concept; with more than twenty source files it shows none.',
    fix: 'Group the files by what they are about, in folders of their own.',
    check: findLargeFolders,
  },
];
