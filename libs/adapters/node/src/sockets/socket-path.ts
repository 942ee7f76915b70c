import { createHash } from 'node:crypto';
import { join } from 'node:path';

const PIPE_PREFIX = String.raw`\\.\pipe` + '\\';
/** Room in the address of a Unix socket, without the closing NUL: 108 bytes on Linux, 104 on macOS. */
const MAX_SOCKET_PATH_BYTES = 103;

/**
 * Where Omni's own socket is: `omni.sock` in the state folder; on Windows a named pipe of its own for each
 * state folder.
 */
export function defaultSocketPath(stateDir: string, platform: NodeJS.Platform = process.platform): string {
  if (platform !== 'win32') return join(stateDir, 'omni.sock');
  return `${PIPE_PREFIX}omni-${createHash('sha256').update(stateDir.toLowerCase()).digest('hex').slice(0, 16)}`;
}

/** Where the owner of Omni tells it what to do: `control.sock` in the state folder, or a named pipe. */
export function controlSocketPath(stateDir: string, platform: NodeJS.Platform = process.platform): string {
  return platform === 'win32'
    ? defaultSocketPath(join(stateDir, 'control'), platform)
    : join(stateDir, 'control.sock');
}

/** Whether a path names a pipe of Windows, which is no file. */
export function isPipeName(path: string): boolean {
  return path.startsWith(PIPE_PREFIX);
}

/** Whether the system can bind a Unix socket at this path. */
export function fitsSocketPath(path: string): boolean {
  return isPipeName(path) || Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES;
}
