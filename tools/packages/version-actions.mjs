/** How a release writes a version: as Nx does, and into the identity that a library tells others. */
import { join } from 'node:path';
import js from '@nx/js/src/release/version-actions';
import { IDENTITY_FILE, withIdentityVersion } from './identity.mjs';

/** Nx brings the lock up to date. */
export const { afterAllProjectsVersioned } = js;

/** The class that `release.version.versionActions` of nx.json names. */
class OmniVersionActions extends js.default {
  /**
   * @override
   * @param {import('@nx/devkit').Tree} tree
   * @param {string} version
   */
  async updateProjectVersion(tree, version) {
    const messages = await super.updateProjectVersion(tree, version);
    const file = join(this.projectGraphNode.data.root, IDENTITY_FILE);
    const text = tree.read(file, 'utf8');
    if (text === null) return messages;
    tree.write(file, withIdentityVersion(text, version));
    return [...messages, `New version ${version} written to ${file}`];
  }
}

// oxlint-disable-next-line import/no-default-export -- Nx takes the default export
export default OmniVersionActions;
