import { Worker } from 'node:worker_threads';
import { CurrentInput } from './current-input.ts';
import type { Finding, FuzzReport } from './fuzz-loop.ts';
import { findingKey } from './fuzz-target.ts';

/** What a thread is to search. */
export interface SearchOrder {
  readonly target: string;
  readonly seconds: number;
  readonly seed: number;
  readonly shared: SharedArrayBuffer;
}

export interface WatchedReport extends FuzzReport {
  readonly functions: number;
  readonly characters: number;
}

/** The thread makes inputs smaller meanwhile, which counts as one. */
const HANG_MS = 60_000;
const LOOK_MS = 1_000;

/** Searches in a thread; an input that hangs or ends the thread is a finding too. */
export function watchedSearch(order: Omit<SearchOrder, 'shared'>): Promise<WatchedReport> {
  const shared = CurrentInput.allocate();
  const current = new CurrentInput(shared);
  const began = performance.now();
  const worker = new Worker(new URL('fuzz-worker.ts', import.meta.url), {
    workerData: { ...order, shared } satisfies SearchOrder,
    execArgv: ['--conditions=@omni/source'],
  });
  return new Promise((resolve) => {
    const fail = (key: string, message: string): void => {
      const finding: Finding = { key, message, input: current.get() };
      settle({
        runs: current.count,
        ms: performance.now() - began,
        kept: [],
        findings: [finding],
        functions: 0,
        characters: 0,
      });
    };
    let [lastCount, lastMs] = [0, performance.now()];
    const watch = setInterval(() => {
      const { count } = current;
      if (count !== lastCount) [lastCount, lastMs] = [count, performance.now()];
      else if (performance.now() - lastMs > HANG_MS)
        fail('hang', `nothing came of this input within ${HANG_MS / 1_000} s`);
    }, LOOK_MS);
    const settle = (report: WatchedReport): void => {
      clearInterval(watch);
      resolve(report);
      void worker.terminate();
    };
    worker.on('message', settle);
    worker.on('error', (error) =>
      fail(
        findingKey(error),
        `ended the search: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      ),
    );
    worker.on('exit', () => fail('exit', 'the search ended without a report'));
  });
}
