import { DEFAULT_ROUTING } from '@omni/ports';
import { Choices } from '../engine/choices.ts';
import {
  CAPABILITIES,
  type Capability,
  type Mood,
  type PlannedCall,
  type PlannedClient,
  type PlannedLimits,
  type PlannedUpstream,
  type PolicyPlan,
  USERS,
} from './plan.ts';
import { POLICIES } from './policies.ts';

/** A time in which calls of one server, or of one of its tools, fare badly. */
interface Spell {
  readonly upstream: string;
  readonly capability: Capability | undefined;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly moods: readonly Mood[];
}

const STATUSES = [408, 429, 429, 500, 501, 502, 503, 504, 505, 401, 403, 404, 511];
const SPELL_EVERY_MS = 700;
const AWAY_EVERY_MS = 15_000;
const USUAL_ANSWERS_MS = [3, 25, 120];
/** Share of calls that their clients give up. */
const CANCELLED = 0.06;
const WITH_PROGRESS = 0.2;
/** How much more often a greedy user calls than all others together. */
const GREED = 100;

/** @returns The plan of a seed, always the same. */
export function planOf(seed: number, durationMs: number): PolicyPlan {
  const limits = limitsOf(new Choices(seed, 'policy limits'));
  const upstreams = upstreamsOf(new Choices(seed, 'policy upstreams'), durationMs);
  const clients = clientsOf(new Choices(seed, 'policy clients'));
  const spells = spellsOf(new Choices(seed, 'policy spells'), upstreams, durationMs);
  const calls = callsOf(new Choices(seed, 'policy calls'), { upstreams, clients, spells, durationMs });
  return { seed, durationMs, isForProcesses: false, limits, upstreams, clients, calls };
}

function limitsOf(choices: Choices): PlannedLimits {
  return POLICIES.reduce<PlannedLimits>((limits, policy) => ({ ...limits, ...policy.limits?.(choices) }), {
    maxUpstreamInFlight: 100,
  });
}

function upstreamsOf(choices: Choices, durationMs: number): readonly PlannedUpstream[] {
  return Array.from({ length: choices.between(1, 3) }, (_, index) => {
    const upstream = upstreamOf(choices, `u${index}`);
    const isAway = upstream.transport === 'http' && choices.chance(0.3);
    return isAway ? { ...upstream, away: awayOf(choices, durationMs) } : upstream;
  });
}

/** @returns A server with each policy set as chance picks. */
export function upstreamOf(choices: Choices, name: string): PlannedUpstream {
  const transport = choices.pick(['http', 'http', 'stdio'] as const);
  const routing = POLICIES.reduce(
    (settings, policy) => ({ ...settings, ...policy.routing?.(choices) }),
    DEFAULT_ROUTING,
  );
  return {
    name,
    transport,
    // A legacy session that is in doubt is asked for before a call has failed.
    era: transport === 'http' ? 'modern' : choices.pick(['legacy', 'modern'] as const),
    callTimeoutMs: choices.pick([400, 1_000, 3_000]),
    // A queue is read where nothing else lets calls wait.
    routing: choices.chance(0.2) ? calm(routing, choices) : routing,
    away: [],
  };
}

function calm(routing: PlannedUpstream['routing'], choices: Choices): PlannedUpstream['routing'] {
  const { capabilityRate: _, ...rest } = routing;
  return {
    ...rest,
    rate: routing.rate ?? { perSecond: choices.pick([5, 12]), burst: choices.between(1, 5) },
    queue: { ...routing.queue, maxWaiting: Math.max(5, routing.queue.maxWaiting) },
    retry: { ...routing.retry, attempts: 1 },
    hedge: { ...routing.hedge, quantile: 0 },
    concurrency: { ...routing.concurrency, isAdaptive: false },
  };
}

function awayOf(choices: Choices, durationMs: number): PlannedUpstream['away'] {
  const away: { fromMs: number; forMs: number }[] = [];
  for (let atMs = choices.interval(AWAY_EVERY_MS); atMs < durationMs; atMs += choices.interval(AWAY_EVERY_MS))
    away.push({ fromMs: Math.round(atMs), forMs: Math.round(choices.interval(800)) });
  return away;
}

function clientsOf(choices: Choices): readonly PlannedClient[] {
  return Array.from({ length: choices.between(2, 5) }, (_, index) => ({
    name: `c${index}`,
    user: USERS[index] ?? choices.pick(USERS),
    era: choices.pick(['legacy', 'modern'] as const),
  }));
}

function spellsOf(
  choices: Choices,
  upstreams: readonly PlannedUpstream[],
  durationMs: number,
): readonly Spell[] {
  const spells: Spell[] = [];
  for (
    let atMs = choices.interval(SPELL_EVERY_MS);
    atMs < durationMs;
    atMs += choices.interval(SPELL_EVERY_MS)
  ) {
    const upstream = choices.pick(upstreams);
    const one = (): Mood => moodOf(choices, upstream);
    spells.push({
      upstream: upstream.name,
      capability: choices.chance(0.7) ? choices.pick(CAPABILITIES) : undefined,
      fromMs: atMs,
      untilMs: atMs + choices.interval(1_500),
      moods: choices.chance(0.5) ? [one()] : [one(), one(), one()],
    });
  }
  return spells;
}

/** @returns What may become of a call that goes badly. */
export function moodOf(choices: Choices, { transport, callTimeoutMs }: PlannedUpstream): Mood {
  const afterMs = Math.round(choices.interval(15));
  const dice = choices.random();
  if (dice < 0.08) return { kind: 'silence' };
  if (dice < 0.13) return { kind: 'error', afterMs };
  if (dice < 0.18) return { kind: 'tool-error', afterMs };
  if (dice < 0.28) return { kind: 'answer', afterMs: Math.round(choices.random() * callTimeoutMs * 1.5) };
  if (transport === 'stdio')
    return dice < 0.7 ? { kind: 'cut', afterMs, at: 'request' } : { kind: 'silence' };
  if (dice < 0.5) return { kind: 'cut', afterMs, at: choices.pick(['request', 'request', 'body', 'stream']) };
  const status = choices.pick(STATUSES);
  const mayAsk = status === 429 || status === 503;
  return {
    kind: 'status',
    afterMs,
    status,
    ...(mayAsk && choices.chance(0.6) && { retryAfterS: choices.pick([0, 1, 1, 3]) }),
  };
}

interface CallsOptions {
  readonly upstreams: readonly PlannedUpstream[];
  readonly clients: readonly PlannedClient[];
  readonly spells: readonly Spell[];
  readonly durationMs: number;
}

function callsOf(
  choices: Choices,
  { upstreams, clients, spells, durationMs }: CallsOptions,
): readonly PlannedCall[] {
  const perSecond = choices.pick([10, 25, 50]);
  const isGreedy = choices.chance(0.3);
  const burstShare = choices.pick([0, 0.02, 0.1]);
  const usualMs = new Map(upstreams.map(({ name }) => [name, choices.pick(USUAL_ANSWERS_MS)]));
  const calls: PlannedCall[] = [];
  const add = (atMs: number): void => {
    const upstream = choices.pick(upstreams);
    const [greedy, ...others] = clients;
    const isOthers = greedy === undefined || !isGreedy || choices.chance(1 / GREED);
    const client = isOthers ? choices.pick(others.length > 0 ? others : clients) : greedy;
    const capability = choices.pick(CAPABILITIES);
    const spell = spells.find(
      (one) =>
        one.upstream === upstream.name &&
        (one.capability ?? capability) === capability &&
        one.fromMs <= atMs &&
        atMs < one.untilMs,
    );
    const meanMs = usualMs.get(upstream.name) ?? 1;
    const answerMs = 1 + Math.round(choices.interval(meanMs) * (choices.chance(0.03) ? 10 : 1));
    const isCancelled = choices.chance(CANCELLED);
    const cancelAfterMs = Math.round(choices.interval(meanMs));
    calls.push({
      id: `k${calls.length}`,
      atMs,
      client: client.name,
      upstream: upstream.name,
      capability,
      wantsProgress: choices.chance(WITH_PROGRESS),
      ...(isCancelled && { cancelAfterMs }),
      moods: [...(spell?.moods ?? []), { kind: 'answer', afterMs: answerMs }],
    });
  };
  for (let atMs = 0; atMs < durationMs; atMs += choices.interval(1_000 / perSecond)) {
    const count = choices.chance(burstShare) ? choices.between(5, 30) : 1;
    for (let index = 0; index < count; index++) add(Math.round(atMs));
  }
  return calls;
}
