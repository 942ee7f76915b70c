import { exportsOf } from './taken-names.mjs';
import { addProject, wordsOf } from './new-project.mjs';

/** @import { Tree } from '@nx/devkit' */

/**
 * @param {Tree} tree
 * @param {{ name: string, port: string }} options
 * @throws {TypeError} when there is no such port, or none that the template can implement.
 */
export function adapter(tree, { name, port }) {
  const { className, propertyName } = wordsOf(port);
  if (!tree.exists(`libs/testing/src/${port}/${port}-contract.ts`))
    throw new TypeError(
      exportsOf(tree, 'libs/ports/src/index.ts').includes(className)
        ? `${className} is no port of this generator's kind, which keeps texts by key and has its contract suite in libs/testing/src/${port}. Write its adapter by hand; libs/adapters/fetch is an example.`
        : `There is no port ${port}; npm run generate port ${port} makes one with a contract suite.`,
    );
  return addProject(tree, {
    folder: `libs/adapters/${name}`,
    name,
    model: 'libs/adapters/node',
    description: `${className} over files of Node.`,
    tags: ['layer:adapters', 'runtime:node'],
    template: 'adapter',
    sizeBudget: 1,
    words: { port, portClass: className, portProperty: propertyName },
  });
}
