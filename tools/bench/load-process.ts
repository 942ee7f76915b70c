import { fileURLToPath } from 'node:url';
import type { LoadEvent, LoadJob, LoadResult } from './load-job.ts';
import { PinnedProcess, type CorePlan } from './pinned-process.ts';

const START_TIMEOUT_MS = 10_000;
const DRAIN_ALLOWANCE_MS = 20_000;

/** Called at both ends of the measured time, while the load runs. */
export interface LoadWindow {
  readonly onMeasuring: () => void;
  readonly onMeasured: () => void;
}

/**
 * The load generator, a process of its own on the load core. It lives for the whole run, so that it is warm.
 */
export class LoadProcess {
  readonly #process: PinnedProcess;

  private constructor(process: PinnedProcess) {
    this.#process = process;
  }

  /** Starts it and waits until it takes jobs. */
  static async start(cores: CorePlan, logFolder: string): Promise<LoadProcess> {
    const pinned = new PinnedProcess({
      name: 'load',
      core: cores.load,
      command: process.execPath,
      args: [fileURLToPath(new URL('./load.ts', import.meta.url))],
      logFolder,
      ipc: true,
    });
    const load = new LoadProcess(pinned);
    await load.#until((event) => event.kind === 'ready', START_TIMEOUT_MS);
    return load;
  }

  /** Runs one job; rejects when it fails or does not end in time. */
  async run(job: LoadJob, window: LoadWindow): Promise<LoadResult> {
    this.#process.child.send(job);
    const last = await this.#until(
      (event) => {
        if (event.kind === 'measuring') window.onMeasuring();
        if (event.kind === 'measured') window.onMeasured();
        return event.kind === 'done' || event.kind === 'failed';
      },
      job.warmUpMs + job.measureMs + DRAIN_ALLOWANCE_MS,
    );
    if (last.kind !== 'done')
      throw new Error(last.kind === 'failed' ? last.reason : 'the load generator gave no result');
    return last.result;
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }

  #until(isLast: (event: LoadEvent) => boolean, timeoutMs: number): Promise<LoadEvent> {
    const { child } = this.#process;
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        child.off('message', onMessage);
        child.off('exit', onExit);
        act();
      };
      const onMessage = (message: unknown): void => {
        // Holds: load.ts sends nothing but events.
        const event = message as LoadEvent;
        if (isLast(event)) settle(() => resolve(event));
      };
      const onExit = (): void =>
        settle(() => reject(new Error(`the load generator ended: ${this.#process.logTail()}`)));
      const timer = setTimeout(
        () => settle(() => reject(new Error('the load generator did not answer in time'))),
        timeoutMs,
      );
      child.on('message', onMessage);
      child.on('exit', onExit);
    });
  }
}
