import type { Choices } from '../../engine/choices.ts';
import type { Attempt, CallHistory, History } from '../history.ts';
import type { Mood, PlannedUpstream, PolicyPlan } from '../plan.ts';
import type { Finding, Reference } from '../references/finding.ts';
import { safetyOf } from '../references/repeats.ts';
import { ADA, BOB, plainCall, plainServer, SCENE_MS, timesOf } from './plan-parts.ts';
import type { Topic } from './topic.ts';

const SERVER = 'u';
const SPARE = 'spare';
const TOO_MANY = 429;
const FAILURES = 5;
const LEFT_OUT_MS = 30_000;
const LONGEST_LEFT_OUT_MS = 300_000;
/** While somebody comes back, a fifth of its part at most is asked of it for so long. */
const CAREFUL_MS = 6_000;
const CAREFUL_SHARE = 0.35;
/** Nobody waits for longer than so many turns of all. */
const TURNS = 4;
/** One that was away is tried again by then. */
const BACK_MS = 1_500;

/** One replica, by the ends of its calls. */
class Account {
  readonly name: string;
  inARow = 0;
  #outUntilMs = -Infinity;
  #times = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** Since when it is back; `undefined` where it was never left out. */
  get backMs(): number | undefined {
    return this.#times === 0 ? undefined : this.#outUntilMs;
  }

  isOut(atMs: number): boolean {
    return atMs < this.#outUntilMs;
  }

  works(): void {
    this.inARow = 0;
    this.#row = 0;
  }

  leaveOut(atMs: number): void {
    this.#outUntilMs = atMs + Math.min(LONGEST_LEFT_OUT_MS, LEFT_OUT_MS * 2 ** this.#row++);
    this.#times++;
    this.inARow = 0;
  }

  /** Times that it was left out without having worked between. */
  #row = 0;
}

/**
 * A call goes to a replica of its server that it has not asked, while there is one: first to those that are
 * not left out. What is refused, or not taken, goes on to the next one at once, then to the spare server.
 */
export const judgeReplicas: Reference = (history) => [
  ...judgeWays(history),
  ...(isPinned(history.plan) ? judgeHomes(history) : judgeLeftOut(history)),
  ...judgeMoves(history),
];

function groupOf({ upstreams }: PolicyPlan): readonly PlannedUpstream[] {
  return upstreams.filter(({ name, replica }) => name === SERVER || replica?.of === SERVER);
}

function isPinned({ upstreams }: PolicyPlan): boolean {
  return upstreams.some(({ isPerSession }) => isPerSession === true);
}

function finding(call: CallHistory, atMs: number, what: string): Finding {
  return { invariant: 'P8', atMs, what: `${call.plan.id} ${what}` };
}

/** Each once before any twice, and the spare one behind them all. */
function judgeWays({ plan, calls }: History): readonly Finding[] {
  const group = new Set(groupOf(plan).map(({ name }) => name));
  return [...calls.values()].flatMap((call) =>
    call.attempts.flatMap(({ server, atMs }, index) => {
      const before = call.attempts.slice(0, index).map((one) => one.server);
      if (!group.has(server) && server !== SPARE) return [finding(call, atMs, `arrives at "${server}"`)];
      const isAgain = before.includes(server) && ![...group].every((name) => before.includes(name));
      const last = call.attempts[index - 1];
      if (last !== undefined && safetyOf(call) === 'neither' && mayHaveRun(last))
        return [finding(call, atMs, `arrives at "${server}", and may have run: ${JSON.stringify(last.end)}`)];
      // Those that are away are not seen on the wire.
      if (isAgain && plan.upstreams.every(({ away }) => away.length === 0))
        return [finding(call, atMs, `arrives at "${server}" again, before it has asked all`)];
      return [];
    }),
  );
}

function mayHaveRun({ end }: Attempt): boolean {
  return end?.kind !== 'refused' && !(end?.kind === 'status' && end.status === TOO_MANY);
}

/** Who is left out, and who comes back, by what the replicas have answered. */
function judgeLeftOut({ plan, events }: History): readonly Finding[] {
  const accounts = groupOf(plan).map(({ name }) => new Account(name));
  if (groupOf(plan).some(({ away }) => away.length > 0)) return [];
  const findings: Finding[] = [];
  const accountOf = ({ server }: Attempt): Account | undefined =>
    accounts.find(({ name }) => name === server);
  /** Since when each waits for a call, in turns. */
  const waits = new Map<Account, number>();
  const careful = new Map<Account, { readonly untilMs: number; own: number; all: number }>();
  const takesTurns = plan.upstreams[0]?.routing.balance.strategy === 'round-robin';
  for (const event of events) {
    if (event.kind !== 'arrived' && event.kind !== 'ended') continue;
    const { attempt, atMs } = event;
    const account = accountOf(attempt);
    if (account === undefined) continue;
    if (event.kind === 'ended') {
      const verdict = verdictOf(attempt);
      if (account.isOut(atMs)) continue;
      if (verdict === 'works') account.works();
      if (verdict !== 'fails' || ++account.inARow < FAILURES) continue;
      const out = 1 + accounts.filter((one) => one.isOut(atMs)).length;
      if (out <= accounts.length / 2) account.leaveOut(atMs);
      continue;
    }
    const { call } = attempt;
    const asked = call.attempts.slice(0, attempt.number - 1).map(({ server }) => server);
    const another = accounts.find((one) => one !== account && !one.isOut(atMs) && !asked.includes(one.name));
    if (account.isOut(atMs) && another !== undefined)
      findings.push(finding(call, atMs, `arrives at "${account.name}", which is left out`));
    if (!takesTurns || attempt.number > 1) continue;
    for (const one of accounts) {
      const isWhole = !one.isOut(atMs) && (one.backMs === undefined || atMs > one.backMs + LEFT_OUT_MS);
      const waited = one === account || !isWhole ? 0 : (waits.get(one) ?? 0) + 1;
      waits.set(one, waited);
      if (waited === accounts.length * TURNS)
        findings.push(finding(call, atMs, `is one of ${waited} in a row that "${one.name}" does not get`));
      const { backMs } = one;
      if (backMs === undefined || atMs < backMs || atMs >= backMs + CAREFUL_MS) continue;
      // Where nobody else is left it gets everything.
      if (accounts.every((other) => other === one || other.isOut(atMs))) continue;
      const counts = careful.get(one) ?? { untilMs: backMs + CAREFUL_MS, own: 0, all: 0 };
      if (counts.untilMs !== backMs + CAREFUL_MS) careful.delete(one);
      else careful.set(one, counts);
      counts.all++;
      if (one === account) counts.own++;
      if (counts.own > 2 + (CAREFUL_SHARE * counts.all) / accounts.length)
        findings.push(
          finding(call, atMs, `is one of ${counts.own} of ${counts.all} that "${one.name}" gets at once`),
        );
    }
  }
  return findings;
}

function verdictOf({ end }: Attempt): 'works' | 'fails' | 'nothing' {
  switch (end?.kind) {
    case 'answer':
    case 'error':
    case 'tool-error':
      return 'works';
    case 'cut':
      return 'fails';
    case 'status':
      return end.status >= 500 ? 'fails' : 'nothing';
    default:
      return 'nothing';
  }
}

/** A client stays where its own process is, until that ends. */
function judgeHomes({ events }: History): readonly Finding[] {
  const homes = new Map<string, string>();
  const findings: Finding[] = [];
  for (const event of events) {
    if (event.kind !== 'arrived' && event.kind !== 'ended') continue;
    const { attempt, atMs } = event;
    const { call, server } = attempt;
    const { client } = call.plan;
    if (event.kind === 'ended') {
      if (attempt.end?.kind === 'exit') homes.delete(client);
      continue;
    }
    const home = homes.get(client);
    if (home !== undefined && home !== server)
      findings.push(
        finding(call, atMs, `of ${client} arrives at "${server}", and its process is of "${home}"`),
      );
    homes.set(client, server);
  }
  return findings;
}

/** Nobody fails with a refusal while somebody is left who might take the call. */
function judgeMoves({ plan, calls }: History): readonly Finding[] {
  const names = [...groupOf(plan), ...plan.upstreams.filter(({ name }) => name === SPARE)];
  return [...calls.values()].flatMap((call) => {
    const { reply, repliedAtMs = 0, attempts } = call;
    const end = attempts.at(-1)?.end;
    const isMovable = end?.kind === 'refused' || (end?.kind === 'status' && end.status === TOO_MANY);
    if (reply?.kind !== 'error' || !isMovable) return [];
    const left = names.find(
      ({ name, away }) =>
        attempts.every(({ server }) => server !== name) &&
        away.every(({ fromMs, forMs }) => repliedAtMs < fromMs || repliedAtMs > fromMs + forMs + BACK_MS),
    );
    return left === undefined ? [] : [finding(call, repliedAtMs, `fails, and "${left.name}" was not asked`)];
  });
}

/** Replicas that fail for a while, refuse, or are away; or processes that belong to one session each. */
export const replicas: Topic = {
  name: 'replicas',
  plan: (choices, longMs) => {
    const names = [SERVER, 'v', 'w', 'x'].slice(0, choices.between(2, 4));
    const kind = choices.pick(['failing', 'pinned', 'failing', 'away'] as const);
    // Who is left out is so for half a minute.
    const durationMs = kind === 'failing' ? longMs : Math.min(longMs, SCENE_MS);
    const hasSpare = kind !== 'pinned' && choices.chance(0.5);
    const routing = {
      balance: {
        strategy: choices.pick(['round-robin', 'round-robin', 'least-errors'] as const),
        stickyBy: 'session' as const,
      },
      trustsHints: true,
      retry: { attempts: choices.pick([1, 3]), backoffMs: 5, factor: 1, maxBackoffMs: 5, budget: 1 },
      ...(hasSpare && { failover: [SPARE] }),
    };
    const isPinnedPlan = kind === 'pinned';
    const clients = isPinnedPlan
      ? (['l1', 'l2', 'l3'] as const).map((name) => ({ name, user: 'ada', era: 'legacy' }) as const)
      : [ADA, BOB];
    const together = choices.chance(0.5) ? awayOf(choices, SCENE_MS) : undefined;
    const upstreams = names.map((name): PlannedUpstream => {
      const base = plainServer(name, routing, {
        ...(name !== SERVER && { replica: { of: SERVER } }),
        ...(isPinnedPlan && {
          transport: 'stdio' as const,
          era: 'legacy' as const,
          isPerSession: true as const,
        }),
      });
      if (kind === 'failing') return { ...base, spells: spellsOf(choices, durationMs) };
      return kind === 'away' ? { ...base, away: together ?? awayOf(choices, durationMs) } : base;
    });
    return {
      durationMs: longMs,
      limits: { maxUpstreamInFlight: 100 },
      clients,
      upstreams: hasSpare ? [...upstreams, plainServer(SPARE, {})] : upstreams,
      calls: timesOf(choices, durationMs, 120).map((atMs, index) => ({
        ...plainCall(`k${index}`, atMs, { afterMs: choices.between(1, 60) }),
        client: choices.pick(clients).name,
        capability: choices.pick(['act', 'look', 'again'] as const),
        ...(isPinnedPlan &&
          choices.chance(0.03) && { moods: [{ kind: 'cut', afterMs: 3, at: 'request' }] as const }),
      })),
    };
  },
  judge: judgeReplicas,
};

function spellsOf(choices: Choices, durationMs: number): NonNullable<PlannedUpstream['spells']> {
  const moods: readonly Mood[] = [
    { kind: 'status', afterMs: 4, status: 500 },
    { kind: 'cut', afterMs: 4, at: 'request' },
    { kind: 'status', afterMs: 4, status: 429 },
  ];
  return timesOf(choices, durationMs, durationMs / 3).map((fromMs) => ({
    fromMs: Math.round(fromMs),
    forMs: Math.round(choices.interval(9_000)),
    mood: choices.pick(moods),
  }));
}

function awayOf(choices: Choices, durationMs: number): PlannedUpstream['away'] {
  return timesOf(choices, durationMs, durationMs / 2).map((fromMs) => ({
    fromMs: Math.round(fromMs),
    forMs: Math.round(choices.interval(1_000)),
  }));
}
