import {
  type CancelTimer,
  type Clock,
  GatewayError,
  type HeapFacts,
  type HeapMeter,
  type Millis,
} from '@omni/ports';

/** `high`: nothing new is begun. `critical`: nothing is done but to say so. */
export type MemoryPressure = 'none' | 'high' | 'critical';

export interface MemoryGuardOptions {
  readonly heap: HeapMeter;
  /** Share of the heap at which the pressure is high, above 0; 1: it never is. */
  readonly share: number;
  /** Told each change. */
  readonly onChange?: (pressure: MemoryPressure, facts: HeapFacts) => void;
  readonly clock: Pick<Clock, 'monotonicMs' | 'after'>;
}

/** From one look to the next. */
const LOOK_MS = 250;
/** The pressure is critical behind so large a part of what is left at a high one: 0.95 where that is 0.85. */
const CRITICAL_PART = 2 / 3;
/** It ends so much of the heap below where it has begun. */
const HYSTERESIS = 0.05;
/** Collecting takes at most one part in so many of the time, and is begun twice a second at most. */
const COLLECTING_PART = 10;
const MIN_COLLECT_MS = 500;
/** A moment: looks are frequent. */
const RETRY_AFTER_S = 1;

/**
 * Watches how full the heap is, by a timer, so that it costs requests nothing. Before the pressure rises or
 * stays, what nobody uses is collected: a runtime takes its time to do that by itself.
 */
export class MemoryGuard {
  readonly #options: MemoryGuardOptions;
  #pressure: MemoryPressure = 'none';
  #collectAtMs = Number.NEGATIVE_INFINITY;
  #cancelLook: CancelTimer | undefined;

  constructor(options: MemoryGuardOptions) {
    this.#options = options;
  }

  get pressure(): MemoryPressure {
    return this.#pressure;
  }

  get facts(): HeapFacts {
    return this.#options.heap.read();
  }

  /** Begins to look, until {@link stop}. */
  start(): void {
    if (this.#options.share < 1 && this.#cancelLook === undefined) this.#look();
  }

  stop(): void {
    this.#cancelLook?.();
    this.#cancelLook = undefined;
  }

  /**
   * Why nothing is taken; `undefined` while there is room.
   *
   * @param what - `request`: something new is to be begun. `anything`: whatever it is.
   */
  refusal(what: 'request' | 'anything'): GatewayError | undefined {
    if (this.#pressure === 'none' || (what === 'anything' && this.#pressure === 'high')) return undefined;
    const { share } = this.#options;
    return new GatewayError(
      'OMNI_OVERLOADED',
      `The memory of Omni is nearly full (limits.maxHeapShare is ${share})`,
      {
        hint: `Try again in ${RETRY_AFTER_S} s. If it lasts, give Omni more memory: --max-old-space-size of Node.`,
        retryAfterS: RETRY_AFTER_S,
      },
    );
  }

  readonly #look = (): void => {
    this.#cancelLook = this.#options.clock.after(LOOK_MS, this.#look);
    let facts = this.#options.heap.read();
    if (this.#pressureAt(facts) !== 'none' && this.#collect()) facts = this.#options.heap.read();
    const pressure = this.#pressureAt(facts);
    if (pressure === this.#pressure) return;
    this.#pressure = pressure;
    this.#options.onChange?.(pressure, facts);
  };

  #pressureAt({ usedBytes, limitBytes }: HeapFacts): MemoryPressure {
    const { share } = this.#options;
    const used = usedBytes / limitBytes;
    const isCritical = this.#pressure === 'critical';
    // guard: memory/critical
    if (used >= share + (1 - share) * CRITICAL_PART - (isCritical ? HYSTERESIS : 0)) return 'critical';
    return used >= share - (this.#pressure === 'none' ? 0 : HYSTERESIS) ? 'high' : 'none';
  }

  /** @returns Whether it was done. */
  #collect(): boolean {
    const { heap, clock } = this.#options;
    const beganMs = clock.monotonicMs();
    // guard: memory/collecting
    if (beganMs < this.#collectAtMs) return false;
    heap.collect();
    const endedMs: Millis = clock.monotonicMs();
    this.#collectAtMs = endedMs + Math.max(MIN_COLLECT_MS, (endedMs - beganMs) * COLLECTING_PART);
    return true;
  }
}
