import { askedBy } from '../plan.ts';
import type { CallHistory } from '../history.ts';
import type { Finding, Reference } from '../references/finding.ts';
import { safetyOf } from '../references/repeats.ts';
import { ADA, BOB, plainCall, plainServer, SCENE_MS, timesOf } from './plan-parts.ts';
import type { Topic } from './topic.ts';

/** Requests of one client that wait for one answer. */
interface Group {
  readonly key: string;
  readonly waiting: Set<CallHistory>;
}

/**
 * Equal safe requests of one client that meet are run once, as many as may follow; all others by themselves.
 * So many runs there are, so many attempts arrive, and nobody is taken from those who wait.
 */
export const judgeCoalescing: Reference = ({ calls, events, plan }) => {
  const findings: Finding[] = [];
  const find = (atMs: number, what: string): void => void findings.push({ invariant: 'P10', atMs, what });
  const open = new Map<string, Group>();
  const groups = new Map<CallHistory, Group>();
  const runs = new Map<string, number>();
  const arrivals = new Map<string, number>();
  for (const event of events) {
    switch (event.kind) {
      case 'sent': {
        const { call } = event;
        const key = keyOf(call, plan.clients.find(({ name }) => name === call.plan.client)?.era ?? '');
        const known = open.get(key);
        const { followers } = call.upstream.routing.coalesce;
        const joins =
          known !== undefined && known.waiting.size > 0 && known.waiting.size <= followers && mayJoin(call);
        const group = joins ? known : { key, waiting: new Set<CallHistory>() };
        if (!joins) {
          if (mayJoin(call)) open.set(key, group);
          count(runs, askedBy(call.plan));
        }
        group.waiting.add(call);
        groups.set(call, group);
        break;
      }
      case 'arrived':
        count(arrivals, askedBy(event.attempt.call.plan));
        break;
      case 'replied':
      case 'cancelled':
        groups.get(event.call)?.waiting.delete(event.call);
        break;
      default:
        break;
    }
  }
  for (const [token, made] of arrivals) {
    const wanted = runs.get(token) ?? 0;
    if (made !== wanted) find(0, `"${token}" arrives ${made} times in place of ${wanted}`);
  }
  for (const call of calls.values()) {
    const { reply, cancelledAtMs, sentAtMs, plan: planned } = call;
    const isOwed = !Number.isNaN(sentAtMs) && cancelledAtMs === undefined;
    if (isOwed && reply?.kind !== 'answer')
      find(sentAtMs, `${planned.id} is not answered: ${JSON.stringify(reply)}`);
  }
  return findings;
};

function mayJoin(call: CallHistory): boolean {
  return (
    safetyOf(call) !== 'neither' && !call.plan.wantsProgress && call.upstream.routing.coalesce.followers > 0
  );
}

/** A legacy client has a session of its own; those of one modern user are alike. */
function keyOf({ plan, user }: CallHistory, era: string): string {
  const client = era === 'legacy' ? plan.client : user;
  return [client, era, plan.capability, askedBy(plan)].join(' ');
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** Bursts of equal requests, of several clients, some of which give theirs up. */
export const coalescing: Topic = {
  name: 'coalescing',
  plan: (choices, longMs) => {
    const durationMs = Math.min(longMs, SCENE_MS);
    const clients = [
      ADA,
      { ...ADA, name: 'a2' },
      BOB,
      { name: 'l1', user: 'cyd', era: 'legacy' } as const,
      { name: 'l2', user: 'cyd', era: 'legacy' } as const,
    ];
    let ids = 0;
    return {
      durationMs: longMs,
      limits: { maxUpstreamInFlight: 100 },
      clients,
      upstreams: [
        plainServer('u', {
          trustsHints: choices.chance(0.8),
          coalesce: { followers: choices.pick([1, 3, 20]) },
        }),
      ],
      calls: timesOf(choices, durationMs, 300).flatMap((atMs, burst) => {
        const capability = choices.pick(['act', 'look', 'again', 'ask'] as const);
        const afterMs = choices.between(20, 150);
        const members = choices.chance(0.5) ? clients : [choices.pick(clients)];
        return Array.from({ length: choices.between(2, 7) }, () => ({
          ...plainCall(`k${ids++}`, atMs + choices.between(0, 60), { afterMs, capability }),
          token: `t${burst}`,
          client: choices.pick(members).name,
          wantsProgress: choices.chance(0.1),
          ...(choices.chance(0.25) && { cancelAfterMs: choices.between(5, 100) }),
        }));
      }),
    };
  },
  judge: judgeCoalescing,
};
