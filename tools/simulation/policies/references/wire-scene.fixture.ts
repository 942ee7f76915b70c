import { DEFAULT_ROUTING, type RoutingSettings } from '@omni/ports';
import { type Attempt, type AttemptEnd, History, type Reply } from '../history.ts';
import type { Capability, PlannedCall, PlannedClient, PlannedLimits, PlannedUpstream } from '../plan.ts';
import type { Reference } from './finding.ts';

export interface WireSceneOptions {
  readonly routing?: Partial<RoutingSettings>;
  readonly limits?: Partial<PlannedLimits>;
  readonly upstream?: Partial<PlannedUpstream>;
  /** Further servers. Default: none. */
  readonly others?: readonly PlannedUpstream[];
  readonly clients?: readonly PlannedClient[];
  /** By id. */
  readonly calls?: Readonly<Record<string, Partial<PlannedCall>>>;
}

/** Of the calls, whose names say who makes them: `a1` is of ada, `b1` of bob. */
const USERS = { a: 'ada', b: 'bob' } as const;
const IDS = ['a', 'b'].flatMap((user) => Array.from({ length: 40 }, (_, index) => `${user}${index}`));

/** What goes over the wire, written down by hand. */
export class WireScene {
  readonly #history: History;
  readonly #attempts: Attempt[] = [];
  readonly #capability: Capability;
  #nowMs = 0;

  /** @param capability - What all calls are for. */
  constructor(options: WireSceneOptions = {}, capability: Capability = 'act') {
    const { routing, limits, upstream, others = [], calls: own = {} } = options;
    this.#capability = capability;
    const calls = IDS.map((id): PlannedCall => ({
      id,
      atMs: 0,
      client: id.slice(0, 1),
      upstream: 'u',
      capability,
      wantsProgress: id.endsWith('9'),
      moods: [],
      ...own[id],
    }));
    const plan = {
      seed: 1,
      durationMs: 60_000,
      isForProcesses: false,
      limits: { maxUpstreamInFlight: 100, ...limits },
      upstreams: [
        {
          name: 'u',
          transport: 'http',
          era: 'modern',
          callTimeoutMs: 1_000,
          away: [],
          routing: { ...DEFAULT_ROUTING, ...routing },
          ...upstream,
        } as const,
        ...others,
      ],
      clients:
        options.clients ??
        Object.entries(USERS).map(([name, user]) => ({ name, user, era: 'modern' }) as const),
      calls,
    };
    this.#history = new History(plan, { nowMs: () => this.#nowMs });
  }

  /** From now on it is this late. */
  at(ms: number): this {
    this.#nowMs = ms;
    return this;
  }

  send(id: string): this {
    this.#history.sent(id);
    return this;
  }

  /** An attempt of it arrives. @param at - Default: its server. */
  arrive(id: string, at?: PlannedUpstream): this {
    const attempt = this.#history.arrived(id, at);
    if (attempt !== undefined) this.#attempts.push(attempt);
    return this;
  }

  call(id: string): this {
    return this.send(id).arrive(id);
  }

  /** Its last attempt ends. */
  end(id: string, end: AttemptEnd): this {
    const attempt = this.#attempts.findLast(
      ({ call, end: known }) => call.plan.id === id && known === undefined,
    );
    if (attempt !== undefined) this.#history.ended(attempt, end);
    return this;
  }

  kill(): this {
    this.#history.killed();
    return this;
  }

  /** What its task has ended with. */
  result(id: string, reply: Reply): this {
    this.#history.resulted(id, reply);
    return this;
  }

  /** Somebody else is shown its task. */
  spy(id: string): this {
    this.#history.seenByOthers.push(id);
    return this;
  }

  show(id: string): this {
    this.#history.shown(id);
    return this;
  }

  cancel(id: string): this {
    this.#history.cancelled(id);
    return this;
  }

  reply(id: string, reply: Reply | string): this {
    this.#history.replied(id, typeof reply === 'string' ? { kind: 'error', code: reply } : reply);
    return this;
  }

  limited(id: string, limit: string): this {
    return this.reply(id, { kind: 'error', code: 'OMNI_RATE_LIMITED', limit });
  }

  /** It is answered, and its client is told. */
  answer(id: string): this {
    const number = this.#attempts.filter(({ call }) => call.plan.id === id).length;
    return this.end(id, { kind: 'answer' }).reply(id, { kind: 'answer', attempt: number });
  }

  /** It fails, and its client is told. */
  fail(id: string): this {
    const isUnknown = this.#capability === 'act' && { isUnknown: true as const };
    const reply = { kind: 'error', code: 'OMNI_UPSTREAM_UNREACHABLE', ...isUnknown } as const;
    return this.end(id, { kind: 'cut', at: 'request' }).reply(id, reply);
  }

  /** What a reference has against it. */
  found(reference: Reference): readonly string[] {
    return reference(this.#history).map(({ what }) => what);
  }
}
