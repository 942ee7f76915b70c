import { addProject, wordsOf } from './new-project.mjs';

/** @import { Tree } from '@nx/devkit' */

/**
 * @param {Tree} tree
 * @param {{ name: string, port: string }} options
 * @throws {TypeError} when there is no such port.
 */
export function adapter(tree, { name, port }) {
  if (!tree.exists(`libs/ports/src/${port}.ts`) || !tree.exists(`libs/testing/src/${port}`))
    throw new TypeError(
      `There is no port ${port} with a contract suite; npm run generate port ${port} makes one.`,
    );
  const { className, propertyName } = wordsOf(port);
  return addProject(tree, {
    folder: `libs/adapters/${name}`,
    name,
    model: 'libs/adapters/node',
    description: `${className} over files of Node.`,
    tags: ['layer:adapters', 'runtime:node'],
    template: 'adapter',
    words: { port, portClass: className, portProperty: propertyName },
  });
}
