import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@omni/testing';
import fc from 'fast-check';
import { ReplicaLoad } from './replica-load.ts';

interface Measured {
  readonly atMs: number;
  readonly value: number;
}

describe('ReplicaLoad', () => {
  it('knows nothing at first, and the first answer then', () => {
    const load = new ReplicaLoad(new VirtualClock());
    expect(load.latencyMs).toBeUndefined();
    load.begin();
    expect(load.inFlight).toBe(1);
    load.end('answered', 80);
    expect(load.latencyMs).toBe(80);
    expect(load.inFlight).toBe(0);
  });

  it('takes the average of what it has measured, by weights that are written down, whatever comes when', () => {
    const outcome = fc.constantFrom('answered' as const, 'failed' as const, 'ignored' as const);
    const step = fc.record({
      afterMs: fc.nat({ max: 8_000 }),
      ms: fc.integer({ min: 1, max: 500 }),
      outcome,
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const clock = new VirtualClock();
        const load = new ReplicaLoad(clock);
        const ends: (Measured & { readonly weight: number })[] = [];
        const latencies: (Measured & { readonly weight: number })[] = [];
        for (const at of steps) {
          clock.advance(at.afterMs);
          load.begin();
          load.end(at.outcome, at.ms);
          const atMs = clock.monotonicMs();
          if (at.outcome === 'ignored') continue;
          const weight = Math.max(0.1, 1 - Math.E ** -((atMs - (ends.at(-1)?.atMs ?? 0)) / 10_000));
          ends.push({ atMs, value: at.outcome === 'failed' ? 1 : 0, weight });
          if (at.outcome === 'answered') latencies.push({ atMs, value: at.ms, weight });
        }
        clock.advance(3_000);
        const left = Math.E ** -((clock.monotonicMs() - (ends.at(-1)?.atMs ?? 0)) / 10_000);
        expect(load.errorShare).toBeCloseTo(averageOf([{ atMs: 0, value: 0, weight: 1 }, ...ends]) * left, 9);
        const [first, ...others] = latencies;
        const average =
          first === undefined ? undefined : averageOf([{ ...first, weight: 1 }, ...others]) * left;
        if (average === undefined) expect(load.latencyMs).toBeUndefined();
        else expect(load.latencyMs).toBeCloseTo(average, 6);
      }),
      { seed: 1_116, numRuns: 200 },
    );
  });
});

/** Each counts by its weight, times what later ones have left of it. */
function averageOf(measured: readonly (Measured & { readonly weight: number })[]): number {
  return measured.reduce((sum, { value, weight }, index) => {
    const left = measured.slice(index + 1).reduce((product, later) => product * (1 - later.weight), 1);
    return sum + value * weight * left;
  }, 0);
}
