/** What a generator refuses, since the workspace would be broken by it. */
import { globSync } from 'node:fs';
import { readJson } from '@nx/devkit';
import ts from 'typescript';

/** @import { Tree } from '@nx/devkit' */

/**
 * @param {Tree} tree
 * @param {string} name - With its scope: `@omni/config`.
 * @throws {TypeError} when a package of the workspace, or the workspace itself, has the name.
 */
export function refuseTakenPackage(tree, name) {
  /** @type {{ workspaces?: string[] }} */
  const { workspaces = [] } = readJson(tree, 'package.json');
  const manifests = globSync(
    workspaces.map((folder) => `${folder}/package.json`),
    { cwd: tree.root },
  );
  for (const file of ['package.json', ...manifests.sort()])
    if (readJson(tree, file).name === name)
      throw new TypeError(`${name} is the name of ${file} already; take another name.`);
}

/**
 * @param {Tree} tree
 * @param {string} file - An index.
 * @param {string} name
 * @throws {TypeError} when the index exports something of that name.
 */
export function refuseTakenExport(tree, file, name) {
  if (exportsOf(tree, file).includes(name))
    throw new TypeError(`${file} exports ${name} already; take another name.`);
}

/**
 * @param {Tree} tree
 * @param {string} file - An index, which has nothing but `export { … } from …`.
 * @returns {string[]} the names that it exports
 */
export function exportsOf(tree, file) {
  return ts
    .createSourceFile(file, tree.read(file, 'utf8') ?? '', ts.ScriptTarget.Latest)
    .statements.filter(ts.isExportDeclaration)
    .flatMap(({ exportClause }) =>
      exportClause !== undefined && ts.isNamedExports(exportClause)
        ? exportClause.elements.map(({ name }) => name.text)
        : [],
    );
}
