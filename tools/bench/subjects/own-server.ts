import { fileURLToPath } from 'node:url';
import { freePort } from '../free-port.ts';
import { HeapProbe, heapProbeOptions } from '../heap-probe.ts';
import { PinnedProcess } from '../pinned-process.ts';
import { plainTarget } from '../target.ts';
import type { RunningSubject, SubjectContext } from './subject.ts';

/**
 * Starts one of the references of this folder: `node FILE PORT ARGS…`.
 *
 * @param args - Default: where the upstream is, `http URL` or `stdio COMMAND ARGS…`.
 */
export async function startOwnServer(
  name: string,
  file: string,
  context: SubjectContext,
  args: readonly string[] = upstreamArguments(context),
): Promise<RunningSubject> {
  const { cores, folder, isProbed = false } = context;
  const port = await freePort();
  const pinned = new PinnedProcess({
    name,
    core: cores.subject,
    command: process.execPath,
    args: [
      ...(isProbed ? heapProbeOptions() : []),
      fileURLToPath(new URL(file, import.meta.url)),
      String(port),
      ...args,
    ],
    logFolder: folder,
    ipc: isProbed,
  });
  return {
    target: plainTarget(port),
    process: pinned,
    ...(isProbed ? { heap: new HeapProbe(pinned) } : {}),
  };
}

function upstreamArguments({ upstream, kind }: SubjectContext): readonly string[] {
  const { command, args } = upstream.stdioCommand;
  return kind === 'http' ? ['http', upstream.url] : ['stdio', command, ...args];
}
