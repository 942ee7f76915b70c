/** What a new project has in common with an older one of its kind, which is taken as its model. */
import { fileURLToPath } from 'node:url';
import {
  formatFiles,
  generateFiles,
  installPackagesTask,
  logger,
  names,
  readJson,
  updateJson,
  writeJson,
} from '@nx/devkit';
import { addSizeBudget } from './size-budget.mjs';
import { refuseTakenPackage } from './taken-names.mjs';

/** @import { GeneratorCallback, Tree } from '@nx/devkit' */

const TEMPLATES = fileURLToPath(new URL('../templates/', import.meta.url));

export const WRITE_REPORTS =
  'npm run typecheck && node tools/checks/api-reports.mjs --write writes what it shows into docs/api; commit it.';
const RAISE_BUDGET =
  'Its row in BUDGETS of tools/checks/package-sizes.mjs is that of the template: set it to what is measured.';

/**
 * @typedef {object} NewProject
 * @property {string} folder - From the root of the workspace.
 * @property {string} name - Of the package, without its scope.
 * @property {string} model - Folder of the project whose manifest and settings it takes.
 * @property {string} description
 * @property {readonly string[]} tags
 * @property {number} [sizeBudget] - Of a library: kilobytes of what the template makes, in a bundle, and a
 * tenth.
 * @property {string} template - Folder in `templates`.
 * @property {Readonly<Record<string, string>>} [words] - What the template asks for beside the name.
 */

/**
 * @param {Tree} tree
 * @param {NewProject} project
 * @returns {Promise<GeneratorCallback>} installs the link in node_modules and the entry of the lock, and says
 * what is left to do
 * @throws {TypeError} when the folder is there already, or a package has the name.
 */
export async function addProject(tree, project) {
  const { folder, name, template, sizeBudget, words = {} } = project;
  if (tree.exists(folder)) throw new TypeError(`${folder} is there already; take another name or remove it.`);
  refuseTakenPackage(tree, `@omni/${name}`);
  addManifest(tree, project);
  addSettings(tree, project);
  renderTemplate(tree, template, folder, { ...wordsOf(name), ...words });
  updateJson(tree, 'tsconfig.json', (solution) => ({
    ...solution,
    references: [...solution.references, { path: `./${folder}` }],
  }));
  if (sizeBudget !== undefined) addSizeBudget(tree, `@omni/${name}`, sizeBudget);
  await formatFiles(tree);
  return () => {
    installPackagesTask(tree, true);
    if (sizeBudget !== undefined) tellNextSteps([WRITE_REPORTS, RAISE_BUDGET]);
  };
}

/** @param {readonly string[]} steps - What the generator leaves to its user. */
export function tellNextSteps(steps) {
  logger.info(['', 'Next, when the code is yours:', ...steps.map((step) => `- ${step}`), ''].join('\n'));
}

/**
 * @param {Tree} tree
 * @param {string} template
 * @param {string} folder
 * @param {Readonly<Record<string, string>>} words
 */
export function renderTemplate(tree, template, folder, words) {
  generateFiles(tree, `${TEMPLATES}${template}`, folder, words);
}

/**
 * @param {string} name - `blob-store`
 * @returns {{ name: string, className: string, propertyName: string }} `blob-store`, `BlobStore`, `blobStore`
 */
export function wordsOf(name) {
  const { className, propertyName } = names(name);
  return { name, className, propertyName };
}

/**
 * @param {Tree} tree
 * @param {NewProject} project
 */
function addManifest(tree, { folder, name, model, description, tags }) {
  const {
    dependencies = {},
    devDependencies: _,
    repository,
    bin: _bin,
    ...rest
  } = readJson(tree, `${model}/package.json`);
  const own = Object.entries(dependencies).filter(([dependency]) => dependency === '@omni/ports');
  writeJson(tree, `${folder}/package.json`, {
    ...rest,
    name: `@omni/${name}`,
    description,
    ...(repository === undefined ? {} : { repository: { ...repository, directory: folder } }),
    ...(own.length === 0 ? {} : { dependencies: Object.fromEntries(own) }),
    nx: { tags, includedScripts: [] },
  });
}

/**
 * @param {Tree} tree
 * @param {NewProject} project
 */
function addSettings(tree, { folder, model, name }) {
  for (const file of ['tsconfig.json', 'tsconfig.lib.json', 'tsconfig.spec.json', 'LICENSE']) {
    const text = tree.read(`${model}/${file}`, 'utf8');
    if (text !== null) tree.write(`${folder}/${file}`, text);
  }
  const config = tree.read(`${model}/jest.config.mjs`, 'utf8') ?? '';
  tree.write(`${folder}/jest.config.mjs`, config.replace(/displayName: '[^']*'/, `displayName: '${name}'`));
}
