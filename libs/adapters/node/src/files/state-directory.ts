import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/**
 * The folder of Omni's own files: `OMNI_HOME`, else the custom of the system (`$XDG_STATE_HOME/omni` or
 * `~/.local/state/omni`, `~/Library/Application Support/omni`, `%LOCALAPPDATA%\omni`). It need not exist.
 */
export function stateDirectory(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
): string {
  const own = env['OMNI_HOME'];
  if (own !== undefined && own !== '') return resolve(own);
  if (platform === 'win32')
    return join(env['LOCALAPPDATA'] || join(env['USERPROFILE'] || homedir(), 'AppData', 'Local'), 'omni');
  const home = env['HOME'] || homedir();
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'omni');
  const state = env['XDG_STATE_HOME'];
  // The XDG specification says to ignore a relative path.
  return join(state !== undefined && isAbsolute(state) ? state : join(home, '.local', 'state'), 'omni');
}
