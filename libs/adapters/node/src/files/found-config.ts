import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** A configuration that nobody has named. */
export interface FoundConfig {
  readonly path: string;
  /** `own`: in the user's folder. `here`: in the working directory, whoever put it there. */
  readonly where: 'own' | 'here';
}

export interface FindConfigOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The working directory. */
  readonly folder: string;
}

const NAMES = ['omni.yaml', 'omni.yml', 'omni.json', 'omni.jsonc', 'omni.toml'];
const OWN_NAMES = [
  ...NAMES,
  ...NAMES.flatMap((name) => ['default', 'local'].map((base) => name.replace('omni', base))),
];

/**
 * Looks for a configuration where none is named: in the user's own folder (`$XDG_CONFIG_HOME/omni`,
 * `~/.config/omni`, `%APPDATA%\omni`), then for `omni.yaml` and the like in the working directory. Folders
 * above are not looked at.
 */
export async function findConfig({
  environment,
  folder,
}: FindConfigOptions): Promise<FoundConfig | undefined> {
  const own = configDirectory(environment);
  for (const name of OWN_NAMES) if (await isThere(join(own, name))) return { path: own, where: 'own' };
  for (const name of NAMES) {
    const path = join(folder, name);
    if (await isThere(path)) return { path, where: 'here' };
  }
  return undefined;
}

function configDirectory(
  env: FindConfigOptions['environment'],
  platform: NodeJS.Platform = process.platform,
): string {
  if (platform === 'win32')
    return join(env['APPDATA'] || join(env['USERPROFILE'] || homedir(), 'AppData', 'Roaming'), 'omni');
  const config = env['XDG_CONFIG_HOME'];
  // The XDG specification says to ignore a relative path.
  const base =
    config !== undefined && isAbsolute(config) ? config : join(env['HOME'] || homedir(), '.config');
  return join(base, 'omni');
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
