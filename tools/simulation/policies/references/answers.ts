import type { Attempt, CallHistory } from '../history.ts';
import type { Finding, Reference } from './finding.ts';
import { safetyOf } from './repeats.ts';

/** What Omni itself refuses, whatever servers do. */
const OWN: ReadonlySet<string> = new Set([
  'OMNI_RATE_LIMITED',
  'OMNI_OVERLOADED',
  'OMNI_QUEUE_FULL',
  'OMNI_CIRCUIT_OPEN',
]);
const REQUEST_TIMEOUT = 408;
/** Of 5xx, those by which a server says that it has done nothing. */
const NOTHING_DONE = [501, 505, 511];
/** What can be said of a server that was there and is gone. */
const OF_GONE = [
  'OMNI_UPSTREAM_EXITED',
  'OMNI_UPSTREAM_DOWN',
  'OMNI_UPSTREAM_STARTING',
  'OMNI_UPSTREAM_UNREACHABLE',
];

/** A client hears what the first attempt answered that did; and an error says what has happened. */
export const judgeAnswers: Reference = ({ calls, surplus, events }) => {
  const exits = events.filter(
    (event) =>
      event.kind === 'ended' && (event.attempt.end?.kind === 'exit' || event.attempt.end?.kind === 'refused'),
  );
  const wasGone = (call: CallHistory): boolean =>
    exits.some(
      (event) =>
        event.kind === 'ended' &&
        event.attempt.call.plan.upstream === call.plan.upstream &&
        event.atMs <= (call.repliedAtMs ?? Infinity),
    );
  return [
    ...surplus.map((id): Finding => ({ invariant: 'I1', atMs: 0, what: `${id} has a second answer` })),
    ...[...calls.values()].flatMap((call) => {
      const why = whyWrong(call, wasGone(call));
      if (why === undefined) return [];
      return [
        {
          invariant: 'P6' as const,
          atMs: call.repliedAtMs ?? call.sentAtMs,
          what: `${call.plan.id} to "${call.plan.upstream}" ${why}`,
        },
      ];
    }),
  ];
};

function whyWrong(call: CallHistory, wasGone: boolean): string | undefined {
  const { reply, attempts, repliedAtMs } = call;
  if (reply === undefined) return undefined;
  const answered = attempts.find(isAnswer);
  switch (reply.kind) {
    // Servers of these plans know none.
    case 'task':
      return `is answered with a task`;
    case 'strange':
      return `is answered what nobody has said: ${reply.text}`;
    case 'answer': {
      const attempt = attempts[reply.attempt - 1];
      if (attempt === undefined || !isAnswer(attempt))
        return `is answered by #${reply.attempt}, which has not`;
      if (attempt.endedAtMs !== repliedAtMs)
        return `is answered at ${repliedAtMs} what the server said at ${attempt.endedAtMs}`;
      return undefined;
    }
    case 'error': {
      if (answered !== undefined && (answered.endedAtMs ?? 0) <= (repliedAtMs ?? 0))
        return `fails with ${reply.code}, though #${answered.number} was answered at ${answered.endedAtMs}`;
      if (mayHaveRun(call) !== undefined && mayHaveRun(call) !== (reply.isUnknown === true))
        return `is ${reply.isUnknown === true ? '' : 'not '}said to be of unknown outcome, after ${JSON.stringify(attempts.at(-1)?.end)}`;
      if (OWN.has(reply.code) || (wasGone && OF_GONE.includes(reply.code))) return undefined;
      if (reply.code === 'OMNI_UPSTREAM_TIMEOUT') return undefined;
      const ends = attempts.map(codesOf);
      return ends.some((codes) => codes.includes(reply.code))
        ? undefined
        : `fails with ${reply.code}, after ${JSON.stringify(attempts.map(({ end }) => end))}`;
    }
  }
}

/** Whether nobody can know if it has run: `undefined` where what is seen does not tell. */
function mayHaveRun(call: CallHistory): boolean | undefined {
  const last = call.attempts.at(-1);
  if (safetyOf(call) !== 'neither' || last === undefined) return false;
  switch (last.end?.kind) {
    case 'status':
      return mayFollowRun(last.end.status);
    case 'cut':
      return true;
    default:
      return undefined;
  }
}

function mayFollowRun(status: number): boolean {
  return status === REQUEST_TIMEOUT || (status >= 500 && !NOTHING_DONE.includes(status));
}

function isAnswer({ end }: Attempt): boolean {
  return end?.kind === 'answer' || end?.kind === 'error' || end?.kind === 'tool-error';
}

function codesOf({ end }: Attempt): readonly string[] {
  switch (end?.kind) {
    case 'status':
      return ['OMNI_UPSTREAM_HTTP_STATUS'];
    case 'cut':
      return ['OMNI_UPSTREAM_UNREACHABLE', 'OMNI_UPSTREAM_PROTOCOL'];
    case 'refused':
      return ['OMNI_UPSTREAM_UNREACHABLE'];
    case 'exit':
      return OF_GONE;
    default:
      return [];
  }
}
