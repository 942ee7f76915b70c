import type { UpstreamCall } from '@omni/model';
import {
  type Clock,
  DEFAULT_ROUTING,
  FairPlaces,
  FairQueue,
  type GatewayError,
  type Millis,
  type UpstreamSpec,
} from '@omni/ports';
import { KeptState } from '../stages/kept-state.ts';

/** What the queues of one upstream share. */
export class UpstreamQueues {
  readonly #spec: UpstreamSpec;
  readonly #clock: Pick<Clock, 'monotonicMs' | 'after'>;
  readonly #maxWaitMs: Millis;
  readonly #room: FairPlaces;
  /** When a call began to wait that waits, or has waited, in one of them. */
  readonly #sinceMs = new WeakMap<UpstreamCall, Millis>();
  readonly #queues = new Set<FairQueue>();

  constructor(spec: UpstreamSpec, clock: Pick<Clock, 'monotonicMs' | 'after'>) {
    const { maxWaiting: capacity, maxWaitMs } = (spec.routing ?? DEFAULT_ROUTING).queue;
    this.#spec = spec;
    this.#clock = clock;
    this.#maxWaitMs = maxWaitMs;
    this.#room = new FairPlaces({ capacity, what: this.#what, setting: 'routing.queue.max', clock });
  }

  /** Calls that wait in any of them. */
  get waiting(): number {
    return this.#room.taken;
  }

  get #what(): string {
    return `calls that wait for "${this.#spec.name}"`;
  }

  /** Opens one more. @see close */
  open(): FairQueue {
    const queue = new FairQueue({
      room: this.#room,
      maxWaitMs: this.#maxWaitMs,
      what: this.#what,
      clock: this.#clock,
    });
    this.#queues.add(queue);
    return queue;
  }

  /** One that is empty, and used no more. */
  close(queue: FairQueue): void {
    this.#queues.delete(queue);
  }

  /** For how long a call may wait that begins to wait now, for what it has waited already. */
  waitMs(call: UpstreamCall): Millis {
    const nowMs = this.#clock.monotonicMs();
    const sinceMs = this.#sinceMs.get(call) ?? nowMs;
    this.#sinceMs.set(call, sinceMs);
    return Math.max(0, this.#maxWaitMs - (nowMs - sinceMs));
  }

  fail(error: GatewayError, key?: string): void {
    for (const queue of this.#queues) queue.fail(error, key);
  }
}

/** The queues of upstreams where calls may wait; they belong to definitions. */
export class CallQueues {
  readonly #known: KeptState<UpstreamQueues>;

  constructor(clock: Pick<Clock, 'monotonicMs' | 'after'>) {
    this.#known = new KeptState({
      settingsOf: ({ queue }) => queue,
      create: (spec) => new UpstreamQueues(spec, clock),
    });
  }

  /** @returns `undefined` where no call may wait. */
  of(spec: UpstreamSpec): UpstreamQueues | undefined {
    if ((spec.routing ?? DEFAULT_ROUTING).queue.maxWaiting === 0) return undefined;
    return this.#known.of(spec);
  }

  /** Calls that wait. */
  waiting(spec: UpstreamSpec): number {
    return this.#known.find(spec)?.waiting ?? 0;
  }

  /**
   * Ends the wait of calls.
   *
   * @param key - Of the tool, prompt or resource that they are for. Default: all of them.
   */
  fail(spec: UpstreamSpec, error: GatewayError, key?: string): void {
    this.#known.find(spec)?.fail(error, key);
  }
}
