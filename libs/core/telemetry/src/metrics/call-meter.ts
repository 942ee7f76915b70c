import type { CallHandler, CallStage } from '@omni/model';
import type { Clock, Histogram, MetricFamily, Metrics } from '@omni/ports';
import { knownError } from '../known-errors.ts';
import { knownMethod } from '../known-methods.ts';
import { MeasuredCall } from '../measured-call.ts';
import { CLIENT_DURATION } from '../semantic-names.ts';
import { networkTransport } from '../network-transport.ts';

/** Measures how long calls of servers take, and how they end. */
export class CallMeter {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #durations: MetricFamily<Histogram>;

  constructor(metrics: Metrics, clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
    this.#durations = metrics.histogram(CLIENT_DURATION);
  }

  readonly stage: CallStage = (next, { upstream, transport }) => {
    const network = networkTransport(transport);
    return (call, handler) => {
      // The name of a tool that has a route is known; that of a resource is an address.
      const tool = call.method === 'tools/call' ? (call.name ?? '') : '';
      const method = knownMethod(call.method);
      const beganMs = this.#clock.monotonicMs();
      const onOver = (error: string): void =>
        this.#durations
          .with(method, tool, knownError(error), network, upstream)
          .record((this.#clock.monotonicMs() - beganMs) / 1_000);
      return new MeteredCall(handler, onOver).begin(next, call);
    };
  };
}

class MeteredCall extends MeasuredCall {
  readonly #onOver: (error: string) => void;

  constructor(next: CallHandler, onOver: (error: string) => void) {
    super(next);
    this.#onOver = onOver;
  }

  protected override onOver(): void {
    this.#onOver(this.error);
  }
}
