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
import { DEADLINE_OVER } from '../deadline/deadline-over.ts';
import { isCall } from './called.ts';

export interface RequestDeadlineOptions {
  readonly specOf: (upstream: string) => UpstreamSpec | undefined;
  readonly clock: Pick<Clock, 'after' | 'monotonicMs'>;
}

/**
 * Ends a request that takes longer than its deadline, whatever the time is spent on: waits, queues or
 * attempts (S003-RT-07). What runs is cancelled at its server.
 */
export function requestDeadline({ specOf, clock }: RequestDeadlineOptions): RequestStage {
  return ({ upstreams, context, arrivedMs }, next) => {
    const [upstream = ''] = upstreams;
    const { deadlineMs } = specOf(upstream)?.routing ?? DEFAULT_ROUTING;
    if (deadlineMs === 0 || !isCall(context.message.method)) return next;
    return (reply) => {
      const limited = new LimitedReply(reply);
      const leftMs = deadlineMs - (clock.monotonicMs() - arrivedMs);
      limited.begin(next(limited), { clock, deadlineMs, leftMs, upstream });
      return limited;
    };
  };
}

interface Limit {
  readonly clock: Pick<Clock, 'after'>;
  readonly deadlineMs: Millis;
  /** Of the deadline. */
  readonly leftMs: Millis;
  readonly upstream: string;
}

class LimitedReply extends ForwardingReply implements RunningCall {
  #running: RunningCall | undefined;
  #cancelTimer: CancelTimer | undefined;
  #isOver = false;

  begin(running: RunningCall, { clock, deadlineMs, leftMs, upstream }: Limit): void {
    if (this.#isOver) return;
    this.#running = running;
    this.#cancelTimer = clock.after(Math.max(0, leftMs), () => {
      this.cancel(DEADLINE_OVER);
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
