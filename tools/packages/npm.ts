/** npm's own program, run by a Node of choice and without what the workspace tells its scripts. */
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { run, type Finished } from './process.ts';

/**
 * No script of a package runs, packages that the cache has are not asked for again, and a registry that is
 * not there is given up after a second, not after a minute for each package.
 */
export const QUIET = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'].concat([
  '--fetch-retries=1',
  '--fetch-retry-mintimeout=500',
  '--fetch-retry-maxtimeout=1000',
]);

/** What npm and Nx tell the programs that they start. */
const OURS = /^(npm_|nx_)/i;
/** How this machine reaches the world, which a stranger on it knows, too. */
const OF_MACHINE = /^npm_config_(cache|cafile|https?_proxy|proxy|noproxy|offline|registry|userconfig)$/i;

/** What npm says when it reaches no registry. */
const NO_NETWORK = /\b(ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENOTCACHED)\b/;

/** @throws RangeError when no npm is installed. */
export function npmProgram(env: NodeJS.ProcessEnv = process.env): string {
  const own = env['npm_execpath'];
  if (own !== undefined && /npm-cli\.c?js$/.test(own) && existsSync(own)) return own;
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    const command = join(folder, 'npm');
    if (!existsSync(command)) continue;
    const file = realpathSync(command);
    const candidates = [file, join(dirname(file), 'node_modules/npm/bin/npm-cli.js')];
    const found = candidates.find((path) => path.endsWith('npm-cli.js') && existsSync(path));
    if (found !== undefined) return found;
  }
  throw new RangeError('npm is not on the PATH: install it with Node (https://nodejs.org)');
}

export interface NpmOptions {
  readonly cwd: string;
  /** Path of the Node that runs npm; the present one by default. */
  readonly node?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** @param args - Arguments of npm, the command first. */
export function npm(
  args: readonly string[],
  { cwd, node = process.execPath, env = {} }: NpmOptions,
): Promise<Finished> {
  // Nx and npm tell their children about the workspace; a stranger's npm knows nothing of it.
  const strangers = Object.entries(process.env).filter(([key]) => OF_MACHINE.test(key) || !OURS.test(key));
  const path = [dirname(node), process.env['PATH'] ?? ''].join(delimiter);
  return run(node, [npmProgram(), ...args], {
    cwd,
    env: { ...Object.fromEntries(strangers), PATH: path, NO_COLOR: '1', ...env },
  });
}

/** Whether npm failed for want of a network and not because of a package. */
export function isWithoutNetwork({ code, output }: Finished): boolean {
  return code !== 0 && NO_NETWORK.test(output);
}
