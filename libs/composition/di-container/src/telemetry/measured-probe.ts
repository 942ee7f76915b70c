import type { Clock } from '@omni/ports';
import type { UpstreamMeter } from '@omni/telemetry';
import type { ProbeConnection } from '@omni/upstreams';

/** A probe whose answers, and how long they took, are measured. */
export function measuredProbe(
  probe: ProbeConnection,
  meter: UpstreamMeter,
  clock: Pick<Clock, 'monotonicMs'>,
): ProbeConnection {
  return (connection, options, done) => {
    const beganMs = clock.monotonicMs();
    return probe(connection, options, (outcome) => {
      meter.onProbed(connection.upstream, outcome === 'alive' ? clock.monotonicMs() - beganMs : undefined);
      done(outcome);
    });
  };
}
