/** One pending timer; without an action it was cancelled. */
export interface HeapTimer {
  readonly dueMs: number;
  /** Of timers that are due together the one that was set first fires first. */
  readonly order: number;
  action: (() => void) | undefined;
}

/** Cancelled timers that are kept before the heap is built again. */
const MAX_CANCELLED = 1_024;

/** Pending timers, the next one on top. */
export class TimerHeap {
  #timers: HeapTimer[] = [];
  #orders = 0;
  #cancelled = 0;

  /** Timers that were not cancelled. */
  get size(): number {
    return this.#timers.length - this.#cancelled;
  }

  add(dueMs: number, action: () => void): HeapTimer {
    const timer: HeapTimer = { dueMs, order: this.#orders++, action };
    this.#timers.push(timer);
    this.#rise(this.#timers.length - 1);
    return timer;
  }

  /** @returns Whether it was still pending. */
  cancel(timer: HeapTimer): boolean {
    if (timer.action === undefined) return false;
    timer.action = undefined;
    if (++this.#cancelled > MAX_CANCELLED && this.#cancelled * 2 > this.#timers.length) this.#rebuild();
    return true;
  }

  /** The next timer; it stays pending. */
  peek(): HeapTimer | undefined {
    for (let first = this.#timers[0]; first !== undefined; first = this.#timers[0]) {
      if (first.action !== undefined) return first;
      this.#removeFirst();
      this.#cancelled--;
    }
    return undefined;
  }

  /** Takes the next timer out and returns what it does. */
  take(): (() => void) | undefined {
    const first = this.peek();
    if (first === undefined) return undefined;
    this.#removeFirst();
    const { action } = first;
    first.action = undefined;
    return action;
  }

  #removeFirst(): void {
    const last = this.#timers.pop();
    if (last === undefined || this.#timers.length === 0) return;
    this.#timers[0] = last;
    this.#sink(0);
  }

  #rebuild(): void {
    this.#timers = this.#timers
      .filter(({ action }) => action !== undefined)
      .sort((a, b) => (isBefore(a, b) ? -1 : 1));
    this.#cancelled = 0;
  }

  #rise(from: number): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#swapIfBefore(index, parent)) return;
      index = parent;
    }
  }

  #sink(from: number): void {
    let index = from;
    for (;;) {
      const left = index * 2 + 1;
      const first = this.#isBefore(left + 1, left) ? left + 1 : left;
      if (!this.#swapIfBefore(first, index)) return;
      index = first;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [first, second] = [this.#timers[a], this.#timers[b]];
    return first !== undefined && second !== undefined && isBefore(first, second);
  }

  #swapIfBefore(lower: number, upper: number): boolean {
    const [below, above] = [this.#timers[lower], this.#timers[upper]];
    if (below === undefined || above === undefined || !isBefore(below, above)) return false;
    this.#timers[lower] = above;
    this.#timers[upper] = below;
    return true;
  }
}

function isBefore(a: HeapTimer, b: HeapTimer): boolean {
  return a.dueMs === b.dueMs ? a.order < b.order : a.dueMs < b.dueMs;
}
