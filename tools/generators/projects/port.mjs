import { formatFiles } from '@nx/devkit';
import { renderTemplate, tellNextSteps, wordsOf, WRITE_REPORTS } from './new-project.mjs';
import { refuseTakenExport } from './taken-names.mjs';

/** @import { GeneratorCallback, Tree } from '@nx/devkit' */

/**
 * @param {Tree} tree
 * @param {{ name: string }} options
 * @returns {Promise<GeneratorCallback>} says what is left to do
 * @throws {TypeError} when there is such a port already, or something else has one of its names.
 */
export async function port(tree, { name }) {
  for (const place of [`libs/ports/src/${name}.ts`, `libs/testing/src/${name}`])
    if (tree.exists(place)) throw new TypeError(`${place} is there already; take another name.`);
  const words = wordsOf(name);
  const { className, propertyName } = words;
  refuseTakenExport(tree, 'libs/ports/src/index.ts', className);
  refuseTakenExport(tree, 'libs/testing/src/index.ts', `InMemory${className}`);
  refuseTakenExport(tree, 'libs/testing/src/contracts.ts', `${propertyName}Contract`);
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
  return () =>
    tellNextSteps([
      `Give ${propertyName}Contract a sound adapter and a faulty one, in sound-adapters.ts and faulty-adapters.ts of tools/checks/contract-suites.`,
      WRITE_REPORTS,
    ]);
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
