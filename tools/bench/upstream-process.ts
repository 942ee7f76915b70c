import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.ts';
import { onCore, PinnedProcess, type CorePlan } from './pinned-process.ts';

const START_TIMEOUT_MS = 10_000;

/** The file that is the upstream; a process whose command line names it is not part of a subject. */
export const UPSTREAM_FILE = fileURLToPath(new URL('./upstream.ts', import.meta.url));

/** The upstream behind every subject, in both forms. */
export interface Upstream {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly url: string;
  /** Starts the upstream as a stdio server on the load core. */
  readonly stdioCommand: { readonly command: string; readonly args: readonly string[] };
  readonly pid: number;
  stop(): Promise<void>;
}

/**
 * Starts the HTTP upstream on the load core and waits until it listens.
 *
 * @param options - How many tools it lists: the echo tool, and others that nobody calls; default 1. In which
 * manner it treats calls, see `createManner`; default `prompt`.
 */
export async function startUpstream(
  cores: CorePlan,
  logFolder: string,
  { tools = 1, manner = 'prompt' }: { readonly tools?: number; readonly manner?: string } = {},
): Promise<Upstream> {
  const port = await freePort();
  const pinned = new PinnedProcess({
    name: 'upstream',
    core: cores.load,
    command: process.execPath,
    args: [UPSTREAM_FILE, '--port', String(port), '--tools', String(tools), '--manner', manner],
    logFolder,
    ipc: true,
  });
  await new Promise<void>((resolve, reject) => {
    const onExit = (): void => reject(new Error(`the upstream ended: ${pinned.logTail()}`));
    const timer = setTimeout(() => reject(new Error('the upstream did not start in time')), START_TIMEOUT_MS);
    pinned.child.once('exit', onExit);
    pinned.child.once('message', () => {
      clearTimeout(timer);
      pinned.child.off('exit', onExit);
      resolve();
    });
  });
  const [command = process.execPath, ...args] = [
    ...onCore(cores.load),
    process.execPath,
    UPSTREAM_FILE,
    '--stdio',
  ];
  return {
    host: '127.0.0.1',
    port,
    path: '/mcp',
    url: `http://127.0.0.1:${port}/mcp`,
    stdioCommand: { command, args },
    pid: pinned.pid,
    stop: () => pinned.stop(),
  };
}
