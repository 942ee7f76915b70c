import { type Attempt, capabilityKey, type CallHistory, type History } from '../history.ts';
import type { Finding, Reference } from './finding.ts';

/** After these statuses what is safe is made again (X003-07). */
const PASSING = [408, 429, 500, 502, 503, 504];
const TOO_MANY = 429;
const EPSILON = 1e-6;
const WINDOW_MS = 10_000;
/** Counts are by whole seconds: this is what every one of their windows covers. */
const COVERED_MS = 9_000;
const REPEATS_A_WINDOW = 10;
const HEDGES_A_WINDOW = 1;
const HEDGE_SHARE = 0.05;
/** Latencies that have to be known before anything is called slow. */
const MIN_SAMPLES = 20;
const LATENCY_WINDOW_MS = 120_000;
/** Time limits of attempts are looked at so often. */
const LATE_MS = 200;

/**
 * Which attempts may follow which: again only what has not run or is safe, not beyond the attempts, the
 * budget and the deadline, and not before the server wants it; beside another one only what reads.
 */
export const judgeRepeats: Reference = (history) => {
  const findings: Finding[] = [];
  for (const call of history.calls.values())
    for (const attempt of call.attempts.slice(1)) {
      const why = whyNot(attempt, history);
      if (why !== undefined)
        findings.push({
          invariant: 'P2',
          atMs: attempt.atMs,
          what: `${call.plan.id}#${attempt.number} to ${capabilityKey(call)} is made, though ${why}`,
        });
    }
  return [...findings, ...judgeBudgets(history), ...judgeMissed(history)];
};

/** Whether a call only reads, or may at least be made again, as far as Omni may believe it. */
export function safetyOf({
  plan: { capability },
  upstream,
}: CallHistory): 'reads' | 'repeatable' | 'neither' {
  if (capability === 'ask') return 'reads';
  if (!upstream.routing.trustsHints || capability === 'act') return 'neither';
  return capability === 'look' ? 'reads' : 'repeatable';
}

function runsAt({ endedAtMs }: Attempt, atMs: number): boolean {
  return (endedAtMs ?? Infinity) > atMs;
}

/** Whether it was begun beside another one: one that has waited in a queue may arrive behind its end. */
function isHedge({ call, number, atMs }: Attempt): 'yes' | 'perhaps' | 'no' {
  const { hedge, queue } = call.upstream.routing;
  const earlier = call.attempts.slice(0, number - 1);
  if (earlier.some((one) => runsAt(one, atMs))) return 'yes';
  const wasSlow = earlier.some(({ endedAtMs = 0 }) => endedAtMs - call.sentAtMs >= hedge.minDelayMs);
  return hedge.quantile > 0 && queue.maxWaiting > 0 && wasSlow ? 'perhaps' : 'no';
}

function whyNot(attempt: Attempt, history: History): string | undefined {
  const { call, number, atMs } = attempt;
  const { upstream, sentAtMs, shownAtMs = Infinity, cancelledAtMs = Infinity } = call;
  const { retry, deadlineMs } = upstream.routing;
  const earlier = call.attempts.slice(0, number - 1);
  if (number > retry.attempts) return `${retry.attempts} are allowed`;
  if (shownAtMs < atMs) return `its client has heard of it at ${shownAtMs}`;
  if (cancelledAtMs < atMs) return `its client has given it up at ${cancelledAtMs}`;
  const limitMs = deadlineMs === 0 ? upstream.callTimeoutMs : deadlineMs;
  // One that was begun in time may wait for a turn or a start.
  const mayWait = upstream.routing.queue.maxWaiting > 0 || upstream.transport === 'stdio';
  const waits = mayWait && deadlineMs === 0;
  const hedge = isHedge(attempt);
  if (!waits && atMs >= sentAtMs + limitMs + history.slackMs && hedge !== 'yes')
    return `its time was over at ${sentAtMs + limitMs}`;
  if (hedge === 'yes') return whyNotBeside(attempt, history);
  const whyNotAgain = whyNotBehind(attempt, earlier);
  return hedge === 'perhaps' && whyNotAgain !== undefined ? whyNotBeside(attempt, history) : whyNotAgain;
}

function whyNotBehind({ call, atMs }: Attempt, earlier: readonly Attempt[]): string | undefined {
  const last = earlier.reduce((latest, one) =>
    (one.endedAtMs ?? 0) >= (latest.endedAtMs ?? 0) ? one : latest,
  );
  const pauseMs = last.end?.kind === 'status' ? (last.end.retryAfterS ?? 0) * 1_000 : 0;
  if (atMs < (last.endedAtMs ?? 0) + pauseMs - EPSILON)
    return `the server has asked for ${pauseMs} ms at ${last.endedAtMs}`;
  if (mayFollow(last)) return undefined;
  return `${call.plan.capability} may have run: ${JSON.stringify(last.end)}`;
}

function mayFollow({ end, call }: Attempt): boolean {
  const isSafe = safetyOf(call) !== 'neither';
  switch (end?.kind) {
    case 'refused':
      return true;
    case 'status':
      return end.status === TOO_MANY || (isSafe && PASSING.includes(end.status));
    case 'cut':
    case 'exit':
    case 'taken-back':
      return isSafe;
    default:
      return false;
  }
}

function whyNotBeside({ call, atMs, number }: Attempt, { calls, slackMs }: History): string | undefined {
  const { routing, transport, away } = call.upstream;
  const { hedge } = routing;
  if (hedge.quantile === 0) return 'another one runs';
  if (safetyOf(call) !== 'reads') return 'another one runs, and it does more than read';
  if (call.plan.wantsProgress) return 'another one runs, and its client wants progress';
  // What waits for a turn or a start runs as far as its client knows.
  const mayWait = routing.queue.maxWaiting > 0 || transport === 'stdio' || away.length > 0;
  const sinceMs = mayWait ? call.sentAtMs : (call.attempts[number - 2]?.atMs ?? 0);
  if (atMs - sinceMs < hedge.minDelayMs - slackMs) return `the one before has run for ${atMs - sinceMs} ms`;
  const known = [...calls.values()].filter(
    (other) => capabilityKey(other) === capabilityKey(call) && saidSomething(other, atMs),
  );
  if (known.length < MIN_SAMPLES) return `only ${known.length} have been answered`;
  return undefined;
}

/** Whether it has had an answer, or a first word, not long ago. */
function saidSomething({ attempts, shownAtMs = Infinity }: CallHistory, beforeMs: number): boolean {
  const answered = attempts.find(isAnswer)?.endedAtMs ?? Infinity;
  const saidAtMs = Math.min(answered, shownAtMs);
  return saidAtMs <= beforeMs && saidAtMs > beforeMs - LATENCY_WINDOW_MS;
}

function isAnswer({ end }: Attempt): boolean {
  return end?.kind === 'answer' || end?.kind === 'error' || end?.kind === 'tool-error';
}

/** In ten seconds a share of the calls is made again, and a few always may be. */
function judgeBudgets(history: History): readonly Finding[] {
  const findings: Finding[] = [];
  for (const { name, routing } of history.plan.upstreams) {
    const calls = [...history.calls.values()].filter(({ plan }) => plan.upstream === name);
    const further = calls.flatMap(({ attempts }) => attempts.slice(1));
    const budgets = [
      [
        'repeats',
        further.filter((one) => isHedge(one) === 'no').map(decidedAtMs),
        REPEATS_A_WINDOW,
        routing.retry.budget,
      ],
      [
        'hedges',
        further.filter((one) => isHedge(one) === 'yes').map(({ atMs }) => atMs),
        HEDGES_A_WINDOW,
        HEDGE_SHARE,
      ],
    ] as const;
    for (const [what, times, always, share] of budgets)
      for (const atMs of times) {
        const made = times.filter((one) => one > atMs - COVERED_MS && one <= atMs).length;
        const of = calls.filter(({ sentAtMs }) => sentAtMs > atMs - WINDOW_MS && sentAtMs <= atMs).length;
        if (made > always + share * of + EPSILON)
          findings.push({
            invariant: 'P2',
            atMs,
            what: `"${name}" has ${made} ${what} of ${of} calls in nine seconds`,
          });
      }
  }
  return findings;
}

/** When it was known that an attempt would follow: when the one before had ended. */
function decidedAtMs({ call, number }: Attempt): number {
  return Math.max(...call.attempts.slice(0, number - 1).map(({ endedAtMs = 0 }) => endedAtMs));
}

/** Repeats of a call, and those that may have been decided and have not got as far as the wire. */
export function mostRepeats({
  attempts,
  reply,
  cancelledAtMs,
  upstream,
  repliedAtMs,
  sentAtMs,
}: CallHistory): number {
  const [first, last] = [attempts[0], attempts.at(-1)];
  const wasSentAtOnce = first === undefined || first.atMs === sentAtMs;
  const isToldAtOnce = repliedAtMs === (last === undefined ? sentAtMs : last.endedAtMs);
  const isSeen = cancelledAtMs === undefined && wasSentAtOnce && (isToldAtOnce || reply?.kind === 'answer');
  return isSeen ? Math.max(0, attempts.length - 1) : upstream.routing.retry.attempts - 1;
}

/** What may be made again and fails was made as often as it may. */
function judgeMissed({ calls }: History): readonly Finding[] {
  const all = [...calls.values()];
  return all.flatMap((call) => {
    const { attempts, reply, repliedAtMs = 0, sentAtMs, upstream, shownAtMs, plan } = call;
    const { retry, deadlineMs, hedge } = upstream.routing;
    const last = attempts.at(-1);
    if (last === undefined || reply?.kind !== 'error' || shownAtMs !== undefined) return [];
    // One that has found a process gone, or has waited for its start, was an attempt as well.
    if (attempts[0]?.atMs !== sentAtMs) return [];
    if (attempts.slice(0, -1).some(({ end }) => end?.kind === 'exit' || end?.kind === 'refused')) return [];
    if (attempts.length >= retry.attempts || hedge.quantile > 0 || !mayFollow(last)) return [];
    // Refused by something else than its server.
    if (last.endedAtMs !== repliedAtMs) return [];
    const limitMs = deadlineMs === 0 ? upstream.callTimeoutMs : deadlineMs;
    const pauseMs = last.end?.kind === 'status' ? (last.end.retryAfterS ?? 0) * 1_000 : 0;
    const longestMs =
      pauseMs + Math.min(retry.maxBackoffMs, retry.backoffMs * retry.factor ** (attempts.length - 1));
    if (repliedAtMs + longestMs + LATE_MS >= sentAtMs + limitMs) return [];
    const isLately = ({ sentAtMs: atMs }: CallHistory): boolean =>
      Math.abs(repliedAtMs - atMs) < WINDOW_MS + retry.maxBackoffMs + limitMs;
    const lately = all
      .filter((other) => other.plan.upstream === plan.upstream && isLately(other))
      .reduce((sum, other) => sum + mostRepeats(other), 0);
    if (lately + 1 > REPEATS_A_WINDOW) return [];
    return [
      {
        invariant: 'P2' as const,
        atMs: repliedAtMs,
        what: `${plan.id} to ${capabilityKey(call)} ends after ${attempts.length} attempts of ${retry.attempts}, though it may be made again`,
      },
    ];
  });
}
