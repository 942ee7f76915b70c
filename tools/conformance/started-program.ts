import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** How to start a program that serves HTTP. */
export interface StartedProgramOptions {
  /** Arguments for Node. */
  readonly args: readonly string[];
  /** Variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** The URL that the program serves, if this line of its output tells it. */
  readonly urlIn: (line: string) => string | undefined;
}

/** A program that is up. */
export interface StartedProgram {
  readonly url: string;
  /** Asks it to end, ends it after five seconds, and resolves when it is gone. */
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 5_000;
const KEPT_LINES = 20;

/**
 * Starts a Node program and waits until a line on its stdout or stderr tells the URL.
 * Rejects, with the last lines of its output, when it ends before or says nothing for 20 seconds.
 */
export async function startProgram({
  args,
  env = {},
  urlIn,
}: StartedProgramOptions): Promise<StartedProgram> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(`it ended with ${signal ?? code}`));
  });
  const killWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', killWithUs);
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const hardStop = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(hardStop);
    process.off('exit', killWithUs);
  };

  const lastLines: string[] = [];
  const told = new Promise<string>((resolve) => {
    // Reading goes on after the URL, so that the program never blocks on a full pipe.
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on('line', (line) => {
        lastLines.push(line);
        if (lastLines.length > KEPT_LINES) lastLines.shift();
        const url = urlIn(line);
        if (url !== undefined) resolve(url);
      });
    }
  });
  let timer: NodeJS.Timeout | undefined;
  const silent = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`it told no URL within ${START_TIMEOUT_MS} ms`), START_TIMEOUT_MS);
  });
  const outcome = await Promise.race([
    told.then((url) => ({ url })),
    exited.then((problem) => ({ problem })),
    silent.then((problem) => ({ problem })),
  ]);
  clearTimeout(timer);
  if ('url' in outcome) return { url: outcome.url, stop };
  await stop();
  throw new Error(`${args.join(' ')}: ${outcome.problem}\n${lastLines.join('\n')}`);
}
