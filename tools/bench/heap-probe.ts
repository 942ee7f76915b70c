import type { PinnedProcess } from './pinned-process.ts';

const ANSWER_TIMEOUT_MS = 10_000;

/** What `heap-probe-child.ts` is asked. */
export type HeapQuestion = 'start-counting' | 'stop-counting' | 'held-bytes';

/** What was allocated on the JavaScript heap within some time, and what collecting it took. */
export interface HeapCount {
  readonly allocatedBytes: number;
  readonly gcMs: number;
  readonly collections: number;
}

/** Node options that make a process answer a {@link HeapProbe}; it needs an IPC channel too. */
export function heapProbeOptions(): string[] {
  return ['--import', new URL('./heap-probe-child.ts', import.meta.url).href];
}

/**
 * Looks into the heap of a process that was started with {@link heapProbeOptions}. One question at a time.
 */
export class HeapProbe {
  readonly #subject: PinnedProcess;

  constructor(subject: PinnedProcess) {
    this.#subject = subject;
  }

  async startCounting(): Promise<void> {
    await this.#ask('start-counting');
  }

  /** Since {@link startCounting}. */
  async stopCounting(): Promise<HeapCount> {
    // Holds: that is the answer to this question.
    return (await this.#ask('stop-counting')) as HeapCount;
  }

  /** JavaScript heap, and memory outside that it holds, after everything that nobody holds was collected. */
  async heldBytes(): Promise<number> {
    // Holds: that is the answer to this question.
    return (await this.#ask('held-bytes')) as number;
  }

  #ask(question: HeapQuestion): Promise<unknown> {
    const { child, name } = this.#subject;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${name} did not answer a question about its heap`)),
        ANSWER_TIMEOUT_MS,
      );
      child.once('message', (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      child.send(question);
    });
  }
}
