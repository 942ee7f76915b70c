import type { CallHistory, History } from '../history.ts';
import type { Mood, PlannedCall } from '../plan.ts';
import type { Finding, Reference } from '../references/finding.ts';
import { ADA, BOB, plainCall, plainServer, SCENE_MS, timesOf } from './plan-parts.ts';
import type { Topic } from './topic.ts';

/** What it takes to write a task down, and what is under way before it. */
const WRITING_MS = 400;

/**
 * A call of a client that knows tasks is answered before its time, or becomes a task then: whose result is
 * what the server has answered, or that nobody knows. Others wait for their answers.
 */
export const judgeTasks: Reference = (history) => [
  ...history.seenByOthers.map((id): Finding => ({
    invariant: 'P11',
    atMs: 0,
    what: `${id} is seen by another user`,
  })),
  ...[...history.calls.values()].flatMap((call) => judgeOne(call, history)),
];

function judgeOne(call: CallHistory, { plan, kills }: History): readonly Finding[] {
  const { reply, result, attempts, sentAtMs, repliedAtMs = 0, isLost, upstream } = call;
  const { taskAfterMs } = upstream.routing;
  const find = (what: string): readonly Finding[] => [
    { invariant: 'P11', atMs: repliedAtMs || sentAtMs, what: `${call.plan.id} ${what}` },
  ];
  if (attempts.length > 1) return find('is made again');
  if (isLost === true || Number.isNaN(sentAtMs)) return [];
  if (reply === undefined) return find('has no answer');
  const [attempt] = attempts;
  const declares = plan.clients.find(({ name }) => name === call.plan.client)?.declaresTasks === true;
  if (reply.kind !== 'task') {
    const isLate = repliedAtMs > sentAtMs + taskAfterMs + WRITING_MS;
    if (declares && isLate) return find(`is answered after ${repliedAtMs - sentAtMs} ms, and is no task`);
    return reply.kind === 'strange' ? find(`hears ${reply.text}`) : [];
  }
  if (!declares) return find('becomes a task, and its client knows none');
  const tookMs = repliedAtMs - sentAtMs;
  if (tookMs < taskAfterMs || tookMs > taskAfterMs + WRITING_MS) return find(`is a task after ${tookMs} ms`);
  if (attempt?.endedAtMs !== undefined && attempt.endedAtMs < repliedAtMs)
    return find(`is a task at ${repliedAtMs}, and was answered at ${attempt.endedAtMs}`);
  if (result === undefined) return find('is a task without an end');
  const isAnswered = attempt?.end?.kind === 'answer' || attempt?.end?.kind === 'error';
  const { endedAtMs = Infinity } = attempt ?? {};
  const isCutOff = kills.some((atMs) => atMs >= sentAtMs && atMs <= endedAtMs + WRITING_MS);
  const isTold = result.kind === 'answer' && isAnswered && result.attempt === 1;
  const isUnknown = result.kind === 'error' && result.isUnknown === true;
  if (isTold || (isUnknown && (!isAnswered || isCutOff))) return [];
  return find(`is a task that ends with ${JSON.stringify(result)}, after ${JSON.stringify(attempt?.end)}`);
}

const MOODS: readonly Mood[] = [
  { kind: 'cut', afterMs: 700, at: 'request' },
  { kind: 'status', afterMs: 700, status: 500 },
  { kind: 'error', afterMs: 700 },
];

/** Calls around the time at which they become tasks, of clients that know tasks and of others; and kills. */
export const tasks: Topic = {
  name: 'tasks',
  plan: (choices, longMs) => {
    const durationMs = Math.min(longMs, SCENE_MS);
    const killsMs = choices.chance(0.5) ? [Math.round(durationMs / 2)] : [];
    const taskAfterMs = choices.pick([100, 300]);
    const clients = [
      { ...ADA, declaresTasks: true },
      { ...BOB, declaresTasks: true },
      { name: 'c', user: 'cyd', era: 'modern' },
    ] as const;
    const isQuiet = ({ atMs }: PlannedCall): boolean => killsMs.every((at) => atMs < at || atMs > at + 2_000);
    const calls = timesOf(choices, durationMs, 120).map((atMs, index) => ({
      ...plainCall(`k${index}`, atMs, { client: choices.pick(['a', 'a', 'b', 'c']) }),
      moods: [
        choices.chance(0.2)
          ? choices.pick(MOODS)
          : ({
              kind: 'answer',
              // Some while the task is written down.
              afterMs: choices.chance(0.1)
                ? taskAfterMs + choices.between(0, 3)
                : Math.round(choices.interval(500)),
            } as const),
      ],
    }));
    return {
      durationMs: longMs,
      killsMs,
      limits: { maxUpstreamInFlight: 100 },
      clients,
      upstreams: [plainServer('u', { taskAfterMs })],
      calls: calls.filter(isQuiet),
    };
  },
  judge: judgeTasks,
};
