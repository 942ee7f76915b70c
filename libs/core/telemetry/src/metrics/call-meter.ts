import type { CallHandler, CallStage, UpstreamCall } from '@omni/model';
import type { Clock, Histogram, MetricFamily, Metrics, Millis } from '@omni/ports';
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
    const meter = new ConnectionMeter(this.#durations, this.#clock, upstream, networkTransport(transport));
    return (call, handler) => new MeteredCall(handler, meter, call).begin(next, call);
  };
}

/** What is the same for all calls on a connection. */
class ConnectionMeter {
  readonly #durations: MetricFamily<Histogram>;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #upstream: string;
  readonly #network: string;

  constructor(
    durations: MetricFamily<Histogram>,
    clock: Pick<Clock, 'monotonicMs'>,
    upstream: string,
    network: string,
  ) {
    this.#durations = durations;
    this.#clock = clock;
    this.#upstream = upstream;
    this.#network = network;
  }

  nowMs(): Millis {
    return this.#clock.monotonicMs();
  }

  onOver({ method, name = '' }: UpstreamCall, beganMs: Millis, error: string): void {
    // The name of a tool that has a route is known; that of a resource is an address.
    const tool = method === 'tools/call' ? name : '';
    this.#durations
      .with(knownMethod(method), tool, knownError(error), this.#network, this.#upstream)
      .record((this.nowMs() - beganMs) / 1_000);
  }
}

class MeteredCall extends MeasuredCall {
  readonly #meter: ConnectionMeter;
  readonly #call: UpstreamCall;
  readonly #beganMs: Millis;

  constructor(next: CallHandler, meter: ConnectionMeter, call: UpstreamCall) {
    super(next);
    this.#meter = meter;
    this.#call = call;
    this.#beganMs = meter.nowMs();
  }

  protected override onOver(): void {
    this.#meter.onOver(this.#call, this.#beganMs, this.error);
  }
}
