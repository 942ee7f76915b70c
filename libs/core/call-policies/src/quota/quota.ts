import type { Clock, Millis, QuotaSettings } from '@omni/ports';

/** What a quota is of. */
export type QuotaKind = 'calls' | 'bytes' | 'busy';

export interface QuotaOptions extends QuotaSettings {
  /** Keys with a quota of their own; those beyond share one. Default: 10,000. */
  readonly maxKeys?: number;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/** Why a call may not be made. */
export interface QuotaRefusal {
  readonly kind: QuotaKind;
  /** Until all of it is there again. */
  readonly retryAfterMs: Millis;
}

/** What a call has used. */
export interface QuotaUse {
  readonly bytes: number;
  readonly busyMs: Millis;
}

interface Window {
  calls: number;
  bytes: number;
  busyMs: Millis;
  readonly beganMs: number;
  readonly endsAtMs: number;
}

const DEFAULT_MAX_KEYS = 10_000;

/**
 * What may be used in a time, for each key, e.g. a session or an upstream: calls, bytes, and the time that
 * calls run. A call is let through while something of each is left, and pays for bytes and time at its end:
 * nobody knows before.
 */
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

  /** Takes a call. @returns Why it may not be made; `undefined` when it may. */
  take(key: string): QuotaRefusal | undefined {
    const window = this.#windowOf(key);
    const { calls = Infinity, bytes = Infinity, busyMs = Infinity, clock } = this.#options;
    const retryAfterMs = window.endsAtMs - clock.monotonicMs();
    // guard: quota/used-up
    if (window.calls >= calls) return { kind: 'calls', retryAfterMs };
    // guard: quota/bytes
    if (window.bytes >= bytes) return { kind: 'bytes', retryAfterMs };
    // guard: quota/busy
    if (window.busyMs >= busyMs) return { kind: 'busy', retryAfterMs };
    window.calls++;
    return undefined;
  }

  /** A call is over: what it used counts in the window that runs now. */
  pay(key: string, { bytes, busyMs }: QuotaUse): void {
    const window = this.#windowOf(key);
    window.bytes += bytes;
    window.busyMs += busyMs;
  }

  /** A call was not made. @param takenMs - Monotonic: when it was taken; a window of later gets nothing. */
  giveBack(key: string, takenMs: Millis): void {
    this.#forget();
    const window = this.#known(key);
    // guard: quota/window-over
    if (window === undefined || takenMs < window.beganMs) return;
    window.calls = Math.max(0, window.calls - 1);
  }

  #windowOf(key: string): Window {
    this.#forget();
    return this.#known(key) ?? this.#begin(key);
  }

  #known(key: string): Window | undefined {
    return this.#windows.get(key) ?? (this.#isFull ? this.#shared : undefined);
  }

  get #isFull(): boolean {
    const { maxKeys = DEFAULT_MAX_KEYS } = this.#options;
    return /* guard: quota/max-keys */ this.#windows.size >= maxKeys;
  }

  #begin(key: string): Window {
    const { clock, windowMs } = this.#options;
    const beganMs = clock.monotonicMs();
    const window = { calls: 0, bytes: 0, busyMs: 0, beganMs, endsAtMs: beganMs + windowMs };
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
