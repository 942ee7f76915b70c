import { callForeign, type Clock, GatewayError, type Logger } from '@omni/ports';
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
  readonly queue: Pick<SubscriberQueue, 'add' | 'isEmpty'>;
  isWoken: boolean;
}

/** Readers at the same time that may be slow: each may hold all its slots. */
export const MAX_SUBSCRIPTIONS = 256;

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
  #subscriptions = 0;
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
    const event = this.#logged({
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
    });
    for (const subscriber of this.#subscribers) this.#give(subscriber, event);
    return event;
  }

  /** @throws GatewayError `OMNI_OVERLOADED` when there are {@link MAX_SUBSCRIPTIONS}. */
  subscribe(options: SubscribeOptions): EventSubscription {
    // guard: events/subscriptions
    if (this.#subscriptions >= MAX_SUBSCRIPTIONS)
      throw new GatewayError('OMNI_OVERLOADED', `${MAX_SUBSCRIPTIONS} readers follow the events already`);
    const queue = new SubscriberQueue();
    const subscriber: Subscriber = { options, queue, isWoken: false };
    this.#subscribers.add(subscriber);
    this.#subscriptions++;
    return {
      take: () => queue.take(),
      close: () => {
        if (this.#subscribers.delete(subscriber)) this.#subscriptions--;
        queue.clear();
      },
    };
  }

  /**
   * Calls back for each event, whatever happens in one turn: for readers in the process that are never slow.
   *
   * @returns Ends it.
   */
  listen(listener: (event: OmniEvent) => void): () => void {
    // What one turn publishes: it is told before the next one.
    let waiting: OmniEvent[] = [];
    const onAvailable = (): void => {
      for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) {
        const told = event;
        this.#call(() => listener(told));
      }
    };
    const queue = {
      add: (event: OmniEvent) => void waiting.push(event),
      get isEmpty() {
        return waiting.length === 0;
      },
    };
    const subscriber: Subscriber = { options: { onAvailable }, queue, isWoken: false };
    this.#subscribers.add(subscriber);
    return () => {
      this.#subscribers.delete(subscriber);
      waiting = [];
    };
  }

  /** What was published behind an event. */
  since(id: string): Replay {
    return this.#log.since(id);
  }

  /** @returns The event; without its data where that cannot be written as JSON. */
  #logged(event: OmniEvent): OmniEvent {
    try {
      this.#log.add(event);
      return event;
    } catch (error) {
      const { logger } = this.#options;
      logger.error({ err: error, event: event.type }, 'the data of an event cannot be written');
      const bare = { ...event, data: {} };
      this.#log.add(bare);
      return bare;
    }
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
