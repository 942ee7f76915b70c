import type { CallHistory, History } from '../history.ts';
import type { Finding, Reference } from './finding.ts';

/** Time limits of attempts are looked at so often, and end up to twice that late. */
const LATE_MS = 200;
/** Without a deadline a call may wait so long for a server that starts. */
const START_WAIT_MS = 10_000;

/** Each request ends within its deadline, and each attempt within its time. */
export const judgeDeadlines: Reference = ({ calls, slackMs }) =>
  [...calls.values()].flatMap((call) => [...judgeRequest(call, slackMs), ...judgeAttempts(call, slackMs)]);

function judgeRequest(call: CallHistory, slackMs: History['slackMs']): readonly Finding[] {
  const { plan, sentAtMs, repliedAtMs, reply, cancelledAtMs, upstream } = call;
  const { deadlineMs } = upstream.routing;
  const find = (what: string, atMs = repliedAtMs ?? sentAtMs): Finding => ({
    invariant: 'P5',
    atMs,
    what: `${plan.id} to "${upstream.name}" ${what}`,
  });
  if (Number.isNaN(sentAtMs)) return [find('was never sent', plan.atMs)];
  if (cancelledAtMs !== undefined)
    return repliedAtMs === undefined ? [] : [find(`is answered, though its client has given it up`)];
  if (reply === undefined || repliedAtMs === undefined) return [find('has no answer')];
  const tookMs = repliedAtMs - sentAtMs;
  const mostMs = deadlineMs === 0 ? longestMs(call) : deadlineMs;
  if (tookMs > mostMs + slackMs) return [find(`takes ${tookMs} ms of ${mostMs}`)];
  const isEarly =
    reply.kind === 'error' &&
    reply.code === 'OMNI_UPSTREAM_TIMEOUT' &&
    tookMs < Math.min(deadlineMs === 0 ? Infinity : deadlineMs, upstream.callTimeoutMs) - slackMs;
  return isEarly ? [find(`has timed out after ${tookMs} ms`)] : [];
}

/** Of all attempts, with their waits. */
function longestMs({ upstream: { routing, callTimeoutMs } }: CallHistory): number {
  const { retry, queue } = routing;
  const attemptMs = callTimeoutMs * 2 + LATE_MS + queue.maxWaitMs + START_WAIT_MS;
  return retry.attempts * (attemptMs + retry.maxBackoffMs) + callTimeoutMs;
}

/** Of HTTP: a process takes note of what is taken back, as late as that may be read. */
function judgeAttempts(
  { attempts, plan, upstream, shownAtMs }: CallHistory,
  slackMs: History['slackMs'],
): readonly Finding[] {
  return attempts.flatMap((attempt) => {
    const { atMs, endedAtMs, number } = attempt;
    const tookMs = (endedAtMs ?? Infinity) - atMs;
    const mostMs = (upstream.callTimeoutMs + LATE_MS) * (shownAtMs === undefined ? 1 : 2);
    return tookMs > mostMs + slackMs
      ? [{ invariant: 'P5' as const, atMs, what: `${plan.id}#${number} runs for ${tookMs} ms of ${mostMs}` }]
      : [];
  });
}
