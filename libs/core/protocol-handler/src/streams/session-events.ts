import type { FairBytes, Payload, Place } from '@omni/ports';
import { EventStream, type EventStore, type KeptMessage } from './event-stream.ts';
import type { StreamTicker, Ticking } from './stream-ticker.ts';

/** Bounds of what is kept for clients that come back; a character counts as a byte. */
export interface EventLimits {
  /** Events of one session. Default 1,000. */
  readonly maxEvents: number;
  /** Size of all events of one session. Default 4 MiB. */
  readonly maxBytes: number;
  /** How long an event is kept. Default 5 minutes. */
  readonly maxAgeMs: number;
}

export const DEFAULT_EVENT_LIMITS: EventLimits = {
  maxEvents: 1_000,
  maxBytes: 4 * 1024 * 1024,
  maxAgeMs: 5 * 60_000,
};

interface KeptEvent extends KeptMessage {
  readonly stream: EventStream;
  readonly keptAtMs: number;
}

/** Where a client wants to go on. `over`: there is nothing left to hear on that stream. */
export type ResumePoint = { readonly stream: EventStream; readonly seq: number } | 'over';

export interface SessionEventsOptions {
  readonly ticker: StreamTicker;
  /** For what all sessions together keep. */
  readonly budget: FairBytes;
  /** Whose session it is, see `sharerOf`. */
  readonly sharer: string;
  /**
   * Whether streams begin with an event that has an id and no data, which clients before 2025-11-25 choke on.
   */
  readonly isPriming: boolean;
  readonly limits?: EventLimits;
}

/** Ids of other shapes were not made here. */
const EVENT_ID = /^s(\d{1,12})-(\d{1,12})$/;

/**
 * The event streams of one legacy session over HTTP, with the events that a client can ask for again.
 *
 * A stream that keeps too much loses its own oldest events first, so a flood in one call costs no other call
 * its answer.
 *
 * @see MCP 2025-11-25, basic/transports, "Resumability and Redelivery".
 */
export class SessionEvents implements EventStore, Ticking {
  readonly isPriming: boolean;
  readonly #ticker: StreamTicker;
  readonly #budget: FairBytes;
  readonly #sharer: string;
  readonly #limits: EventLimits;
  readonly #streams = new Map<number, EventStream>();
  /** Oldest first. */
  readonly #kept: KeptEvent[] = [];
  #place: Place<Ticking> | undefined;
  #keptBytes = 0;
  #opened = 0;
  #isReleased = false;

  constructor({ ticker, budget, sharer, isPriming, limits = DEFAULT_EVENT_LIMITS }: SessionEventsOptions) {
    this.isPriming = isPriming;
    this.#ticker = ticker;
    this.#budget = budget;
    this.#sharer = sharer;
    this.#limits = limits;
  }

  /** The first one has number 0. */
  openStream(): EventStream {
    const stream = new EventStream(this, this.#opened++);
    this.#streams.set(stream.number, stream);
    return stream;
  }

  /** @returns `undefined` when no event of this session has the id. */
  find(lastEventId: string): ResumePoint | undefined {
    const match = EVENT_ID.exec(lastEventId);
    if (match === null) return undefined;
    const number = Number(match[1]);
    const seq = Number(match[2]);
    if (number >= this.#opened) return undefined;
    const stream = this.#streams.get(number);
    if (stream === undefined) return 'over';
    if (seq > stream.lastSeq) return undefined;
    // A stream that ends without a word is resumed again and again; what was not kept will not come.
    return stream.isEnded && this.after(stream, seq).length === 0 ? 'over' : { stream, seq };
  }

  /** Keeps an event unless it is larger than all that may be kept. */
  keep(stream: EventStream, seq: number, message: Payload): void {
    const { maxBytes, maxEvents } = this.#limits;
    const bytes = message.length;
    if (this.#isReleased || /* guard: events/one-size */ bytes > maxBytes) return;
    while (
      /* guard: events/count */ this.#kept.length >= maxEvents ||
      /* guard: events/size */ this.#keptBytes + bytes > maxBytes ||
      /* guard: events/budget */ !this.#budget.hasRoom(this.#sharer, bytes)
    ) {
      if (this.#kept.length === 0) return;
      this.#drop(
        Math.max(
          0,
          /* guard: events/fair */ this.#kept.findIndex((event) => event.stream === stream),
        ),
      );
    }
    this.#kept.push({ stream, seq, message, keptAtMs: this.#ticker.nowMs() });
    stream.keptCount++;
    this.#keptBytes += bytes;
    this.#budget.add(this.#sharer, bytes);
    this.#place ??= this.#ticker.add(this);
  }

  /** Events of one stream behind a position, oldest first. */
  after(stream: EventStream, seq: number): readonly KeptMessage[] {
    return this.#kept.filter(
      (event) => /* guard: events/own-stream */ event.stream === stream && event.seq > seq,
    );
  }

  /** Nothing more comes on this stream. */
  onEnded(stream: EventStream): void {
    if (stream.keptCount === 0) this.#streams.delete(stream.number);
  }

  /** Ends every stream and forgets everything: the session is over. */
  release(): void {
    this.#isReleased = true;
    while (this.#kept.length > 0) this.#drop(0);
    for (const stream of [...this.#streams.values()]) stream.end();
    this.#streams.clear();
  }

  onTick(nowMs: number): void {
    const oldestMs = nowMs - this.#limits.maxAgeMs;
    while (this.#kept[0] !== undefined && /* guard: events/age */ this.#kept[0].keptAtMs <= oldestMs)
      this.#drop(0);
  }

  #drop(index: number): void {
    const [event] = this.#kept.splice(index, 1);
    if (event === undefined) return;
    const { stream, message } = event;
    this.#keptBytes -= message.length;
    this.#budget.add(this.#sharer, -message.length);
    stream.keptCount--;
    if (stream.isEnded) this.onEnded(stream);
    if (this.#kept.length > 0 || this.#place === undefined) return;
    this.#ticker.remove(this.#place);
    this.#place = undefined;
  }
}
