import type { RateSettings } from '@omni/ports';
import { type CallHistory, capabilityKey, type History } from '../history.ts';
import type { PlannedUpstream, PolicyPlan } from '../plan.ts';
import type { Finding, Reference } from './finding.ts';

const EPSILON = 1e-6;
/** No plan has as many calls under way. */
export const UNREACHED = 100;
/** Refused behind the rate of its server, or on the way: whether it took a token is not seen on the wire. */
const BEHIND_RATES: ReadonlySet<string> = new Set([
  'OMNI_CIRCUIT_OPEN',
  'OMNI_OVERLOADED',
  'OMNI_QUEUE_FULL',
  'OMNI_UPSTREAM_DOWN',
  'OMNI_UPSTREAM_STARTING',
  'OMNI_UPSTREAM_EXITED',
  'OMNI_UPSTREAM_UNREACHABLE',
]);

/** Drops run into a bucket, and each call takes one out. */
class Bucket {
  readonly #settings: RateSettings;
  #drops: number;
  #atMs = 0;

  constructor(settings: RateSettings) {
    this.#settings = settings;
    this.#drops = settings.burst;
  }

  /** What runs in within the time that things may be late. */
  slack(slackMs: number): number {
    return EPSILON + (slackMs / 1_000) * this.#settings.perSecond;
  }

  dropsAt(atMs: number): number {
    const { perSecond, burst } = this.#settings;
    return Math.min(burst, this.#drops + ((atMs - this.#atMs) / 1_000) * perSecond);
  }

  take(atMs: number): void {
    this.#drops = this.dropsAt(atMs) - 1;
    this.#atMs = atMs;
  }
}

/** A bucket for each key: one of what was taken for certain, one of what may have been. */
class Buckets {
  readonly #settings: RateSettings | undefined;
  readonly #buckets = new Map<string, Bucket>();

  constructor(settings: RateSettings | undefined) {
    this.#settings = settings;
  }

  /** `undefined` where there is no limit. */
  of(key: string): Bucket | undefined {
    if (this.#settings === undefined) return undefined;
    const bucket = this.#buckets.get(key) ?? new Bucket(this.#settings);
    this.#buckets.set(key, bucket);
    return bucket;
  }
}

/** Requests of users and sessions, in the order in which they are sent. */
export const judgeRequestRates: Reference = ({ plan, events, slackMs }) => {
  const findings: Finding[] = [];
  const { userRate, sessionRate } = plan.limits;
  const users = new Buckets(userRate);
  const sessions = new Buckets(sessionRate);
  for (const event of events) {
    if (event.kind !== 'sent') continue;
    const { call, atMs } = event;
    const user = users.of(call.user);
    const session = sessions.of(sessionOf(plan, call));
    const limit = refusedBy(call);
    const find = (what: string): void =>
      void findings.push({ invariant: 'P1', atMs, what: `${call.plan.id} of ${call.user} ${what}` });
    const [ofUser, ofSession] = [user?.dropsAt(atMs) ?? 1, session?.dropsAt(atMs) ?? 1];
    if (limit === 'principal') {
      if (ofUser >= 1 + (user?.slack(slackMs) ?? 0)) find(`is refused, though its user has ${ofUser} tokens`);
    } else if (limit === 'session') {
      if (ofUser < 1 - (user?.slack(slackMs) ?? 0)) find('is refused for its session before its user');
      if (ofSession >= 1 + (session?.slack(slackMs) ?? 0))
        find(`is refused, though its session has ${ofSession} tokens`);
    } else {
      if (ofUser < 1 - (user?.slack(slackMs) ?? 0))
        find(`is let through, though its user has ${ofUser} tokens`);
      if (ofSession < 1 - (session?.slack(slackMs) ?? 0))
        find(`is let through, though its session has ${ofSession} tokens`);
      user?.take(atMs);
      session?.take(atMs);
    }
  }
  return findings;
};

/** Legacy clients have sessions; those of a modern user count as one. */
function sessionOf({ clients }: PolicyPlan, { plan, user }: CallHistory): string {
  const client = clients.find(({ name }) => name === plan.client);
  return client?.era === 'legacy' ? `session of ${client.name}` : `user ${user}`;
}

function refusedBy({ reply }: CallHistory): string | undefined {
  return reply?.kind === 'error' && reply.code === 'OMNI_RATE_LIMITED' ? reply.limit : undefined;
}

/** Whether calls that have their token may wait on: then it is not seen when they took it. */
function waitsForPlaces({ limits }: PolicyPlan, { routing }: PlannedUpstream): boolean {
  const isLimited = routing.concurrency.isAdaptive || limits.maxUpstreamInFlight < UNREACHED;
  return routing.queue.maxWaiting > 0 && isLimited;
}

interface RateAccount {
  readonly certain: Buckets;
  readonly possible: Buckets;
}

/** Attempts that arrive at servers, and at their tools. */
export const judgeCallRates: Reference = (history) => [
  ...judgeArrivals(history, 'upstream', ({ plan }) => plan.upstream),
  ...judgeArrivals(history, 'capability', capabilityKey),
];

function judgeArrivals(
  { plan, events, slackMs }: History,
  scope: 'upstream' | 'capability',
  keyOf: (call: CallHistory) => string,
): readonly Finding[] {
  const findings: Finding[] = [];
  const accounts = new Map<string, RateAccount>(
    plan.upstreams
      .filter((upstream) => !waitsForPlaces(plan, upstream))
      .map(({ name, routing }) => {
        const settings = scope === 'upstream' ? routing.rate : routing.capabilityRate;
        return [name, { certain: new Buckets(settings), possible: new Buckets(settings) }];
      }),
  );
  /** Attempts beside others are refused without a word, and what is late is not seen in its order. */
  const isCertain = ({ upstream: { routing, transport, away } }: CallHistory): boolean =>
    slackMs < 1 && routing.hedge.quantile === 0 && transport === 'http' && away.length === 0;
  for (const event of events) {
    const { atMs } = event;
    const call = 'attempt' in event ? event.attempt.call : event.call;
    const key = keyOf(call);
    const account = accounts.get(call.plan.upstream);
    const certain = account?.certain.of(key);
    const possible = account?.possible.of(key);
    if (certain === undefined || possible === undefined) continue;
    const find = (what: string): void =>
      void findings.push({ invariant: 'P1', atMs, what: `${call.plan.id} to ${key} ${what}` });
    if (event.kind === 'arrived') {
      const drops = certain.dropsAt(atMs);
      if (drops < 1 - certain.slack(slackMs)) find(`arrives, though there are ${drops} tokens`);
      certain.take(atMs);
      possible.take(atMs);
    } else if (event.kind === 'replied') {
      const drops = possible.dropsAt(atMs);
      if (refusedBy(call) === scope && isCertain(call) && drops >= 1 + possible.slack(slackMs))
        find(`is refused, though there are ${drops} tokens`);
      if (call.reply?.kind === 'error' && BEHIND_RATES.has(call.reply.code)) possible.take(atMs);
    } else if (event.kind === 'cancelled') possible.take(atMs);
  }
  return findings;
}
