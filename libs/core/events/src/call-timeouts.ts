import {
  type CallHandler,
  type CallPhase,
  type CallStage,
  ForwardingHandler,
  traceIdOf,
  traceparentIn,
  type UpstreamCall,
} from '@omni/model';
import type { Clock, GatewayError } from '@omni/ports';
import type { NewEvent } from './event.ts';

/** Of one server; beyond it they are counted, and the next event says how many. */
const EVENTS_PER_SECOND = 10;
const SECOND_MS = 1_000;
/** Servers that are counted at the same time before those are forgotten that have been quiet. */
const MANY_SERVERS = 1_000;

/**
 * Publishes `request.timeout` for each call that its deadline has ended (S000-GRD-04): the server has been
 * told to give it up by then. Whose call it was is shown to that user and to the owner.
 */
export function callTimeouts(
  publish: (event: NewEvent) => void,
  clock: Pick<Clock, 'monotonicMs'>,
): CallStage {
  const rates = new Rates(clock);
  return (next, { upstream }) =>
    (call, handler) =>
      next(
        call,
        new WatchedCall(handler, () => {
          const more = rates.of(upstream).pass();
          if (more !== undefined) publish(timeoutOf(upstream, call, more));
        }),
      );
}

function timeoutOf(
  server: string,
  { method, caller, forwardedHeaders }: UpstreamCall,
  more: number,
): NewEvent {
  return {
    type: 'request.timeout',
    subject: { server, ...(caller !== undefined && { principal: caller.id }) },
    // Methods come from clients.
    data: { method: method.replaceAll(/[^\x20-\x7e]/g, '.').slice(0, 80), more },
    trace: traceIdOf(traceparentIn(forwardedHeaders)),
    // guard: events/timeout-caller
    ...(caller !== undefined && { acl: { servers: [server], minRole: 'owner', principal: caller.id } }),
  };
}

class WatchedCall extends ForwardingHandler {
  readonly #onTimeout: () => void;

  constructor(next: CallHandler, onTimeout: () => void) {
    super(next);
    this.#onTimeout = onTimeout;
  }

  override onFailure(error: GatewayError, phase: CallPhase): void {
    if (error.code === 'OMNI_UPSTREAM_TIMEOUT') this.#onTimeout();
    super.onFailure(error, phase);
  }
}

/** One {@link Rate} for each server, however many connections it has. */
class Rates {
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
