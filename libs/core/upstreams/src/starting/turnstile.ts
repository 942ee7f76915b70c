import type { CancelTimer, Clock, Millis } from '@omni/ports';

export interface TurnstileOptions {
  /** Turns at the same time. */
  readonly maxAtOnce: number;
  /** Turns that begin within any second; `Infinity`: any number. */
  readonly maxPerSecond: number;
  /**
   * A turn that takes longer keeps nobody from theirs any more: what hangs is no work. Default: `Infinity`.
   */
  readonly maxHoldMs?: Millis;
  readonly clock: Clock;
}

export interface TurnRequest {
  /** Those with the same key share its turns with those of other keys: none is passed over for long. */
  readonly key: string;
  /** Whoever has the smallest comes first. */
  readonly rank: number;
  /** Called once, before {@link Turnstile.enter} returns where there is room. */
  readonly onTurn: () => void;
}

interface Waiting extends Pick<TurnRequest, 'key' | 'rank'> {
  /** Monotonic: since when. */
  readonly sinceMs: Millis;
  readonly begin: () => void;
}

const SECOND_MS = 1_000;
/** Of those who have waited for so long one is let through in every few turns, whatever its rank. */
const LONG_MS: Millis = 10_000;
const TURNS_PER_LONG = 4;

/**
 * Lets only so many through at once, and so many within a second: by rank, then in turns by key, then in the
 * order in which they came. Who has waited for long is let through between the others.
 */
export class Turnstile {
  readonly #options: TurnstileOptions;
  /** By rank and key; a key moves to the end of its rank with each turn that it gets. */
  readonly #queues = new Map<number, Map<string, Waiting[]>>();
  /** When the latest turns began, monotonic, oldest first; no more than may begin within a second. */
  readonly #begun: Millis[] = [];
  #atOnce = 0;
  #turns = 0;
  #cancelTimer: CancelTimer | undefined;

  constructor(options: TurnstileOptions) {
    this.#options = options;
  }

  /** @returns Ends the turn, or the wait for it; may be called again. */
  enter({ key, rank, onTurn }: TurnRequest): () => void {
    let leave = (): void => this.#withdraw(waiting);
    const begin = (): void => {
      leave = this.#take();
      onTurn();
    };
    const waiting: Waiting = { key, rank, sinceMs: this.#options.clock.monotonicMs(), begin };
    this.#queueOf(waiting).push(waiting);
    this.#next();
    return () => leave();
  }

  /** How many wait. */
  get waiting(): number {
    let sum = 0;
    for (const byKey of this.#queues.values()) for (const queue of byKey.values()) sum += queue.length;
    return sum;
  }

  #take(): () => void {
    const { clock, maxHoldMs = Infinity, maxPerSecond } = this.#options;
    this.#atOnce++;
    if (maxPerSecond !== Infinity) this.#begun.push(clock.monotonicMs());
    let isHeld = true;
    const giveBack = (): void => {
      if (!isHeld) return;
      isHeld = false;
      this.#atOnce--;
      cancel?.();
      this.#next();
    };
    const cancel = maxHoldMs === Infinity ? undefined : clock.after(maxHoldMs, giveBack);
    return giveBack;
  }

  #next(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const { clock, maxAtOnce, maxPerSecond } = this.#options;
    while (this.#atOnce < maxAtOnce) {
      const now = clock.monotonicMs();
      while (this.#begun[0] !== undefined && now - this.#begun[0] >= SECOND_MS) this.#begun.shift();
      const [oldest] = this.#begun;
      if (oldest !== undefined && this.#begun.length >= maxPerSecond) {
        if (this.#queues.size > 0)
          this.#cancelTimer = clock.after(oldest + SECOND_MS - now, () => this.#next());
        return;
      }
      const next = this.#dequeue();
      if (next === undefined) return;
      next.begin();
    }
  }

  #queueOf({ rank, key }: Waiting): Waiting[] {
    let byKey = this.#queues.get(rank);
    if (byKey === undefined) this.#queues.set(rank, (byKey = new Map<string, Waiting[]>()));
    let queue = byKey.get(key);
    if (queue === undefined) byKey.set(key, (queue = []));
    return queue;
  }

  #dequeue(): Waiting | undefined {
    if (this.#queues.size === 0) return undefined;
    const isForLong = this.#turns++ % TURNS_PER_LONG === 0;
    return (isForLong ? this.#longWaiting() : undefined) ?? this.#first();
  }

  /** The first of the smallest rank. */
  #first(): Waiting | undefined {
    const rank = Math.min(...this.#queues.keys());
    for (const [waiting] of this.#queues.get(rank)?.values() ?? [])
      if (waiting !== undefined) return this.#taken(waiting);
    return undefined;
  }

  #longWaiting(): Waiting | undefined {
    let longest: Waiting | undefined;
    for (const byKey of this.#queues.values())
      for (const [waiting] of byKey.values())
        if (waiting !== undefined && waiting.sinceMs < (longest?.sinceMs ?? Infinity)) longest = waiting;
    if (longest === undefined || this.#options.clock.monotonicMs() - longest.sinceMs < LONG_MS)
      return undefined;
    return this.#taken(longest);
  }

  /** @param waiting - The first of its key, which goes to the end of its rank. */
  #taken(waiting: Waiting): Waiting {
    const { rank, key } = waiting;
    const byKey = this.#queues.get(rank);
    const queue = byKey?.get(key);
    queue?.shift();
    byKey?.delete(key);
    if (queue !== undefined && queue.length > 0) byKey?.set(key, queue);
    if (byKey?.size === 0) this.#queues.delete(rank);
    return waiting;
  }

  #withdraw(waiting: Waiting): void {
    const byKey = this.#queues.get(waiting.rank);
    const queue = byKey?.get(waiting.key);
    const index = queue?.indexOf(waiting) ?? -1;
    if (index < 0) return;
    queue?.splice(index, 1);
    if (queue?.length === 0) byKey?.delete(waiting.key);
    if (byKey?.size === 0) this.#queues.delete(waiting.rank);
    if (this.#queues.size > 0) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}
