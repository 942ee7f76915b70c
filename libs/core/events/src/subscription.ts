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
 * When all slots are taken, a state event gives way that a later one of the same subject makes worthless.
 * Where there is none, all that is not of security is given up for one `resync`; security events are given up
 * only among themselves. None of this looks at what waits one by one: whoever publishes pays for it.
 */
export class SubscriberQueue {
  /** By id, in order. */
  readonly #events = new Map<string, OmniEvent>();
  /** Ids of those that are not of security. */
  readonly #common = new Set<string>();
  /** Ids of state events that a later one makes worthless. */
  readonly #outdated = new Set<string>();
  /** Id of the last state event of each subject. */
  readonly #latest = new Map<string, string>();
  /** Given up before the first of {@link #events}. */
  #dropped = 0;

  get isEmpty(): boolean {
    return this.#events.size === 0 && this.#dropped === 0;
  }

  add(event: OmniEvent): void {
    const { id } = event;
    this.#events.set(id, event);
    if (!isOfSecurity(event)) this.#common.add(id);
    const key = stateKey(event);
    if (key !== undefined) {
      const former = this.#latest.get(key);
      if (former !== undefined) this.#outdated.add(former);
      this.#latest.set(key, id);
    }
    if (/* guard: events/slots */ this.#events.size > SUBSCRIBER_SLOTS) this.#makeRoom();
  }

  take(): Delivery | undefined {
    if (this.#dropped > 0) {
      const dropped = this.#dropped;
      this.#dropped = 0;
      return { kind: 'resync', dropped };
    }
    for (const event of this.#events.values()) {
      this.#remove(event);
      return { kind: 'event', event };
    }
    return undefined;
  }

  clear(): void {
    this.#events.clear();
    this.#common.clear();
    this.#outdated.clear();
    this.#latest.clear();
    this.#dropped = 0;
  }

  #makeRoom(): void {
    const [outdated] = this.#outdated;
    if (outdated !== undefined) return this.#removeAt(outdated);
    const [first] = this.#events.keys();
    const given = this.#common.size > 0 ? [...this.#common] : [first ?? ''];
    this.#dropped += /* guard: events/resync */ given.length;
    for (const id of given) this.#removeAt(id);
  }

  #removeAt(id: string): void {
    const event = this.#events.get(id);
    if (event !== undefined) this.#remove(event);
  }

  #remove(event: OmniEvent): void {
    const { id } = event;
    this.#events.delete(id);
    this.#common.delete(id);
    this.#outdated.delete(id);
    const key = stateKey(event);
    if (key !== undefined && this.#latest.get(key) === id) this.#latest.delete(key);
  }
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
