/**
 * Writes into the manifests of all libraries what each that is published says: where it is, what it runs on,
 * how it is published; and copies the licence beside it. Usage:
 * `node tools/packages/complete.mjs [https://HOST/OWNER/NAME]`; the address is also written into package.json.
 */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { publicLibraries } from '../checks/packaging.mjs';
import { bounds } from './bounds.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const KEYWORDS = ['mcp', 'model-context-protocol', 'gateway'];
/** Fields in this order; others follow as they stood. */
const ORDER = [
  'name',
  'version',
  'private',
  'description',
  'keywords',
  'homepage',
  'repository',
  'license',
].concat(
  ['type', 'exports', 'files', 'sideEffects', 'engines', 'scripts', 'dependencies', 'devDependencies'],
  ['peerDependencies', 'peerDependenciesMeta', 'publishConfig'],
);

/**
 * @param {string} manifest - Text of a package.json.
 * @param {string} address - Of the repository's page, without a slash at its end.
 * @param {{ folder: string, node: string, typescript: string }} [library] - Absent for the workspace itself.
 * @returns {string}
 */
export function completed(manifest, address, library) {
  const fields = JSON.parse(manifest);
  const url = `git+${address}.git`;
  if (library === undefined)
    return written({ ...fields, homepage: address, repository: { type: 'git', url } });
  const { folder, node, typescript } = library;
  return written(
    inOrder({
      ...fields,
      keywords: fields.keywords ?? KEYWORDS,
      homepage: `${address}/tree/main/${folder}#readme`,
      repository: { type: 'git', url, directory: folder },
      license: 'MIT',
      engines: { node: `>=${node}` },
      peerDependencies: { ...fields.peerDependencies, typescript: `>=${typescript}` },
      peerDependenciesMeta: { ...fields.peerDependenciesMeta, typescript: { optional: true } },
      publishConfig: { access: 'public', provenance: true },
    }),
  );
}

/** @param {object} manifest */
function written(manifest) {
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

/** @param {Record<string, unknown>} fields */
function inOrder(fields) {
  const keys = [...ORDER, ...Object.keys(fields).filter((key) => !ORDER.includes(key))];
  return Object.fromEntries(keys.filter((key) => fields[key] !== undefined).map((key) => [key, fields[key]]));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const file = join(ROOT, 'package.json');
  const address = process.argv[2] ?? JSON.parse(readFileSync(file, 'utf8')).homepage;
  if (!/^https:\/\/[^/]+\/.+[^/]$/.test(address)) {
    console.error('Usage: node tools/packages/complete.mjs [https://HOST/OWNER/NAME]');
    process.exitCode = 64;
  } else {
    writeFileSync(file, completed(readFileSync(file, 'utf8'), address));
    for (const folder of publicLibraries(ROOT)) {
      const path = join(ROOT, folder, 'package.json');
      writeFileSync(path, completed(readFileSync(path, 'utf8'), address, { folder, ...bounds() }));
      copyFileSync(join(ROOT, 'LICENSE'), join(ROOT, folder, 'LICENSE'));
    }
    console.log('Now bring the lock up to date: npm install --package-lock-only');
  }
}
