import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/** RFC 6750, section 2.1. */
export const TOKEN_PATTERN = /^[A-Za-z0-9._~+/-]+=*$/;

/** A longer file is not a token. */
const MAX_TOKEN_BYTES = 4_096;

/** The file in which the gateway of this user keeps its token. */
export function tokenPath(
  environment: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
): string {
  return join(stateFolder(environment, platform), 'token');
}

/** @returns `undefined` when there is none, or none that may be read. Never waits on a pipe or a device. */
export async function readTokenFile(path: string): Promise<string | undefined> {
  const token = (await shortText(path).catch(() => '')).trim();
  return TOKEN_PATTERN.test(token) ? token : undefined;
}

async function shortText(path: string): Promise<string> {
  await using file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  const facts = await file.stat();
  return facts.isFile() && facts.size <= MAX_TOKEN_BYTES ? await file.readFile('utf8') : '';
}

/** Where `@omni/node` keeps state; a test compares the two. */
function stateFolder(
  environment: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): string {
  const own = environment['OMNI_HOME'];
  if (own !== undefined && own !== '') return resolve(own);
  if (platform === 'win32')
    return join(
      environment['LOCALAPPDATA'] || join(environment['USERPROFILE'] || homedir(), 'AppData', 'Local'),
      'omni',
    );
  const home = environment['HOME'] || homedir();
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'omni');
  const state = environment['XDG_STATE_HOME'];
  return join(state !== undefined && isAbsolute(state) ? state : join(home, '.local', 'state'), 'omni');
}
