import { withReserve } from '../../checks/gauges.ts';
import type { CallHistory, History } from '../history.ts';
import type { PlannedUpstream } from '../plan.ts';
import type { Finding, Reference } from './finding.ts';
import { UNREACHED } from './rates.ts';

/**
 * The queue for a rate, as lists of names: calls of one user go in their order, and while a user waits,
 * nobody else is served twice. It reads servers at which nothing but the queue lets calls wait.
 */
export const judgeTurns: Reference = (history) =>
  history.plan.limits.maxUpstreamInFlight < UNREACHED
    ? []
    : history.plan.upstreams.filter(isReadable).flatMap((upstream) => judgeQueue(history, upstream));

/** Whether all that waits there waits for the rate. */
function isReadable({ routing, transport, away }: PlannedUpstream): boolean {
  const { rate, queue, capabilityRate, hedge, retry, concurrency } = routing;
  return (
    rate !== undefined &&
    queue.maxWaiting > 0 &&
    capabilityRate === undefined &&
    hedge.quantile === 0 &&
    retry.attempts === 1 &&
    !concurrency.isAdaptive &&
    transport === 'http' &&
    away.length === 0
  );
}

function judgeQueue({ events, slackMs }: History, upstream: PlannedUpstream): readonly Finding[] {
  const findings: Finding[] = [];
  const { maxWaiting, maxWaitMs } = upstream.routing.queue;
  const most = withReserve(maxWaiting);
  /** By user, who has waited for longest first. */
  const waiting = new Map<string, CallHistory[]>();
  /** Whom others have overtaken since a user waits, or was served. */
  const served = new Map<string, Set<string>>();
  const size = (): number => [...waiting.values()].reduce((sum, { length }) => sum + length, 0);
  const leave = (call: CallHistory): void => {
    const line = waiting.get(call.user) ?? [];
    const rest = line.filter((other) => other !== call);
    if (rest.length > 0) waiting.set(call.user, rest);
    else {
      waiting.delete(call.user);
      served.delete(call.user);
    }
  };
  /** Its turn has come. */
  const serve = (call: CallHistory, atMs: number, find: (what: string) => void): void => {
    const { user, sentAtMs } = call;
    const [first] = waiting.get(user) ?? [];
    if (first !== call && first !== undefined && waitsIn(first, atMs))
      find(`overtakes ${first.plan.id}, which waits since ${first.sentAtMs}`);
    const waitedMs = atMs - sentAtMs;
    if (waitedMs > maxWaitMs + slackMs) find(`has waited ${waitedMs} ms of ${maxWaitMs}`);
    for (const [other, names] of served) {
      const [next] = waiting.get(other) ?? [];
      if (other === user || next === undefined || !waitsIn(next, atMs)) continue;
      if (names.has(user)) find(`is served twice while ${next.plan.id} of ${other} waits`);
      names.add(user);
    }
    served.set(user, new Set());
    leave(call);
  };
  for (const event of events) {
    const { atMs } = event;
    const call = 'attempt' in event ? event.attempt.call : event.call;
    if (call.plan.upstream !== upstream.name) continue;
    const { user, sentAtMs } = call;
    const find = (what: string): void =>
      void findings.push({ invariant: 'P4', atMs, what: `${call.plan.id} of ${user} ${what}` });
    switch (event.kind) {
      case 'sent':
        waiting.set(user, [...(waiting.get(user) ?? []), call]);
        if (!served.has(user)) served.set(user, new Set());
        // What is refused at once was never in the queue.
        if (call.repliedAtMs !== sentAtMs && size() > most + 1)
          find(`is one of ${size()} that wait, of ${most}`);
        break;
      case 'arrived':
        serve(call, atMs, find);
        break;
      case 'replied': {
        const isWaiting = waiting.get(user)?.includes(call) === true;
        const code = isWaiting && call.reply?.kind === 'error' ? call.reply.code : undefined;
        const waitedMs = atMs - sentAtMs;
        const others = size() - 1;
        const isTooLong = Math.abs(waitedMs - maxWaitMs) <= slackMs;
        if (code === 'OMNI_QUEUE_FULL' && !isTooLong && others < maxWaiting)
          find(`is refused after ${waitedMs} ms, while ${others} of ${maxWaiting} wait`);
        // Its turn may have come, or its breaker has opened.
        if (code === 'OMNI_CIRCUIT_OPEN') served.set(user, new Set());
        leave(call);
        break;
      }
      case 'cancelled':
        leave(call);
        break;
      case 'ended':
      case 'shown':
      case 'result':
        break;
    }
  }
  return findings;
}

/** Whether it is still to come: who is served or refused in this instant may be so already. */
function waitsIn({ sentAtMs, repliedAtMs, attempts: [first] }: CallHistory, atMs: number): boolean {
  return sentAtMs < atMs && (repliedAtMs ?? Infinity) > atMs && (first?.atMs ?? Infinity) > atMs;
}
