import type { QuotaSettings } from '@omni/ports';
import type { CallHistory, History } from '../history.ts';
import type { Finding, Reference } from '../references/finding.ts';
import { ADA, BOB, plainCall, plainServer, SCENE_MS, timesOf } from './plan-parts.ts';
import type { Topic } from './topic.ts';

/** What is used of one quota: the calls and the time of a window that the first call opens. */
class Purse {
  readonly #settings: QuotaSettings;
  #openedAtMs = -Infinity;
  #calls = 0;
  #busyMs = 0;

  constructor(settings: QuotaSettings) {
    this.#settings = settings;
  }

  /** What is used up, if anything is. */
  usedUpAt(atMs: number): string | undefined {
    const { calls = Infinity, busyMs = Infinity, windowMs } = this.#settings;
    if (atMs >= this.#openedAtMs + windowMs) return undefined;
    if (this.#calls >= calls) return `${this.#calls} calls of ${calls}`;
    return this.#busyMs >= busyMs ? `${this.#busyMs} ms of ${busyMs}` : undefined;
  }

  take(atMs: number): void {
    this.#roll(atMs);
    this.#calls++;
  }

  /** A call of that time has not got as far. */
  giveBack(takenAtMs: number, atMs: number): void {
    this.#roll(atMs);
    if (takenAtMs >= this.#openedAtMs) this.#calls--;
  }

  pay(atMs: number, busyMs: number): void {
    this.#roll(atMs);
    this.#busyMs += busyMs;
  }

  #roll(atMs: number): void {
    if (atMs < this.#openedAtMs + this.#settings.windowMs) return;
    this.#openedAtMs = atMs;
    this.#calls = 0;
    this.#busyMs = 0;
  }
}

/** Quotas of servers by what arrives and ends there, those of sessions by what clients send and hear. */
export const judgeQuotas: Reference = (history) => {
  const findings: Finding[] = [];
  const find = (atMs: number, what: string): void => void findings.push({ invariant: 'P1', atMs, what });
  const servers = purses(
    ({ plan }) => plan.upstream,
    ({ upstream }) => upstream.routing.quota,
  );
  const sessions = purses(sessionOf, () => history.plan.limits.sessionQuota);
  for (const event of history.events) {
    const { atMs } = event;
    const call = 'attempt' in event ? event.attempt.call : event.call;
    const [server, session] = [servers(call), sessions(call)];
    const { id } = call.plan;
    switch (event.kind) {
      case 'sent': {
        if (isRefusedFor(call, 'session')) {
          if (session?.usedUpAt(atMs) === undefined)
            find(atMs, `${id} is refused, though its session has a rest`);
          break;
        }
        const usedUp = session?.usedUpAt(atMs);
        if (usedUp !== undefined) find(atMs, `${id} is let through, though its session has used ${usedUp}`);
        session?.take(atMs);
        break;
      }
      case 'arrived': {
        const usedUp = server?.usedUpAt(atMs);
        if (usedUp !== undefined) find(atMs, `${id} arrives, though its server has used ${usedUp}`);
        server?.take(atMs);
        break;
      }
      case 'ended':
        if (event.attempt.end?.kind === 'refused') server?.giveBack(event.attempt.atMs, atMs);
        else server?.pay(atMs, atMs - event.attempt.atMs);
        break;
      case 'cancelled':
        session?.pay(atMs, atMs - call.sentAtMs);
        break;
      case 'replied':
        if (isRefusedFor(call, 'session')) break;
        session?.pay(atMs, atMs - call.sentAtMs);
        if (isRefusedFor(call, 'upstream') && server?.usedUpAt(atMs) === undefined)
          find(atMs, `${id} is refused, though its server has a rest`);
        break;
      default:
        break;
    }
  }
  return findings;
};

function isRefusedFor({ reply }: CallHistory, whose: 'session' | 'upstream'): boolean {
  return reply?.kind === 'error' && reply.code === 'OMNI_QUOTA_USED_UP' && reply.limit === whose;
}

/** The session of a legacy client; the user of a modern one. */
function sessionOf({ plan, user }: CallHistory): string {
  return plan.client.startsWith('legacy') ? plan.client : user;
}

function purses(
  keyOf: (call: CallHistory) => string,
  settingsOf: (call: CallHistory) => QuotaSettings | undefined,
): (call: History['calls'] extends ReadonlyMap<string, infer Call> ? Call : never) => Purse | undefined {
  const known = new Map<string, Purse>();
  return (call) => {
    const settings = settingsOf(call);
    if (settings === undefined) return undefined;
    const purse = known.get(keyOf(call)) ?? new Purse(settings);
    known.set(keyOf(call), purse);
    return purse;
  };
}

/** Servers and sessions with quotas of calls and of time. */
export const quotas: Topic = {
  name: 'quotas',
  plan: (choices, longMs) => {
    const durationMs = Math.min(longMs, SCENE_MS);
    const quota = (): QuotaSettings => ({
      windowMs: choices.pick([700, 2_000, 5_000]),
      ...(choices.chance(0.7) ? { calls: choices.between(1, 12) } : { busyMs: choices.pick([200, 900]) }),
    });
    const clients = [ADA, BOB, { name: 'legacy', user: 'cyd', era: 'legacy' } as const];
    const names = ['u', 'v'];
    return {
      durationMs: longMs,
      limits: { maxUpstreamInFlight: 100, ...(choices.chance(0.6) && { sessionQuota: quota() }) },
      clients,
      upstreams: names.map((name) => {
        const server = plainServer(name, choices.chance(0.7) ? { quota: quota() } : {});
        return choices.chance(0.3) ? { ...server, away: [{ fromMs: 3_000, forMs: 1_500 }] } : server;
      }),
      calls: timesOf(choices, durationMs, 60).map((atMs, index) => ({
        ...plainCall(`k${index}`, atMs, { afterMs: 1 + Math.round(choices.interval(80)) }),
        client: choices.pick(clients).name,
        upstream: choices.pick(names),
        ...(choices.chance(0.1) && { cancelAfterMs: 1 + Math.round(choices.interval(60)) }),
      })),
    };
  },
  judge: judgeQuotas,
};
