import {
  type CallHandler,
  type CallPhase,
  type CallStage,
  FollowedCall,
  refusedCall,
  type UpstreamAnswer,
  type UpstreamCall,
} from '@omni/model';
import { type Clock, DEFAULT_ROUTING, type GatewayError, type Millis } from '@omni/ports';
import { Quota, type QuotaRefusal, type QuotaUse } from '../quota/quota.ts';
import { quotaUsedUp } from '../quota/quota-used-up.ts';
import { calledOf } from './called.ts';
import { KeptState } from './kept-state.ts';

export interface CallQuotasOptions {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Told of each call that is refused. */
  readonly onUsedUp?: (upstream: string, refusal: QuotaRefusal, call: UpstreamCall) => void;
}

/** Limits what calls of clients use of an upstream in a time (S003-RT-09). */
export function callQuotas({ clock, onUsedUp }: CallQuotasOptions): CallStage {
  const known = new KeptState<Quota | undefined>({
    settingsOf: ({ quota }) => quota ?? null,
    create: ({ routing = DEFAULT_ROUTING }) =>
      routing.quota === undefined ? undefined : new Quota({ ...routing.quota, clock }),
  });
  return (next, { spec }) => {
    const quota = known.of(spec);
    if (quota === undefined) return next;
    const owner = { quota, upstream: spec.name, clock };
    return (call, handler) => {
      if (calledOf(call) === undefined) return next(call, handler);
      const refusal = owner.quota.take(spec.name);
      if (refusal === undefined) return new PaidCall(handler, owner, call).begin(next, call);
      onUsedUp?.(spec.name, refusal, call);
      return refusedCall(handler, quotaUsedUp('upstream', refusal));
    };
  };
}

interface QuotaOwner {
  readonly quota: Quota;
  readonly upstream: string;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/** A call that pays at its end. */
class PaidCall extends FollowedCall {
  readonly #owner: QuotaOwner;
  readonly #beganMs: Millis;
  #bytes: number;
  #isMade = true;

  constructor(next: CallHandler, owner: QuotaOwner, call: UpstreamCall) {
    super(next);
    this.#owner = owner;
    this.#bytes = call.paramsEnd - call.paramsStart;
    this.#beganMs = owner.clock.monotonicMs();
  }

  override onAnswer(answer: UpstreamAnswer): void {
    this.#bytes += answer.kind === 'bytes' ? answer.bytes.byteLength : answer.message.text.length;
    super.onAnswer(answer);
  }

  override onFailure(error: GatewayError, phase: CallPhase): void {
    this.#isMade = phase !== 'not-sent';
    super.onFailure(error, phase);
  }

  override onChunk(bytes: Uint8Array): boolean {
    this.#bytes += bytes.byteLength;
    return super.onChunk(bytes);
  }

  protected override onOver(): void {
    const { quota, upstream, clock } = this.#owner;
    const use: QuotaUse = { bytes: this.#bytes, busyMs: clock.monotonicMs() - this.#beganMs };
    // guard: quota/not-made
    if (this.#isMade) quota.pay(upstream, use);
    else quota.giveBack(upstream, this.#beganMs);
  }
}
