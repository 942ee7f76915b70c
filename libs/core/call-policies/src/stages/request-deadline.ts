import {
  ForwardingReply,
  type Outcome,
  type ReplySink,
  type RequestStage,
  type RunningCall,
} from '@omni/model';
import {
  type CancelTimer,
  type Clock,
  DEFAULT_ROUTING,
  GatewayError,
  type Millis,
  type UpstreamSpec,
} from '@omni/ports';

export interface RequestDeadlineOptions {
  readonly specOf: (upstream: string) => UpstreamSpec | undefined;
  readonly clock: Pick<Clock, 'after'>;
}

/**
 * Ends a request that takes longer than its deadline, whatever the time is spent on: waits, queues or
 * attempts (S003-RT-07). What runs is cancelled at its server.
 */
export function requestDeadline({ specOf, clock }: RequestDeadlineOptions): RequestStage {
  return ({ upstreams }, next) => {
    const [upstream = ''] = upstreams;
    const { deadlineMs } = specOf(upstream)?.routing ?? DEFAULT_ROUTING;
    if (deadlineMs === 0) return next;
    return (reply) => {
      const limited = new LimitedReply(reply);
      limited.begin(next(limited), clock, deadlineMs, upstream);
      return limited;
    };
  };
}

class LimitedReply extends ForwardingReply implements RunningCall {
  #running: RunningCall | undefined;
  #cancelTimer: CancelTimer | undefined;
  #isOver = false;

  begin(running: RunningCall, clock: Pick<Clock, 'after'>, deadlineMs: Millis, upstream: string): void {
    if (this.#isOver) return;
    this.#running = running;
    this.#cancelTimer = clock.after(deadlineMs, () => {
      this.cancel('its deadline is over');
      const seconds = deadlineMs / 1_000;
      const message = `The request to "${upstream}" did not end within its deadline of ${seconds} s`;
      this.next.settle({
        kind: 'error',
        error: new GatewayError('OMNI_UPSTREAM_TIMEOUT', message, {
          data: { seconds },
          hint: 'If it may take longer, raise routing.deadline.',
        }),
      });
    });
  }

  cancel(reason?: string): void {
    this.#isOver = true;
    this.#cancelTimer?.();
    this.#running?.cancel(reason);
  }

  override settle(outcome: Outcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelTimer?.();
    super.settle(outcome);
  }

  override get chunks(): ReplySink['chunks'] {
    const { chunks } = this.next;
    if (chunks === undefined) return undefined;
    return {
      onResponseHead: (head) => chunks.onResponseHead(head),
      onChunk: (bytes) => chunks.onChunk(bytes),
      onResponseEnd: () => {
        this.#isOver = true;
        this.#cancelTimer?.();
        chunks.onResponseEnd();
      },
    };
  }
}
