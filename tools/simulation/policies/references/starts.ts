import { mostRepeats, safetyOf } from './repeats.ts';
import type { CallHistory, History } from '../history.ts';
import type { PlannedUpstream } from '../plan.ts';
import type { Finding, Reference } from './finding.ts';

/** From the end of a process to the first attempt to start it again, as the configuration of plans says. */
export const RESTART_MS = 500;
/** When it is tried next is told in whole seconds. */
const TOLD_MS = 1_000;
/** In ten seconds so many repeats are always allowed. */
const REPEATS_A_WINDOW = 10;
const WINDOW_MS = 10_000;

/**
 * Calls that come while a process is gone: what does something fails at once, what is safe waits until it is
 * back, if its time and its attempts allow.
 */
export const judgeStarts: Reference = (history) =>
  history.plan.upstreams
    .filter(({ transport }) => transport === 'stdio')
    .flatMap((upstream) => judgeProcess(upstream, history));

function judgeProcess(upstream: PlannedUpstream, { calls, events }: History): readonly Finding[] {
  const findings: Finding[] = [];
  const { routing, callTimeoutMs, name } = upstream;
  const own = [...calls.values()].filter(({ plan }) => plan.upstream === name);
  const leftMs = routing.deadlineMs === 0 ? callTimeoutMs : routing.deadlineMs;
  const mayWait = leftMs > TOLD_MS && routing.retry.attempts > 1;
  const exits = events.flatMap((event) =>
    event.kind === 'ended' && event.attempt.end?.kind === 'exit' && event.attempt.call.plan.upstream === name
      ? [event.atMs]
      : [],
  );
  for (const call of own) {
    const { sentAtMs, repliedAtMs = Infinity, cancelledAtMs = Infinity, reply, plan } = call;
    const isGone = exits.some((atMs) => atMs < sentAtMs && sentAtMs < atMs + RESTART_MS);
    if (!isGone || cancelledAtMs !== Infinity || isRefusedByOmni(call)) continue;
    const find = (what: string): void =>
      void findings.push({ invariant: 'P2', atMs: repliedAtMs, what: `${plan.id} to "${name}" ${what}` });
    const isAtOnce = repliedAtMs === sentAtMs;
    if (safetyOf(call) === 'neither' && !isAtOnce)
      find(`waits for a process that is gone: ${JSON.stringify(reply)} after ${repliedAtMs - sentAtMs} ms`);
    const lately = own
      .filter((other) => Math.abs(other.sentAtMs - sentAtMs) < WINDOW_MS)
      .reduce((sum, other) => sum + mostRepeats(other), 0);
    if (safetyOf(call) !== 'neither' && isAtOnce && mayWait && lately < REPEATS_A_WINDOW)
      find(`fails at once: ${JSON.stringify(reply)}`);
  }
  return findings;
}

/** By limits, before anything is asked of the server. */
function isRefusedByOmni({ reply }: CallHistory): boolean {
  return reply?.kind === 'error' && !reply.code.startsWith('OMNI_UPSTREAM_');
}
