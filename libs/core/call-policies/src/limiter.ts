import {
  type CallHandler,
  type CallStage,
  FollowedCall,
  type InstanceIdentity,
  LISTEN,
  refusedCall,
  type RunningCall,
  type SendCall,
  TASK_RESULT,
  type UpstreamCall,
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
import { Slots } from './concurrency/slots.ts';
import { UpstreamSlots } from './concurrency/upstream-slots.ts';
import type { CallQueues } from './queue/call-queues.ts';

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
  /** Where calls wait. */
  readonly queues: CallQueues;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/**
 * Lets only so many calls run at the same time, and none of the users have all of them. More wait for their
 * turn where the settings of the upstream let them, and are refused elsewhere, since a queue hides that a
 * server is too slow.
 *
 * Counts belong to a definition and to an instance: what has taken the place of a server begins at nothing,
 * and what is gone is forgotten.
 */
export class Limiter {
  readonly #options: LimiterOptions;
  readonly #upstreams = new WeakMap<UpstreamSpec, UpstreamSlots>();
  readonly #instances = new WeakMap<InstanceIdentity, Slots>();
  /** Of calls that wait for a task to end, which keep no server busy. */
  readonly #taskWaits = new WeakMap<UpstreamSpec, Slots>();
  #waiting = 0;

  constructor(options: LimiterOptions) {
    this.#options = options;
  }

  /** Calls that wait for their upstream to start. */
  get waiting(): number {
    return this.#waiting;
  }

  readonly stage: CallStage = (next, { spec, instance: identity, held }) => {
    const upstream = this.#slotsOf(spec);
    const instance = this.#instanceSlotsOf(spec, identity);
    const send = upstream.learning(next);
    const sendNow: SendCall = (call, handler) => this.#sendNow(send, call, handler, upstream, instance);
    // A call that waits for the upstream holds a place of its instance, which others need not wait for.
    const sendBehind: SendCall = (call, handler) => upstream.send(send, call, handler, held);
    const sendInTurn: SendCall = (call, handler) =>
      call.isInternal === true ? sendNow(call, handler) : instance.send(sendBehind, call, handler, held);
    const sendCall = this.#options.queues.of(spec) === undefined ? sendNow : sendInTurn;
    return (call, handler) => {
      // guard: limiter/listens
      if (call.method === LISTEN) return next(call, handler);
      if (/* guard: limiter/task-waits */ call.method === TASK_RESULT)
        return this.#taskWaitsOf(spec).send(next, call, handler);
      return sendCall(call, handler);
    };
  };

  /**
   * Takes a place for a call that waits for its upstream to start.
   *
   * @returns What gives it back, once; or why there is none.
   */
  readonly hold = (spec: UpstreamSpec, principal: Principal): (() => void) | GatewayError => {
    const slots = this.#slotsOf(spec);
    const place = slots.places.take(principal);
    // guard: limiter/waiting
    if (place instanceof GatewayError) return place;
    let isHeld = true;
    this.#waiting++;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#waiting--;
      slots.leave(place);
    };
  };

  /** Calls of an upstream that hold a place. */
  inFlight(spec: UpstreamSpec): number {
    return this.#upstreams.get(spec)?.places.taken ?? 0;
  }

  /** How many may hold one now. */
  limitOf(spec: UpstreamSpec): number {
    return this.#slotsOf(spec).places.capacity;
  }

  /** @param share - Of its limit that is left to an upstream, above 0; 1: all of it. */
  lower(spec: UpstreamSpec, share: number): void {
    this.#slotsOf(spec).lower(share);
  }

  #sendNow(
    next: SendCall,
    call: UpstreamCall,
    handler: CallHandler,
    upstream: UpstreamSlots,
    instance: Slots,
  ): RunningCall {
    const reserve = /* guard: limiter/reserve */ call.isInternal === true ? INTERNAL_RESERVE : 0;
    const caller = call.caller ?? OMNI;
    const place = upstream.places.take(caller, reserve);
    // guard: limiter/upstream
    if (place instanceof GatewayError) return refusedCall(handler, place);
    const own = instance.places.take(caller, reserve);
    // guard: limiter/instance
    if (own instanceof GatewayError) {
      upstream.leave(place);
      return refusedCall(handler, own);
    }
    return new LimitedCall(handler, [upstream, place, instance, own]).begin(next, call);
  }

  #slotsOf(spec: UpstreamSpec): UpstreamSlots {
    let slots = this.#upstreams.get(spec);
    if (slots === undefined) {
      const { maxUpstreamInFlight: capacity, queues, clock } = this.#options;
      slots = new UpstreamSlots({ spec, capacity, queues: () => queues.of(spec), clock });
      this.#upstreams.set(spec, slots);
    }
    return slots;
  }

  #taskWaitsOf(spec: UpstreamSpec): Slots {
    let slots = this.#taskWaits.get(spec);
    if (slots === undefined) {
      const { maxUpstreamInFlight: capacity, clock } = this.#options;
      const what = `waits for tasks of "${spec.name}"`;
      const places = new FairPlaces({ capacity, what, setting: 'limits.maxUpstreamInFlight', clock });
      this.#taskWaits.set(spec, (slots = new Slots(places, () => undefined)));
    }
    return slots;
  }

  #instanceSlotsOf(spec: UpstreamSpec, identity: InstanceIdentity): Slots {
    let slots = this.#instances.get(identity);
    if (slots === undefined) {
      const { maxInstanceInFlight: capacity, queues, clock } = this.#options;
      const what = `calls to one instance of "${spec.name}" under way`;
      const places = new FairPlaces({ capacity, what, setting: 'limits.maxInstanceInFlight', clock });
      slots = new Slots(places, () => queues.of(spec));
      this.#instances.set(identity, slots);
    }
    return slots;
  }
}

/** A call that holds its places until its end. */
class LimitedCall extends FollowedCall {
  readonly #places: readonly [Slots, Share, Slots, Share];

  /** @param places - With what was taken of each. */
  constructor(next: CallHandler, places: readonly [Slots, Share, Slots, Share]) {
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
