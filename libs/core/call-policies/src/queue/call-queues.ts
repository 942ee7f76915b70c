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

/** What the queues of one upstream share. */
export class UpstreamQueues {
  readonly #spec: UpstreamSpec;
  readonly #clock: Pick<Clock, 'monotonicMs' | 'after'>;
  #maxWaitMs: Millis;
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

  /** Takes the settings in force, by which those wait that come from now on. */
  follow(): void {
    const { maxWaiting, maxWaitMs } = (this.#spec.routing ?? DEFAULT_ROUTING).queue;
    this.#maxWaitMs = maxWaitMs;
    // guard: queue/edited
    if (maxWaiting !== this.#room.capacity) this.#room.resize(maxWaiting);
  }

  get #what(): string {
    return `calls that wait for "${this.#spec.name}"`;
  }

  /** Opens one more. @see close */
  open(): FairQueue {
    const queue = new FairQueue({
      room: this.#room,
      // Who joins says how long it may wait.
      maxWaitMs: Number.POSITIVE_INFINITY,
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
  readonly #clock: Pick<Clock, 'monotonicMs' | 'after'>;
  readonly #known = new WeakMap<UpstreamSpec, UpstreamQueues>();

  constructor(clock: Pick<Clock, 'monotonicMs' | 'after'>) {
    this.#clock = clock;
  }

  /** @returns `undefined` where no call may wait. */
  of(spec: UpstreamSpec): UpstreamQueues | undefined {
    if ((spec.routing ?? DEFAULT_ROUTING).queue.maxWaiting === 0) return undefined;
    let queues = this.#known.get(spec);
    if (queues === undefined) this.#known.set(spec, (queues = new UpstreamQueues(spec, this.#clock)));
    else queues.follow();
    return queues;
  }

  /** Calls that wait. */
  waiting(spec: UpstreamSpec): number {
    return this.#known.get(spec)?.waiting ?? 0;
  }

  /**
   * Ends the wait of calls.
   *
   * @param key - Of the tool, prompt or resource that they are for. Default: all of them.
   */
  fail(spec: UpstreamSpec, error: GatewayError, key?: string): void {
    this.#known.get(spec)?.fail(error, key);
  }
}
