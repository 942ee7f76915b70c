/** A registry for the time of a rehearsal. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('registry.mjs', import.meta.url));

export interface LocalRegistry extends AsyncDisposable {
  /** `http://127.0.0.1:PORT/` */
  readonly url: string;
  /** Options of npm with which this registry takes whatever is published. */
  readonly credentials: readonly string[];
}

/**
 * @param folder - Where it keeps what is published.
 * @throws RangeError when the pinned registry is not installed or ends at once.
 */
export async function startRegistry(folder: string): Promise<LocalRegistry> {
  const child = fork(PROGRAM, [folder], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], execArgv: [] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve(Number(message)));
    child.once('error', reject);
    void ended.then(() => reject(new RangeError(`the local registry has ended: ${said}`)));
  });
  const url = `http://127.0.0.1:${port}/`;
  return {
    url,
    // npm publishes nothing without a token, not even where everybody may.
    credentials: [`--registry=${url}`, `--//127.0.0.1:${port}/:_authToken=rehearsal`],
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
    },
  };
}
