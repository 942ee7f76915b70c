import { isThenable } from '@omni/ports';

/** Either ends before it returns, or by what it returns. */
export type Work = () => void | Promise<void>;

/**
 * One task after the other. A task that never ends stops all that come later, which is how it is found; one
 * that fails ends the queue.
 */
export class WorkQueue {
  readonly #onFailed: (error: unknown) => void;
  readonly #waiting: Work[] = [];
  #isBusy = false;

  constructor(onFailed: (error: unknown) => void) {
    this.#onFailed = onFailed;
  }

  /** Runs it before this returns, where nothing else is under way. */
  add(work: Work): void {
    this.#waiting.push(work);
    if (!this.#isBusy) this.#run();
  }

  #run(): void {
    this.#isBusy = true;
    for (let work = this.#waiting.shift(); work !== undefined; work = this.#waiting.shift()) {
      try {
        const done = work();
        if (isThenable(done)) {
          done.then(
            () => this.#run(),
            (error: unknown) => this.#onFailed(error),
          );
          return;
        }
      } catch (error) {
        this.#onFailed(error);
        return;
      }
    }
    this.#isBusy = false;
  }
}
