/** The projects of this workspace as they lie in its folders: it takes no graph of Nx to know them. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * @typedef {object} Project
 * @property {string} folder - From the root, with forward slashes.
 * @property {string} name - In Nx.
 * @property {readonly string[]} tags
 */

/**
 * @param {string} root
 * @returns {string[]} folders of the npm workspaces, from the root, sorted
 */
export function workspaceFolders(root) {
  /** @type {{ workspaces?: string[] }} */
  const { workspaces = [] } = manifestIn(root, 'package.json');
  return globSync(workspaces, { cwd: root })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => existsSync(join(root, path, 'package.json')))
    .sort();
}

/**
 * @param {string} root
 * @returns {Project[]} libraries and apps, then tools; not the root, whose targets are about everything
 */
export function projectsIn(root) {
  const packages = workspaceFolders(root).map((folder) => {
    const { name, nx = {} } = manifestIn(root, `${folder}/package.json`);
    return { folder, name, tags: nx.tags ?? [] };
  });
  const tools = globSync('tools/*/project.json', { cwd: root })
    .map((file) => dirname(file).replaceAll('\\', '/'))
    .sort()
    .map((folder) => {
      const { name, tags = [] } = manifestIn(root, `${folder}/project.json`);
      return { folder, name, tags };
    });
  return [...packages, ...tools];
}

/**
 * @param {string} root
 * @returns {Project[]} those with unit tests; end-to-end tests are tasks of their own
 */
export function unitProjects(root) {
  return projectsIn(root).filter(
    ({ folder }) => existsSync(join(root, folder, 'jest.config.mjs')) && !folder.endsWith('-e2e'),
  );
}

/**
 * @param {string} root
 * @param {string} file
 */
function manifestIn(root, file) {
  return JSON.parse(readFileSync(join(root, file), 'utf8'));
}
