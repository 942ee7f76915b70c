import { traceIdOf, traceparentIn, type UpstreamCall } from '@omni/model';
import type { Clock } from '@omni/ports';
import type { EventType } from './event-catalogue.ts';
import type { NewEvent } from './event.ts';

/** Of one server; beyond it they are counted, and the next event says how many. */
const EVENTS_PER_SECOND = 10;
const SECOND_MS = 1_000;
/** Servers that are counted at the same time before those are forgotten that have been quiet. */
const MANY_SERVERS = 1_000;

/**
 * Something that happened to the call of a user. It is shown to that user and to the owner.
 *
 * @param data - Beside the method.
 */
export function callEvent(
  type: EventType,
  server: string,
  { method, caller, forwardedHeaders }: Pick<UpstreamCall, 'method' | 'caller' | 'forwardedHeaders'>,
  data: Readonly<Record<string, unknown>>,
): NewEvent {
  return {
    type,
    subject: { server, ...(caller !== undefined && { principal: caller.id }) },
    data: { method: shownMethod(method), ...data },
    trace: traceIdOf(traceparentIn(forwardedHeaders)),
    // guard: events/timeout-caller
    ...(caller !== undefined && { acl: { servers: [server], minRole: 'owner', principal: caller.id } }),
  };
}

/** Methods come from clients. */
export function shownMethod(method: string): string {
  return method.replaceAll(/[^\x20-\x7e]/g, '.').slice(0, 80);
}

/** How often something of each server is told: one {@link Rate} for all its connections. */
export class EventRates {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #rates = new Map<string, Rate>();

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  of(server: string): Rate {
    let rate = this.#rates.get(server);
    if (rate !== undefined) return rate;
    if (this.#rates.size >= MANY_SERVERS)
      for (const [name, { isQuiet }] of this.#rates) if (isQuiet) this.#rates.delete(name);
    this.#rates.set(server, (rate = new Rate(this.#clock)));
    return rate;
  }
}

/** Lets so many a second pass, and counts the others. */
class Rate {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #sinceMs = -Infinity;
  #passed = 0;
  #suppressed = 0;

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  get isQuiet(): boolean {
    return this.#clock.monotonicMs() - this.#sinceMs >= SECOND_MS;
  }

  /** @returns How many did not pass since the last that did; `undefined` when this one does not. */
  pass(): number | undefined {
    if (this.isQuiet) {
      this.#sinceMs = this.#clock.monotonicMs();
      this.#passed = 0;
    }
    if (/* guard: events/timeout-flood */ this.#passed >= EVENTS_PER_SECOND) {
      this.#suppressed++;
      return undefined;
    }
    this.#passed++;
    const more = this.#suppressed;
    this.#suppressed = 0;
    return more;
  }
}
