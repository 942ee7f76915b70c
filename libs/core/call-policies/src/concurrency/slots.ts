import {
  type CallHandler,
  FollowedCall,
  type HeldCalls,
  refusedCall,
  type RunningCall,
  type SendCall,
} from '@omni/model';
import { type FairPlaces, type FairQueue, GatewayError, OMNI, type Principal, type Share } from '@omni/ports';
import type { UpstreamCall } from '@omni/model';
import type { UpstreamQueues } from '../queue/call-queues.ts';
import { WaitingCall } from '../queue/waiting-call.ts';
import { calledOf } from '../stages/called.ts';

/** Places for calls under way, and a queue for those that find none, where they may wait. */
export class Slots {
  readonly places: FairPlaces;
  readonly #queues: () => UpstreamQueues | undefined;
  /** Open while a call waits. */
  #queue: FairQueue | undefined;
  /** Of which it is one. */
  #opened: UpstreamQueues | undefined;

  /** @param queues - Those in force; absent where no call may wait. */
  constructor(places: FairPlaces, queues: () => UpstreamQueues | undefined) {
    this.places = places;
    this.#queues = queues;
  }

  /** Sends a call when there is a place for it, which it holds to its end. */
  send(next: SendCall, call: UpstreamCall, handler: CallHandler, held?: HeldCalls): RunningCall {
    const caller = call.caller ?? OMNI;
    const queues = this.#queues();
    if (queues === undefined || this.#mayPass(caller) || calledOf(call) === undefined)
      return this.#sendNow(next, call, handler);
    const run = (): RunningCall => this.#sendNow(next, call, handler);
    return new WaitingCall(call, handler, run, held).enter((waiter) => {
      this.#opened = queues;
      this.#queue ??= queues.open();
      return this.#queue.join(caller, waiter, queues.waitMs(call));
    });
  }

  /** A call is over. */
  leave(share: Share): void {
    this.places.leave(share);
    this.letGo();
  }

  /** Those that wait go on as far as there are places. */
  letGo(): void {
    const queue = this.#queue;
    if (queue === undefined) return;
    while (!this.places.isFull && queue.next());
    if (queue.size > 0) return;
    this.#opened?.close(queue);
    this.#queue = undefined;
  }

  /** Nobody overtakes a call of its own; those with few places need not wait for others with many. */
  #mayPass(caller: Principal): boolean {
    const isOvertaking = /* guard: limiter/no-overtaking */ this.#queue?.holds(caller) === true;
    return !isOvertaking && this.places.hasRoomFor(caller);
  }

  #sendNow(next: SendCall, call: UpstreamCall, handler: CallHandler): RunningCall {
    const share = this.places.take(call.caller ?? OMNI);
    if (share instanceof GatewayError) return refusedCall(handler, share);
    return new SlotCall(handler, this, share).begin(next, call);
  }
}

/** A call that holds a place until its end. */
class SlotCall extends FollowedCall {
  readonly #slots: Slots;
  readonly #share: Share;

  constructor(next: CallHandler, slots: Slots, share: Share) {
    super(next);
    this.#slots = slots;
    this.#share = share;
  }

  protected override onOver(): void {
    this.#slots.leave(this.#share);
  }
}
