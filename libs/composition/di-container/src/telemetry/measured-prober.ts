import type { Clock } from '@omni/ports';
import type { UpstreamMeter } from '@omni/telemetry';
import type { Prober } from '@omni/upstreams';

/** Probes whose answers, and how long they took, are measured. */
export function measuredProber(
  prober: Pick<Prober, 'begin'>,
  meter: UpstreamMeter,
  clock: Pick<Clock, 'monotonicMs'>,
): Pick<Prober, 'begin'> {
  return {
    begin(options, done) {
      const beganMs = clock.monotonicMs();
      return prober.begin(options, (outcome) => {
        meter.onProbed(options.upstream, outcome === 'alive' ? clock.monotonicMs() - beganMs : undefined);
        done(outcome);
      });
    },
  };
}
