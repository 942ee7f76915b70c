import { readFileSync } from 'node:fs';

const WORKSPACE_MODULES = new URL('../../../node_modules/', import.meta.url);

/** Version of an installed package, by default one of the workspace. Throws when it is not installed. */
export function packageVersion(name: string, modules: URL = WORKSPACE_MODULES): string {
  // Holds: every package.json has a version.
  return (JSON.parse(readFileSync(new URL(`${name}/package.json`, modules), 'utf8')) as { version: string })
    .version;
}
