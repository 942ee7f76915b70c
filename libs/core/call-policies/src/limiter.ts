import {
  type CallHandler,
  type CallStage,
  FollowedCall,
  type InstanceIdentity,
  refusedCall,
} from '@omni/model';
import {
  type Clock,
  FairPlaces,
  GatewayError,
  OMNI,
  type Principal,
  type Share,
  type UpstreamSpec,
} from '@omni/ports';

/** Calls that may be under way at the same time. */
export interface CallLimits {
  /** Of one upstream, on all its instances, and those that wait for it to start. */
  readonly maxUpstreamInFlight: number;
  /** Of one instance of an upstream. */
  readonly maxInstanceInFlight: number;
}

/**
 * Omni's own calls may go beyond each limit by so many: a server that is full of clients' calls is still
 * listed, watched and looked after.
 */
const INTERNAL_RESERVE = 16;

export interface LimiterOptions extends CallLimits {
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/**
 * Lets only so many calls run at the same time, and none of the users have all of them; more are refused,
 * since a queue would only hide that a server is too slow.
 *
 * Counts belong to a definition and to an instance: what has taken the place of a server begins at nothing,
 * and what is gone is forgotten.
 */
export class Limiter {
  readonly #options: LimiterOptions;
  readonly #upstreams = new WeakMap<UpstreamSpec, FairPlaces>();
  readonly #instances = new WeakMap<InstanceIdentity, FairPlaces>();
  #waiting = 0;

  constructor(options: LimiterOptions) {
    this.#options = options;
  }

  /** Calls that wait for their upstream to start. */
  get waiting(): number {
    return this.#waiting;
  }

  readonly stage: CallStage = (next, { spec, instance: identity }) => {
    const upstream = this.#placesOf(spec);
    const instance = this.#instancePlacesOf(spec, identity);
    return (call, handler) => {
      const reserve = /* guard: limiter/reserve */ call.isInternal === true ? INTERNAL_RESERVE : 0;
      const caller = call.caller ?? OMNI;
      const place = upstream.take(caller, reserve);
      // guard: limiter/upstream
      if (place instanceof GatewayError) return refusedCall(handler, place);
      const own = instance.take(caller, reserve);
      // guard: limiter/instance
      if (own instanceof GatewayError) {
        upstream.leave(place);
        return refusedCall(handler, own);
      }
      return new LimitedCall(handler, [upstream, place, instance, own]).begin(next, call);
    };
  };

  /**
   * Takes a place for a call that waits for its upstream to start.
   *
   * @returns What gives it back, once; or why there is none.
   */
  readonly hold = (spec: UpstreamSpec, principal: Principal): (() => void) | GatewayError => {
    const places = this.#placesOf(spec);
    const place = places.take(principal);
    // guard: limiter/waiting
    if (place instanceof GatewayError) return place;
    let isHeld = true;
    this.#waiting++;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#waiting--;
      places.leave(place);
    };
  };

  /** Calls of an upstream that hold a place. */
  inFlight(spec: UpstreamSpec): number {
    return this.#upstreams.get(spec)?.taken ?? 0;
  }

  #placesOf(spec: UpstreamSpec): FairPlaces {
    let places = this.#upstreams.get(spec);
    if (places === undefined) {
      const { maxUpstreamInFlight: capacity, clock } = this.#options;
      const what = `calls to "${spec.name}" under way`;
      places = new FairPlaces({ capacity, what, setting: 'limits.maxUpstreamInFlight', clock });
      this.#upstreams.set(spec, places);
    }
    return places;
  }

  #instancePlacesOf({ name }: UpstreamSpec, identity: InstanceIdentity): FairPlaces {
    let places = this.#instances.get(identity);
    if (places === undefined) {
      const { maxInstanceInFlight: capacity, clock } = this.#options;
      const what = `calls to one instance of "${name}" under way`;
      places = new FairPlaces({ capacity, what, setting: 'limits.maxInstanceInFlight', clock });
      this.#instances.set(identity, places);
    }
    return places;
  }
}

/** A call that holds its places until its end. */
class LimitedCall extends FollowedCall {
  readonly #places: readonly [FairPlaces, Share, FairPlaces, Share];

  /** @param places - With what was taken of each. */
  constructor(next: CallHandler, places: readonly [FairPlaces, Share, FairPlaces, Share]) {
    super(next);
    this.#places = places;
  }

  protected override onOver(): void {
    const [upstream, place, instance, own] = this.#places;
    // guard: limiter/places-back
    upstream.leave(place);
    instance.leave(own);
  }
}
