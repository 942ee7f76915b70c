import type { Attempt, CallHistory, History } from '../history.ts';
import { askedBy, type Mood, type PlannedCall } from '../plan.ts';
import type { Finding, Reference } from '../references/finding.ts';
import { ADA, BOB, plainCall, plainServer, SCENE_MS, timesOf } from './plan-parts.ts';
import type { Topic } from './topic.ts';

/** Statuses by which a server says that it has done something, perhaps. */
const REQUEST_TIMEOUT = 408;
const NOTHING_DONE: ReadonlySet<number> = new Set([501, 505, 511]);
/** What was told so shortly before a kill may not be stored. */
const STORING_MS = 20;

/** Calls of one user that have one key. */
interface Operation {
  readonly calls: readonly CallHistory[];
  /** Of all of them, by their arrival. */
  readonly attempts: readonly Attempt[];
}

/**
 * What has a key is made once: nothing follows what may have run. Later requests that ask for the same hear
 * the same, or that nobody knows; those that ask for something else are refused.
 */
export const judgeKeys: Reference = (history) =>
  operationsOf(history).flatMap((one) => judgeOne(one, history));

function operationsOf({ calls }: History): readonly Operation[] {
  const known = Map.groupBy(
    [...calls.values()].filter(({ plan }) => plan.key !== undefined),
    ({ plan, user }) => `${user} ${plan.upstream} ${plan.capability} ${plan.key}`,
  );
  return [...known.values()].map((own) => ({
    calls: own,
    attempts: own.flatMap(({ attempts }) => attempts).toSorted((a, b) => a.atMs - b.atMs),
  }));
}

function judgeOne({ calls, attempts }: Operation, { kills, slackMs }: History): readonly Finding[] {
  const findings: Finding[] = [];
  const find = (call: CallHistory, atMs: number, what: string): void =>
    void findings.push({ invariant: 'P9', atMs, what: `${call.plan.id} with key ${call.plan.key} ${what}` });
  const decisive = attempts.find(mayHaveRun);
  for (const attempt of attempts) {
    if (decisive !== undefined && attempt !== decisive && attempt.atMs >= decisive.atMs)
      find(attempt.call, attempt.atMs, `is made again, after ${JSON.stringify(decisive.end)}`);
  }
  for (const { atMs, call } of attempts)
    if (isUnwanted(calls, atMs)) find(call, atMs, 'is made, and nobody wants it any more');
  for (const call of calls) {
    const { reply, sentAtMs, repliedAtMs = 0, cancelledAtMs, isLost } = call;
    if (Number.isNaN(sentAtMs) || cancelledAtMs !== undefined || isLost === true) continue;
    if (reply === undefined) {
      find(call, sentAtMs, 'has no answer');
      continue;
    }
    const isOther = calls.some(
      (other) => other.sentAtMs <= sentAtMs && askedBy(other.plan) !== askedBy(call.plan),
    );
    if (reply.kind === 'error' && reply.code === 'OMNI_IDEMPOTENCY_KEY_REUSED') {
      if (!isOther) find(call, repliedAtMs, 'is said to have been used for something else');
      continue;
    }
    const isMade = attempts.some(
      ({ atMs, endedAtMs = Infinity }) => atMs <= repliedAtMs && endedAtMs + STORING_MS >= sentAtMs,
    );
    if (decisive === undefined && !isMade) find(call, repliedAtMs, 'is not made, though nothing has run');
    if (decisive === undefined || decisive.atMs > repliedAtMs) continue;
    const isSame = askedBy(decisive.call.plan) === askedBy(call.plan);
    if (!isSame && sentAtMs > decisive.atMs) {
      find(call, repliedAtMs, `asks for something else, and hears ${JSON.stringify(reply)}`);
      continue;
    }
    if (!isSame) continue;
    const { endedAtMs = Infinity, end } = decisive;
    const isAnswered = end?.kind === 'answer' || end?.kind === 'error' || end?.kind === 'tool-error';
    const isCutOff = kills.some((atMs) => atMs >= decisive.atMs && atMs <= endedAtMs + STORING_MS);
    const isTold = reply.kind === 'answer' && isAnswered && reply.attempt === decisive.number;
    const isUnknown = reply.kind === 'error' && reply.isUnknown === true;
    if (isTold || (isUnknown && (!isAnswered || isCutOff))) continue;
    // Its client gave it up just before the answer came.
    if (isUnknown && Math.abs(endedAtMs - (calls[0]?.cancelledAtMs ?? -Infinity)) <= slackMs) continue;
    find(call, repliedAtMs, `hears ${JSON.stringify(reply)}, after ${JSON.stringify(end)}`);
  }
  return findings;
}

/** Whether all who have asked for it by then have given it up before. */
function isUnwanted(calls: readonly CallHistory[], atMs: number): boolean {
  const asked = calls.filter(({ sentAtMs }) => sentAtMs <= atMs);
  return asked.length > 0 && asked.every(({ cancelledAtMs = Infinity }) => cancelledAtMs < atMs);
}

function mayHaveRun({ end }: Attempt): boolean {
  switch (end?.kind) {
    case 'refused':
      return false;
    case 'status':
      return end.status === REQUEST_TIMEOUT || (end.status >= 500 && !NOTHING_DONE.has(end.status));
    default:
      return true;
  }
}

const MOODS: readonly Mood[] = [
  { kind: 'cut', afterMs: 10, at: 'request' },
  { kind: 'status', afterMs: 10, status: 500 },
  { kind: 'status', afterMs: 10, status: 501 },
  { kind: 'status', afterMs: 10, status: 429 },
  { kind: 'status', afterMs: 10, status: 404 },
  { kind: 'error', afterMs: 10 },
  { kind: 'tool-error', afterMs: 10 },
];

/** Calls with keys that come again: at once, later, with other arguments, after a kill of Omni. */
export const keys: Topic = {
  name: 'keys',
  plan: (choices, longMs) => {
    const durationMs = Math.min(longMs, SCENE_MS);
    const isKilled = choices.chance(0.5);
    const killsMs = isKilled ? [durationMs / 3, (durationMs * 2) / 3].map(Math.round) : [];
    const clients = isKilled ? [ADA, BOB] : [ADA, { name: 'b', user: 'bob', era: 'legacy' } as const];
    const isQuiet = ({ atMs }: PlannedCall): boolean => killsMs.every((at) => atMs < at || atMs > at + 2_000);
    const calls = timesOf(choices, durationMs, 150).flatMap((atMs, index) => {
      const client = choices.pick(clients).name;
      const moods: readonly Mood[] = [
        ...(choices.chance(0.3) ? [choices.pick(MOODS)] : []),
        { kind: 'answer', afterMs: choices.between(5, 400) },
      ];
      return Array.from({ length: choices.between(1, 4) }, (_, again) => ({
        ...plainCall(
          `k${index}-${again}`,
          atMs + (again === 0 ? 0 : choices.interval(choices.pick([2, 800]))),
          { client },
        ),
        moods,
        key: `key${index}`,
        token: choices.chance(0.15) ? `t${index}-${again}` : `t${index}`,
        ...(choices.chance(0.25) && { cancelAfterMs: choices.chance(0.3) ? 1 : choices.between(3, 200) }),
      }));
    });
    return {
      durationMs: longMs,
      killsMs,
      limits: { maxUpstreamInFlight: 100 },
      clients,
      upstreams: [plainServer('u', {})],
      calls: calls.filter((call) => call.atMs < durationMs && isQuiet(call)),
    };
  },
  judge: judgeKeys,
};
