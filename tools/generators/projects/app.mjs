import { addProject } from './new-project.mjs';

/** @import { Tree } from '@nx/devkit' */

/**
 * @param {Tree} tree
 * @param {{ name: string }} options
 */
export function app(tree, { name }) {
  return addProject(tree, {
    folder: `apps/${name}`,
    name,
    model: 'apps/demo-server',
    description: `The program ${name}.`,
    tags: ['layer:app', 'runtime:node'],
    template: 'app',
  });
}
