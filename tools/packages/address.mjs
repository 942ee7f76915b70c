/**
 * Writes where this repository is into package.json and those of the libraries.
 * Usage: node tools/packages/address.mjs https://HOST/OWNER/NAME
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { publicLibraries } from '../checks/packaging.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * @param {string} manifest - Text of a package.json.
 * @param {string} address - Of the repository's page, without a slash at its end.
 * @param {string} [directory] - Of the package in it.
 * @returns {string}
 */
export function withAddress(manifest, address, directory) {
  const url = `git+${address}.git`;
  const fields = {
    homepage: directory === undefined ? address : `${address}/tree/main/${directory}#readme`,
    repository: directory === undefined ? { type: 'git', url } : { type: 'git', url, directory },
  };
  return `${JSON.stringify({ ...JSON.parse(manifest), ...fields }, undefined, 2)}\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const address = process.argv[2] ?? '';
  if (!/^https:\/\/[^/]+\/.+[^/]$/.test(address)) {
    console.error('Usage: node tools/packages/address.mjs https://HOST/OWNER/NAME');
    process.exitCode = 64;
  } else {
    for (const folder of [undefined, ...publicLibraries(ROOT)]) {
      const file = join(ROOT, folder ?? '', 'package.json');
      writeFileSync(file, withAddress(readFileSync(file, 'utf8'), address, folder));
    }
  }
}
