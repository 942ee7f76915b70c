import {
  type CallContext,
  type ChunkSink,
  ForwardingReply,
  NOTHING_RUNS,
  type Outcome,
  type ReplySink,
  type RequestStage,
  type ResponseHead,
  type RunningCall,
} from '@omni/model';
import { type Clock, type Millis, type QuotaSettings, sharerOf } from '@omni/ports';
import { Quota, type QuotaRefusal } from '../quota/quota.ts';
import { quotaUsedUp } from '../quota/quota-used-up.ts';
import { isCall } from './called.ts';

export interface RequestQuotasOptions {
  /** Of each session or connection; of a principal where there is none. Absent: none. */
  readonly session?: QuotaSettings | undefined;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Told of each request that is refused. */
  readonly onUsedUp?: (refusal: QuotaRefusal, context: CallContext) => void;
}

/** Limits what a session uses of all servers in a time (S003-RT-09). */
export function requestQuotas({ session, clock, onUsedUp }: RequestQuotasOptions): RequestStage {
  if (session === undefined) return (_request, next) => next;
  const quota = new Quota({ ...session, clock });
  return ({ context }, next) => {
    const { client, message } = context;
    if (!isCall(message.method)) return next;
    return (reply) => {
      const key = client.session?.key ?? sharerOf(client.principal);
      const refusal = quota.take(key);
      if (refusal !== undefined) {
        onUsedUp?.(refusal, context);
        reply.settle({ kind: 'refused', error: quotaUsedUp('session', refusal) });
        return NOTHING_RUNS;
      }
      const paid = new PaidReply(reply, { quota, key, clock }, message.text.length);
      paid.begin(next(paid));
      return paid;
    };
  };
}

interface QuotaOwner {
  readonly quota: Quota;
  readonly key: string;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/** A request that pays at its end. */
class PaidReply extends ForwardingReply implements RunningCall, ChunkSink {
  readonly #owner: QuotaOwner;
  readonly #beganMs: Millis;
  #bytes: number;
  #running: RunningCall = NOTHING_RUNS;
  #sink: ChunkSink | undefined;
  #isOver = false;

  constructor(reply: ReplySink, owner: QuotaOwner, bytes: number) {
    super(reply);
    this.#owner = owner;
    this.#bytes = bytes;
    this.#beganMs = owner.clock.monotonicMs();
  }

  begin(running: RunningCall): void {
    if (!this.#isOver) this.#running = running;
  }

  cancel(reason?: string): void {
    this.#pay();
    this.#running.cancel(reason);
  }

  override settle(outcome: Outcome): void {
    if (outcome.kind === 'message') {
      const { payload } = outcome;
      this.#bytes += typeof payload === 'string' ? payload.length : payload.byteLength;
    }
    this.#pay();
    super.settle(outcome);
  }

  override get chunks(): ChunkSink | undefined {
    this.#sink = this.next.chunks;
    return this.#sink === undefined ? undefined : this;
  }

  onResponseHead(head: ResponseHead): void {
    this.#sink?.onResponseHead(head);
  }

  onChunk(bytes: Uint8Array): boolean {
    this.#bytes += bytes.byteLength;
    return this.#sink?.onChunk(bytes) ?? true;
  }

  onResponseEnd(): void {
    this.#pay();
    this.#sink?.onResponseEnd();
  }

  #pay(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { quota, key, clock } = this.#owner;
    quota.pay(key, { bytes: this.#bytes, busyMs: clock.monotonicMs() - this.#beganMs });
  }
}
