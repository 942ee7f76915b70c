import { fileURLToPath } from 'node:url';
import { freePort } from '../free-port.ts';
import { PinnedProcess } from '../pinned-process.ts';
import type { RunningSubject, SubjectContext } from './subject.ts';

/**
 * Starts one of the reference gateways of this folder: `node FILE PORT http URL` or `node FILE PORT stdio COMMAND ARGS…`.
 */
export async function startOwnServer(name: string, file: string, context: SubjectContext): Promise<RunningSubject> {
  const { upstream, kind, cores, folder } = context;
  const port = await freePort();
  const { command, args } = upstream.stdioCommand;
  const pinned = new PinnedProcess({
    name,
    core: cores.subject,
    command: process.execPath,
    args: [
      fileURLToPath(new URL(file, import.meta.url)),
      String(port),
      ...(kind === 'http' ? ['http', upstream.url] : ['stdio', command, ...args]),
    ],
    logFolder: folder,
  });
  return { target: { host: '127.0.0.1', port, path: '/mcp', dialect: 'modern', toolName: 'echo', headers: {} }, process: pinned };
}
