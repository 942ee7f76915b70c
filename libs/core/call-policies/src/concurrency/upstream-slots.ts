import type { SendCall } from '@omni/model';
import { type Clock, DEFAULT_ROUTING, FairPlaces, type UpstreamSpec } from '@omni/ports';
import type { UpstreamQueues } from '../queue/call-queues.ts';
import { calledOf } from '../stages/called.ts';
import { AdaptiveCall } from './adaptive-call.ts';
import { AdaptiveLimit } from './adaptive-limit.ts';
import { Slots } from './slots.ts';

export interface UpstreamSlotsOptions {
  readonly spec: UpstreamSpec;
  /** The limit of the configuration. */
  readonly capacity: number;
  readonly queues: () => UpstreamQueues | undefined;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/** Places of one upstream: as many as the configuration says, or fewer. */
export class UpstreamSlots extends Slots {
  readonly #capacity: number;
  readonly #spec: UpstreamSpec;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #adaptive: AdaptiveLimit | undefined;
  /** What it was made of. */
  #settings = '';
  /** What is left of the limit while its error budget is spent. */
  #share = 1;

  constructor({ spec, capacity, queues, clock }: UpstreamSlotsOptions) {
    const what = `calls to "${spec.name}" under way`;
    super(new FairPlaces({ capacity, what, setting: 'limits.maxUpstreamInFlight', clock }), queues);
    this.#capacity = capacity;
    this.#spec = spec;
    this.#clock = clock;
    this.#follow();
  }

  /** @param share - Of the limit that is left, above 0; 1: all of it. */
  lower(share: number): void {
    this.#share = share;
    this.#resize();
    this.letGo();
  }

  /** Learns from the calls of clients, where the limit is found out. */
  learning(next: SendCall): SendCall {
    this.#follow();
    const limit = this.#adaptive;
    if (limit === undefined) return next;
    return (call, handler) =>
      calledOf(call) === undefined
        ? next(call, handler)
        : new AdaptiveCall(handler, limit.begin(), this.#resize).begin(next, call);
  }

  /** Takes the settings in force: the stages are applied anew when they were edited. */
  #follow(): void {
    const { concurrency } = this.#spec.routing ?? DEFAULT_ROUTING;
    const settings = JSON.stringify(concurrency);
    if (settings === this.#settings) return;
    this.#settings = settings;
    const { isAdaptive, min, max, initial } = concurrency;
    this.#adaptive = isAdaptive
      ? new AdaptiveLimit({ min, max: Math.min(max, this.#capacity), initial, clock: this.#clock })
      : undefined;
    this.#resize();
    // guard: limiter/edited
    this.letGo();
  }

  readonly #resize = (): void => {
    const limit = Math.min(this.#capacity, this.#adaptive?.limit ?? this.#capacity);
    const capacity = /* guard: limiter/lowered */ Math.max(1, Math.floor(limit * this.#share));
    if (capacity === this.places.capacity) return;
    if (capacity === this.#capacity) this.places.resize(capacity);
    else this.places.resize(capacity, this.#share < 1 ? 'routing.errorBudget' : 'routing.concurrency');
  };
}
