import type { RpcMessage } from '@omni/jsonrpc';
import {
  type AnswerServerRequest,
  type CallHandler,
  type CallStage,
  LISTEN,
  type UpstreamCall,
} from '@omni/model';
import {
  type Clock,
  GatewayError,
  type Histogram,
  type MetricFamily,
  type Metrics,
  type Millis,
} from '@omni/ports';
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
    return (call, handler) => {
      // How long somebody listens says nothing of the server.
      // guard: metrics/listens
      if (call.method === LISTEN) return next(call, handler);
      return new MeteredCall(handler, meter, call).begin(next, call);
    };
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

  onOver({ method, name = '' }: UpstreamCall, tookMs: Millis, error: string): void {
    // The name of a tool that has a route is known; that of a resource is an address.
    const tool = method === 'tools/call' ? name : '';
    this.#durations
      .with(knownMethod(method), tool, knownError(error), this.#network, this.#upstream)
      .record(tookMs / 1_000);
  }
}

class MeteredCall extends MeasuredCall {
  readonly #meter: ConnectionMeter;
  readonly #call: UpstreamCall;
  readonly #beganMs: Millis;
  /** Server requests that a client has yet to answer. */
  #asked = 0;
  #askedSinceMs = 0;
  #askedMs = 0;

  constructor(next: CallHandler, meter: ConnectionMeter, call: UpstreamCall) {
    super(next);
    this.#meter = meter;
    this.#call = call;
    this.#beganMs = meter.nowMs();
  }

  /** While its client is asked, the server is not what takes the time. */
  override onServerRequest(message: RpcMessage, answer: AnswerServerRequest, signal?: AbortSignal): void {
    if (this.#asked++ === 0) this.#askedSinceMs = this.#meter.nowMs();
    let isOpen = true;
    const close = (): void => {
      if (!isOpen) return;
      isOpen = false;
      if (--this.#asked === 0) this.#askedMs += this.#meter.nowMs() - this.#askedSinceMs;
    };
    signal?.addEventListener('abort', close, { once: true });
    super.onServerRequest(
      message,
      (told) => {
        const isProgress = !(told instanceof GatewayError) && told.kind === 'notification';
        if (!isProgress) close();
        answer(told);
      },
      signal,
    );
  }

  protected override onOver(): void {
    const nowMs = this.#meter.nowMs();
    const openMs = this.#asked === 0 ? 0 : nowMs - this.#askedSinceMs;
    const askedMs = /* guard: metrics/asked */ this.#askedMs + openMs;
    this.#meter.onOver(this.#call, nowMs - this.#beganMs - askedMs, this.error);
  }
}
