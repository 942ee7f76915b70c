/** What the packages promise to run on, as the pins say it: the ends that are tried. */
import { readFileSync } from 'node:fs';

/**
 * @typedef {object} Bounds
 * @property {string} node - Version of Node, e.g. `22.21.0`; `engines` must begin there.
 * @property {string} typescript - Major and minor version, e.g. `5.8`; the optional peer must begin there.
 */

/** @returns {Bounds} */
export function bounds() {
  return {
    node: pinnedVersion('node-oldest'),
    typescript: pinnedVersion('typescript-oldest').split('.').slice(0, 2).join('.'),
  };
}

/**
 * @param {string} name
 * @returns {string} the exact version that `pins/package.json` names, without its alias
 */
function pinnedVersion(name) {
  const text = readFileSync(new URL('pins/package.json', import.meta.url), 'utf8');
  const { dependencies, optionalDependencies } = JSON.parse(text);
  /** @type {string | undefined} */
  const wanted = { ...dependencies, ...optionalDependencies }[name];
  if (wanted === undefined) throw new RangeError(`tools/packages/pins/package.json does not name ${name}`);
  return wanted.slice(wanted.lastIndexOf('@') + 1);
}
