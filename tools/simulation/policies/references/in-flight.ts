import { withReserve } from '../../checks/gauges.ts';
import type { Finding, Reference } from './finding.ts';

/** Attempts that run at one server: those that have arrived, and have neither ended nor been taken back. */
export const judgeInFlight: Reference = ({ plan, events }) => {
  const findings: Finding[] = [];
  const places = new Map(
    plan.upstreams.map(({ name, routing: { concurrency } }) => {
      const { maxUpstreamInFlight: limit } = plan.limits;
      return [name, withReserve(concurrency.isAdaptive ? Math.min(limit, concurrency.max) : limit)];
    }),
  );
  const running = new Map<string, number>();
  for (const event of events) {
    if (event.kind !== 'arrived' && event.kind !== 'ended') continue;
    const { upstream } = event.attempt.call.plan;
    const count = (running.get(upstream) ?? 0) + (event.kind === 'arrived' ? 1 : -1);
    running.set(upstream, count);
    const most = places.get(upstream) ?? 0;
    if (event.kind === 'arrived' && count > most)
      findings.push({
        invariant: 'P1',
        atMs: event.atMs,
        what: `"${upstream}" has ${count} calls of ${most}`,
      });
  }
  return findings;
};
