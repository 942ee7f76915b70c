import type { Clock, Millis } from '@omni/ports';

export interface QuotaOptions {
  /** Calls of one window. */
  readonly calls: number;
  /** Of a window, which begins with its first call. */
  readonly windowMs: Millis;
  /** Keys with a quota of their own; those beyond share one. Default: 10,000. */
  readonly maxKeys?: number;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/** What is left of a quota. */
export interface QuotaLeft {
  /** Calls of this window that are left. */
  readonly left: number;
  /** Milliseconds until all of it is there again; 0 when nothing is taken. */
  readonly renewsInMs: Millis;
}

interface Window {
  taken: number;
  readonly endsAtMs: number;
}

const DEFAULT_MAX_KEYS = 10_000;

/** How many calls may be made in a time, for each key, e.g. a session or an upstream. */
export class Quota {
  readonly #options: QuotaOptions;
  /** All windows are of one length, so those that end first stand first. */
  readonly #windows = new Map<string, Window>();
  #shared: Window | undefined;

  constructor(options: QuotaOptions) {
    this.#options = options;
  }

  /** Windows that run. */
  get size(): number {
    return this.#windows.size;
  }

  left(key: string): QuotaLeft {
    this.#forget();
    return this.#leftOf(this.#windowOf(key));
  }

  /** Takes a call. @returns What is left after it; `undefined` when there was none left. */
  take(key: string): QuotaLeft | undefined {
    this.#forget();
    const window = this.#windowOf(key) ?? this.#begin(key);
    // guard: quota/used-up
    if (window.taken >= this.#options.calls) return undefined;
    window.taken++;
    return this.#leftOf(window);
  }

  #leftOf(window: Window | undefined): QuotaLeft {
    const { calls, clock } = this.#options;
    if (window === undefined) return { left: calls, renewsInMs: 0 };
    return { left: calls - window.taken, renewsInMs: window.endsAtMs - clock.monotonicMs() };
  }

  #windowOf(key: string): Window | undefined {
    return this.#windows.get(key) ?? (this.#isFull ? this.#shared : undefined);
  }

  get #isFull(): boolean {
    const { maxKeys = DEFAULT_MAX_KEYS } = this.#options;
    return /* guard: quota/max-keys */ this.#windows.size >= maxKeys;
  }

  #begin(key: string): Window {
    const { clock, windowMs } = this.#options;
    const window = { taken: 0, endsAtMs: clock.monotonicMs() + windowMs };
    if (this.#isFull) this.#shared = window;
    else this.#windows.set(key, window);
    return window;
  }

  #forget(): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#shared !== undefined && this.#shared.endsAtMs <= nowMs) this.#shared = undefined;
    for (const [key, { endsAtMs }] of this.#windows) {
      if (endsAtMs > nowMs) return;
      // guard: quota/anew
      this.#windows.delete(key);
    }
  }
}
