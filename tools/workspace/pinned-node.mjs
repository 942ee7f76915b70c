/** Which Node runs the repository's own tasks. Runs on Node 20 without any dependency. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The oldest major version that runs Omni's sources as they are (type stripping without a flag, node:sqlite
 * without a warning).
 */
export const OLDEST_NODE_MAJOR = 24;

/**
 * The Node that npm installed for this platform, else the one that runs this, when it is new enough.
 *
 * @param {string} root - Folder that holds node_modules.
 * @param {{ platform?: string, arch?: string, execPath?: string, version?: string }} [host] - This process
 * unless a test says otherwise.
 * @returns {{ path: string } | { problem: string }}
 */
export function findNode(root, host = {}) {
  const {
    platform = process.platform,
    arch = process.arch,
    execPath = process.execPath,
    version = process.versions.node,
  } = host;
  const pinned = join(
    root,
    'node_modules',
    `node-${platform === 'win32' ? 'win' : platform}-${arch}`,
    'bin',
    platform === 'win32' ? 'node.exe' : 'node',
  );
  // It is there and still may not run: a musl system has no glibc for it.
  if (
    existsSync(pinned) &&
    spawnSync(pinned, ['--version'], { stdio: 'ignore', timeout: 10_000 }).status === 0
  )
    return { path: pinned };
  if (Number.parseInt(version, 10) >= OLDEST_NODE_MAJOR) return { path: execPath };
  return {
    problem: [
      `Omni needs Node ${OLDEST_NODE_MAJOR} or newer; this is ${version}, and npm has no Node package for ${platform}-${arch} that runs here.`,
      `Install Node ${OLDEST_NODE_MAJOR} (https://nodejs.org) and run the command again.`,
    ].join('\n'),
  };
}
