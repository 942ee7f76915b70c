import {
  type CallHandler,
  type CallStage,
  FollowedCall,
  type InstanceIdentity,
  refusedCall,
} from '@omni/model';
import { GatewayError } from '@omni/ports';

/** Calls that may be under way at the same time. */
export interface CallLimits {
  /** Of one upstream, on all its instances, and those that wait for it to start. */
  readonly maxUpstreamInFlight: number;
  /** Of one instance of an upstream. */
  readonly maxInstanceInFlight: number;
}

/** Omni's own calls may go beyond each limit by so many: a server that is full of clients' calls is still listed, watched and looked after. */
const INTERNAL_RESERVE = 16;

/** Calls under way; one count for all connections that lead to the same place. */
interface Tally {
  count: number;
}

/** Lets only so many calls run at the same time; more are refused, since a queue would only hide that a server is too slow. */
export class Limiter {
  readonly #limits: CallLimits;
  readonly #upstreams = new Map<string, Tally>();
  readonly #instances = new WeakMap<InstanceIdentity, Tally>();

  constructor(limits: CallLimits) {
    this.#limits = limits;
  }

  readonly stage: CallStage = (next, { upstream: name, instance: identity }) => {
    const upstream = this.#upstreamTally(name);
    const instance = this.#instanceTally(identity);
    const { maxUpstreamInFlight, maxInstanceInFlight } = this.#limits;
    return (call, handler) => {
      const reserve = /* guard: limiter/reserve */ call.isInternal === true ? INTERNAL_RESERVE : 0;
      // guard: limiter/upstream
      if (upstream.count >= maxUpstreamInFlight + reserve)
        return refusedCall(handler, upstreamIsFull(name, upstream.count));
      // guard: limiter/instance
      if (instance.count >= maxInstanceInFlight + reserve)
        return refusedCall(handler, instanceIsFull(name, instance.count));
      return new LimitedCall(handler, upstream, instance).begin(next, call);
    };
  };

  /** Takes a place for a call that waits for its upstream to start. @returns What gives it back, once; or why there is none. */
  readonly hold = (upstream: string): (() => void) | GatewayError => {
    const tally = this.#upstreamTally(upstream);
    // guard: limiter/waiting
    if (tally.count >= this.#limits.maxUpstreamInFlight) return upstreamIsFull(upstream, tally.count);
    tally.count++;
    let isHeld = true;
    return () => {
      if (isHeld) tally.count--;
      isHeld = false;
    };
  };

  /** Calls of an upstream that hold a place. */
  inFlight(upstream: string): number {
    return this.#upstreams.get(upstream)?.count ?? 0;
  }

  #upstreamTally(name: string): Tally {
    let tally = this.#upstreams.get(name);
    if (tally === undefined) this.#upstreams.set(name, (tally = { count: 0 }));
    return tally;
  }

  #instanceTally(identity: InstanceIdentity): Tally {
    let tally = this.#instances.get(identity);
    if (tally === undefined) this.#instances.set(identity, (tally = { count: 0 }));
    return tally;
  }
}

/** A call that holds its places until its end. */
class LimitedCall extends FollowedCall {
  readonly #upstream: Tally;
  readonly #instance: Tally;

  constructor(next: CallHandler, upstream: Tally, instance: Tally) {
    super(next);
    this.#upstream = upstream;
    this.#instance = instance;
    upstream.count++;
    instance.count++;
  }

  protected override onOver(): void {
    // guard: limiter/places-back
    this.#upstream.count--;
    this.#instance.count--;
  }
}

function upstreamIsFull(upstream: string, count: number): GatewayError {
  return new GatewayError(
    'OMNI_OVERLOADED',
    `"${upstream}" has ${count} calls under way (limits.maxUpstreamInFlight)`,
  );
}

function instanceIsFull(upstream: string, count: number): GatewayError {
  return new GatewayError(
    'OMNI_OVERLOADED',
    `One instance of "${upstream}" has ${count} calls under way (limits.maxInstanceInFlight)`,
  );
}
