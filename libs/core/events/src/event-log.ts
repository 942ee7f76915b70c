import type { Clock, Millis } from '@omni/ports';
import type { OmniEvent } from './event.ts';

export interface EventLogLimits {
  /** Default: 10,000. */
  readonly maxEvents?: number;
  /** Default: one hour. */
  readonly maxAgeMs?: Millis;
  /** Of memory that their texts take. Default: 16 MiB. */
  readonly maxBytes?: number;
}

/** What happened behind an id. */
export interface Replay {
  readonly events: readonly OmniEvent[];
  /** Whether these are all: if not, the reader has to read the state anew. */
  readonly isComplete: boolean;
}

interface Kept {
  readonly event: OmniEvent;
  readonly bytes: number;
  readonly atMs: number;
}

const HOUR_MS = 3_600_000;
const MIB = 1_048_576;
/** Of a character of JavaScript. */
const CHARACTER_BYTES = 2;
/** What is dropped at the front is cut off when it is so much. */
const CUT_AT = 1_024;

/** The last events, for readers that were away for a while. */
export class EventLog {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #limits: Required<EventLogLimits>;
  #kept: Kept[] = [];
  /** How many at the front of {@link #kept} are dropped. */
  #first = 0;
  #bytes = 0;
  /** Of the last event that was dropped, or the id before the first of this run. */
  #droppedId: string;

  /** @param startId - Sorts before every id of this run. */
  constructor(startId: string, clock: Pick<Clock, 'monotonicMs'>, limits: EventLogLimits = {}) {
    this.#droppedId = startId;
    this.#clock = clock;
    this.#limits = { maxEvents: 10_000, maxAgeMs: HOUR_MS, maxBytes: 16 * MIB, ...limits };
  }

  get size(): number {
    return this.#kept.length - this.#first;
  }

  add(event: OmniEvent): void {
    const bytes = JSON.stringify(event).length * CHARACTER_BYTES;
    this.#kept.push({ event, bytes, atMs: this.#clock.monotonicMs() });
    this.#bytes += bytes;
    this.#trim();
  }

  /** @param id - Of the last event that the reader has seen, in this run or another one. */
  since(id: string): Replay {
    this.#trim();
    const all = this.#kept.slice(this.#first);
    const lastId = all.at(-1)?.event.id ?? this.#droppedId;
    if (id > lastId) return { events: [], isComplete: false };
    const from = firstBehind(all, id);
    return { events: all.slice(from).map(({ event }) => event), isComplete: id >= this.#droppedId };
  }

  #trim(): void {
    const { maxEvents, maxAgeMs, maxBytes } = this.#limits;
    const oldestMs = this.#clock.monotonicMs() - maxAgeMs;
    for (;;) {
      const oldest = this.#kept[this.#first];
      if (oldest === undefined) break;
      const isTooMuch =
        /* guard: events/log-count */ this.size > maxEvents ||
        /* guard: events/log-bytes */ this.#bytes > maxBytes;
      if (!isTooMuch && oldest.atMs >= oldestMs) break;
      this.#first++;
      this.#bytes -= oldest.bytes;
      this.#droppedId = oldest.event.id;
    }
    if (this.#first < CUT_AT && this.#first < this.#kept.length) return;
    this.#kept = this.#kept.slice(this.#first);
    this.#first = 0;
  }
}

function firstBehind(kept: readonly Kept[], id: string): number {
  let [low, high] = [0, kept.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const event = kept[middle]?.event;
    if (event !== undefined && event.id <= id) low = middle + 1;
    else high = middle;
  }
  return low;
}
