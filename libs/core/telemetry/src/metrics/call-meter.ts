import type { RpcMessage } from '@omni/jsonrpc';
import { type AnswerServerRequest, type CallHandler, type CallStage, LISTEN } from '@omni/model';
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
    const network = networkTransport(transport);
    return (call, handler) => {
      // How long somebody listens says nothing of the server.
      // guard: metrics/listens
      if (call.method === LISTEN) return next(call, handler);
      // The name of a tool that has a route is known; that of a resource is an address.
      const tool = call.method === 'tools/call' ? (call.name ?? '') : '';
      const method = knownMethod(call.method);
      const beganMs = this.#clock.monotonicMs();
      const onOver = (error: string, askedMs: Millis): void =>
        this.#durations
          .with(method, tool, knownError(error), network, upstream)
          .record((this.#clock.monotonicMs() - beganMs - askedMs) / 1_000);
      return new MeteredCall(handler, this.#clock, onOver).begin(next, call);
    };
  };
}

class MeteredCall extends MeasuredCall {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #onOver: (error: string, askedMs: Millis) => void;
  /** Server requests that a client has yet to answer. */
  #asked = 0;
  #askedSinceMs = 0;
  #askedMs = 0;

  constructor(
    next: CallHandler,
    clock: Pick<Clock, 'monotonicMs'>,
    onOver: (error: string, askedMs: Millis) => void,
  ) {
    super(next);
    this.#clock = clock;
    this.#onOver = onOver;
  }

  /** While its client is asked, the server is not what takes the time. */
  override onServerRequest(message: RpcMessage, answer: AnswerServerRequest, signal?: AbortSignal): void {
    if (this.#asked++ === 0) this.#askedSinceMs = this.#clock.monotonicMs();
    let isOpen = true;
    const close = (): void => {
      if (!isOpen) return;
      isOpen = false;
      if (--this.#asked === 0) this.#askedMs += this.#clock.monotonicMs() - this.#askedSinceMs;
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
    const openMs = this.#asked === 0 ? 0 : this.#clock.monotonicMs() - this.#askedSinceMs;
    this.#onOver(this.error, /* guard: metrics/asked */ this.#askedMs + openMs);
  }
}
