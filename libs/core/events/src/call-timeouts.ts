import {
  type CallHandler,
  type CallPhase,
  type CallStage,
  ForwardingHandler,
  traceIdOf,
  traceparentIn,
} from '@omni/model';
import type { Clock, GatewayError } from '@omni/ports';
import type { NewEvent } from './event.ts';

/** Of one server; beyond it they are counted, and the next event says how many. */
const EVENTS_PER_SECOND = 10;
const SECOND_MS = 1_000;

/**
 * Publishes `request.timeout` for each call that its deadline has ended (S000-GRD-04): the server has been
 * told to give it up by then.
 */
export function callTimeouts(
  publish: (event: NewEvent) => void,
  clock: Pick<Clock, 'monotonicMs'>,
): CallStage {
  return (next, { upstream }) => {
    const rate = new Rate(clock);
    return (call, handler) =>
      next(
        call,
        new WatchedCall(handler, () => {
          const more = rate.pass();
          if (more === undefined) return;
          publish({
            type: 'request.timeout',
            subject: {
              server: upstream,
              ...(call.caller !== undefined && { principal: call.caller.id }),
            },
            // Methods come from clients.
            data: { method: call.method.replaceAll(/[^\x20-\x7e]/g, '.').slice(0, 80), more },
            trace: traceIdOf(traceparentIn(call.forwardedHeaders)),
          });
        }),
      );
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

/** Lets so many a second pass, and counts the others. */
class Rate {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #sinceMs = -Infinity;
  #passed = 0;
  #suppressed = 0;

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /** @returns How many did not pass since the last that did; `undefined` when this one does not. */
  pass(): number | undefined {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#sinceMs >= SECOND_MS) {
      this.#sinceMs = nowMs;
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
