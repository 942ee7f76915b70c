import {
  type CallHandler,
  type CallPhase,
  type CallStage,
  ForwardingHandler,
  type UpstreamCall,
} from '@omni/model';
import type { Clock, GatewayError } from '@omni/ports';
import { callEvent, EventRates } from './call-events.ts';
import type { NewEvent } from './event.ts';

/**
 * Publishes `request.timeout` for each call that its deadline has ended (S000-GRD-04): the server has been
 * told to give it up by then. Whose call it was is shown to that user and to the owner.
 */
export function callTimeouts(
  publish: (event: NewEvent) => void,
  clock: Pick<Clock, 'monotonicMs'>,
): CallStage {
  const rates = new EventRates(clock);
  return (next, { upstream }) => {
    const onTimeout = (call: UpstreamCall): void => {
      const more = rates.of(upstream).pass();
      if (more !== undefined) publish(callEvent('request.timeout', upstream, call, { more }));
    };
    return (call, handler) => next(call, new WatchedCall(handler, onTimeout, call));
  };
}

class WatchedCall extends ForwardingHandler {
  readonly #onTimeout: (call: UpstreamCall) => void;
  readonly #call: UpstreamCall;

  constructor(next: CallHandler, onTimeout: (call: UpstreamCall) => void, call: UpstreamCall) {
    super(next);
    this.#onTimeout = onTimeout;
    this.#call = call;
  }

  override onFailure(error: GatewayError, phase: CallPhase): void {
    if (error.code === 'OMNI_UPSTREAM_TIMEOUT') this.#onTimeout(this.#call);
    super.onFailure(error, phase);
  }
}
