import { callForeign, type Clock, type Logger } from '@omni/ports';
import type { NewEvent, OmniEvent } from './event.ts';
import { eventFacts } from './event-catalogue.ts';
import { EventLog, type EventLogLimits, type Replay } from './event-log.ts';
import { type Delivery, SubscriberQueue } from './subscription.ts';

export interface EventBusOptions {
  /** Names this Omni among several. */
  readonly instance: string;
  readonly clock: Pick<Clock, 'now' | 'monotonicMs'>;
  readonly logger: Pick<Logger, 'error'>;
  /** Of the events that are kept for {@link EventBus.since}. */
  readonly log?: EventLogLimits;
}

export interface SubscribeOptions {
  /** Which events the reader wants and may see. Default: all. */
  readonly accepts?: (event: OmniEvent) => boolean;
  /**
   * Called when something waits, after whoever has published it is done. Not called again for what a reader
   * leaves there; with the next event it is.
   */
  readonly onAvailable: () => void;
}

/** One reader of the bus. */
export interface EventSubscription {
  /** The next one that waits; `undefined` when nothing does. */
  take(): Delivery | undefined;
  close(): void;
}

interface Subscriber {
  readonly options: SubscribeOptions;
  readonly queue: SubscriberQueue;
  isWoken: boolean;
}

const ID_RADIX = 36;
/** Enough for the year 5188, and for 78 billion events in one run. */
const [START_DIGITS, COUNT_DIGITS] = [9, 7];

/**
 * The one bus of a gateway: whoever knows something publishes it, and readers hear it in order, each at its
 * own speed.
 *
 * Publishing never waits, never throws and calls nobody: readers are woken in a microtask, and one that fails
 * hurts nobody else.
 */
export class EventBus {
  readonly #options: EventBusOptions;
  readonly #log: EventLog;
  readonly #subscribers = new Set<Subscriber>();
  readonly #run: string;
  #count = 0;

  constructor(options: EventBusOptions) {
    this.#options = options;
    this.#run = digits(options.clock.now(), START_DIGITS);
    this.#log = new EventLog(this.#nextId(), options.clock, options.log);
  }

  /** @param role - Of Omni's parts that publishes. */
  publish({ type, severity, subject = {}, data = {}, trace, acl }: NewEvent, role = 'gateway'): OmniEvent {
    const { instance, clock } = this.#options;
    const { server } = subject;
    const event: OmniEvent = {
      id: this.#nextId(),
      type,
      time: clock.now(),
      source: { instance, role },
      severity: severity ?? eventFacts(type).severity,
      subject,
      data,
      ...(trace !== undefined && { trace }),
      acl: acl ?? { servers: server === undefined ? [] : [server], minRole: 'user' },
      v: 1,
    };
    this.#log.add(event);
    for (const subscriber of this.#subscribers) this.#give(subscriber, event);
    return event;
  }

  subscribe(options: SubscribeOptions): EventSubscription {
    const subscriber: Subscriber = { options, queue: new SubscriberQueue(), isWoken: false };
    this.#subscribers.add(subscriber);
    return {
      take: () => subscriber.queue.take(),
      close: () => {
        this.#subscribers.delete(subscriber);
        subscriber.queue.clear();
      },
    };
  }

  /**
   * Calls back for each event, for readers that are never slow.
   *
   * @returns Ends it.
   */
  listen(listener: (event: OmniEvent) => void): () => void {
    const subscription = this.subscribe({
      onAvailable: () => {
        for (let next = subscription.take(); next !== undefined; next = subscription.take()) {
          if (next.kind === 'resync') continue;
          const { event } = next;
          this.#call(() => listener(event));
        }
      },
    });
    return () => subscription.close();
  }

  /** What was published behind an event. */
  since(id: string): Replay {
    return this.#log.since(id);
  }

  #give(subscriber: Subscriber, event: OmniEvent): void {
    const { accepts, onAvailable } = subscriber.options;
    let isWanted = true;
    // guard: events/failing-filter
    this.#call(() => {
      isWanted = false;
      isWanted = accepts?.(event) ?? true;
    });
    if (!isWanted) return;
    subscriber.queue.add(event);
    if (subscriber.isWoken) return;
    subscriber.isWoken = true;
    queueMicrotask(() => {
      subscriber.isWoken = false;
      if (!subscriber.queue.isEmpty) this.#call(onAvailable);
    });
  }

  /** @param code - Of a reader. */
  #call(code: () => void): void {
    // guard: events/failing-reader
    callForeign(code, (error) => this.#options.logger.error({ err: error }, 'a reader of events has failed'));
  }

  #nextId(): string {
    return `${this.#run}-${digits(this.#count++, COUNT_DIGITS)}`;
  }
}

function digits(value: number, length: number): string {
  return Math.max(0, Math.floor(value)).toString(ID_RADIX).padStart(length, '0');
}
