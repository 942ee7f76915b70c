import type { OmniEvent } from './event.ts';
import { eventFacts } from './event-catalogue.ts';

/** What a reader is given, in order. */
export type Delivery =
  | { readonly kind: 'event'; readonly event: OmniEvent }
  /** So many events were lost here: the reader has to read the state anew, or the log from its last id. */
  | { readonly kind: 'resync'; readonly dropped: number };

/** Events that may wait for one reader (requirements 3.7). */
export const SUBSCRIBER_SLOTS = 256;

/**
 * What waits for one reader: at most {@link SUBSCRIBER_SLOTS} events.
 *
 * When all slots are taken, of the state events of one subject only the last stays. Where that frees none,
 * all that is not of security is given up for one `resync`; security events are given up only among
 * themselves.
 */
export class SubscriberQueue {
  #events: OmniEvent[] = [];
  /** Given up before the first of {@link #events}. */
  #dropped = 0;

  get size(): number {
    return this.#events.length;
  }

  get isEmpty(): boolean {
    return this.#events.length === 0 && this.#dropped === 0;
  }

  add(event: OmniEvent): void {
    this.#events.push(event);
    if (/* guard: events/slots */ this.#events.length <= SUBSCRIBER_SLOTS) return;
    this.#events = withoutOutdated(this.#events);
    if (this.#events.length <= SUBSCRIBER_SLOTS) return;
    const kept = this.#events.filter(isOfSecurity).slice(-SUBSCRIBER_SLOTS);
    this.#dropped += /* guard: events/resync */ this.#events.length - kept.length;
    this.#events = kept;
  }

  take(): Delivery | undefined {
    if (this.#dropped > 0) {
      const dropped = this.#dropped;
      this.#dropped = 0;
      return { kind: 'resync', dropped };
    }
    const event = this.#events.shift();
    return event === undefined ? undefined : { kind: 'event', event };
  }

  clear(): void {
    this.#events = [];
    this.#dropped = 0;
  }
}

/** Without state events that a later one of the same subject makes worthless. */
function withoutOutdated(events: readonly OmniEvent[]): OmniEvent[] {
  const seen = new Set<string>();
  return events
    .toReversed()
    .filter((event) => {
      const key = stateKey(event);
      if (key === undefined) return true;
      if (seen.has(key)) return false;
      seen.add(key);
      return true;
    })
    .toReversed();
}

/** The same for two events when the later one says all that counts of both; `undefined` for other events. */
export function stateKey({ type, subject }: OmniEvent): string | undefined {
  if (eventFacts(type).class !== 'state') return undefined;
  const family = type.slice(0, type.indexOf('.'));
  return `${family}\n${subject.server ?? ''}\n${subject.component ?? ''}`;
}

function isOfSecurity({ type }: OmniEvent): boolean {
  return eventFacts(type).class === 'security';
}
