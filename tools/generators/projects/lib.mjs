import { addProject } from './new-project.mjs';

/** @import { Tree } from '@nx/devkit' */

/**
 * @param {Tree} tree
 * @param {{ name: string }} options
 */
export function lib(tree, { name }) {
  return addProject(tree, {
    folder: `libs/core/${name}`,
    name,
    model: 'libs/core/auth',
    description: `The ${name.replaceAll('-', ' ')} of the gateway.`,
    tags: ['layer:core', 'runtime:any'],
    template: 'core',
    sizeBudget: 1,
  });
}
