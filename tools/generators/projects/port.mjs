import { formatFiles } from '@nx/devkit';
import { renderTemplate, wordsOf } from './new-project.mjs';

/** @import { Tree } from '@nx/devkit' */

/**
 * @param {Tree} tree
 * @param {{ name: string }} options
 * @throws {TypeError} when there is such a port already.
 */
export async function port(tree, { name }) {
  if (tree.exists(`libs/ports/src/${name}.ts`))
    throw new TypeError(`libs/ports/src/${name}.ts is there already.`);
  const words = wordsOf(name);
  const { className, propertyName } = words;
  renderTemplate(tree, 'port/interface', 'libs/ports/src', words);
  renderTemplate(tree, 'port/contract', `libs/testing/src/${name}`, words);
  append(tree, 'libs/ports/src/index.ts', `export type { ${className} } from './${name}.ts';\n`);
  append(
    tree,
    'libs/testing/src/index.ts',
    `export { InMemory${className} } from './${name}/in-memory-${name}.ts';\n`,
  );
  append(
    tree,
    'libs/testing/src/contracts.ts',
    `export { ${propertyName}Contract } from './${name}/${name}-contract.ts';\n`,
  );
  addTableRow(tree, `| \`${className}\` | \`InMemory${className}\` | \`${propertyName}Contract\` |`);
  await formatFiles(tree);
}

/**
 * @param {Tree} tree
 * @param {string} file
 * @param {string} text
 */
function append(tree, file, text) {
  tree.write(file, `${tree.read(file, 'utf8') ?? ''}${text}`);
}

/**
 * @param {Tree} tree
 * @param {string} row - Goes below the last one of the table of ports.
 */
function addTableRow(tree, row) {
  const file = 'libs/testing/README.md';
  const lines = (tree.read(file, 'utf8') ?? '').split('\n');
  lines.splice(lines.findLastIndex((line) => line.startsWith('| ')) + 1, 0, row);
  tree.write(file, lines.join('\n'));
}
