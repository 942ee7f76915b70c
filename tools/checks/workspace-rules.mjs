/** Rules about how the projects hang together. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** @import { Finding, RuleText } from './findings.mjs' */
/** @import { SourceFile } from './source-files.mjs' */

/** @typedef {RuleText & { check: (root: string, files: readonly SourceFile[]) => Omit<Finding, 'rule'>[] }} WorkspaceRule */

/**
 * @param {string} root
 * @returns {string[]} folders of the npm workspaces, relative, sorted
 */
export function projectFolders(root) {
  /** @type {{ workspaces?: string[] }} */
  const { workspaces = [] } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return globSync(workspaces, { cwd: root })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => existsSync(join(root, path, 'package.json')))
    .sort();
}

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
  return projectFolders(root)
    .filter((folder) => !referenced.has(folder))
    .map((folder) => ({ where: file, what: `does not reference ${folder}` }));
}

/**
 * @param {string} root
 * @param {readonly SourceFile[]} files
 * @returns {Omit<Finding, 'rule'>[]}
 */
function findUndeclaredProjects(root, files) {
  return projectFolders(root).flatMap((folder) => {
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
];
