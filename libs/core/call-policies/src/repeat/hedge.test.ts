import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@omni/testing';
import fc from 'fast-check';
import { hedgeDelayMs } from './hedge.ts';
import { LatencyQuantile } from './latency-quantile.ts';

const READ = {
  method: 'tools/call',
  hints: { isReadOnly: true },
  isTrusted: true,
  hasProgressToken: false,
};

/** Of calls that took 1, 2, …, 100 times so long. */
function measured(ms: number): LatencyQuantile {
  const latency = new LatencyQuantile({ clock: new VirtualClock() });
  for (let call = 1; call <= 100; call++) latency.record(call * ms);
  return latency;
}

describe('hedgeDelayMs', () => {
  it('waits until all but one in twenty calls would have answered', () => {
    const delayMs = hedgeDelayMs({ ...READ, latency: measured(10) });
    expect(delayMs).toBeGreaterThanOrEqual(950);
    expect(delayMs).toBeLessThanOrEqual(950 * 1.1);
    expect(hedgeDelayMs({ ...READ, latency: measured(10) }, { quantile: 0.5 })).toBeLessThanOrEqual(550);
  });

  it('waits for 10 ms at least', () => {
    expect(hedgeDelayMs({ ...READ, latency: measured(0.01) })).toBe(10);
    expect(hedgeDelayMs({ ...READ, latency: measured(0.01) }, { minDelayMs: 50 })).toBe(50);
  });

  // guard: hedge/read-only
  it('hedges only what reads: one that may run twice in turn may not run twice at once', () => {
    const latency = measured(10);
    expect(hedgeDelayMs({ ...READ, latency, method: 'resources/read' })).toBeDefined();
    expect(hedgeDelayMs({ ...READ, latency, hints: { isIdempotent: true } })).toBeUndefined();
    expect(hedgeDelayMs({ ...READ, latency, isTrusted: false })).toBeUndefined();
  });

  // guard: hedge/progress
  it('hedges no call that wants progress', () => {
    expect(hedgeDelayMs({ ...READ, latency: measured(10), hasProgressToken: true })).toBeUndefined();
  });

  it('hedges nothing while it is not known how long calls take', () => {
    expect(
      hedgeDelayMs({ ...READ, latency: new LatencyQuantile({ clock: new VirtualClock() }) }),
    ).toBeUndefined();
  });
});

describe('LatencyQuantile', () => {
  // guard: repeat/few-samples
  it('says nothing before it knows of 20 calls', () => {
    const latency = new LatencyQuantile({ clock: new VirtualClock() });
    for (let call = 0; call < 19; call++) latency.record(5);
    expect(latency.quantileMs(0.5)).toBeUndefined();
    latency.record(5);
    expect(latency.quantileMs(0.5)).toBeCloseTo(5, 0);
  });

  it('answers the same for a second, since many calls ask', () => {
    const clock = new VirtualClock();
    const latency = new LatencyQuantile({ clock });
    for (let call = 0; call < 20; call++) latency.record(5);
    const before = latency.quantileMs(0.5);
    for (let call = 0; call < 100; call++) latency.record(500);
    clock.advance(999);
    expect(latency.quantileMs(0.5)).toBe(before);
    clock.advance(1);
    expect(latency.quantileMs(0.5)).toBeGreaterThanOrEqual(500);
  });

  it('forgets what is older than two minutes', () => {
    const clock = new VirtualClock();
    const latency = new LatencyQuantile({ clock });
    for (let call = 0; call < 100; call++) latency.record(1_000);
    clock.advance(60_000);
    expect(latency.quantileMs(0.5)).toBeGreaterThanOrEqual(1_000);
    clock.advance(60_000);
    expect(latency.quantileMs(0.5)).toBeUndefined();
    for (let call = 0; call < 100; call++) latency.record(1_000);
    clock.advance(300_000);
    latency.record(1);
    expect(latency.quantileMs(0.5)).toBeUndefined();
  });

  it('is never below the sorted values, and at most a tenth above them', () => {
    const ms = fc.double({ min: 0.1, max: 3_600_000, noNaN: true });
    const step = fc.record({ afterMs: fc.nat({ max: 4_000 }), ms });
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 200, size: 'max' }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (steps, quantile) => {
          const clock = new VirtualClock();
          const latency = new LatencyQuantile({ clock, windowMs: 50_000, minSamples: 1 });
          for (const at of steps) {
            clock.advance(at.afterMs);
            latency.record(at.ms);
          }
          const begin = (Math.floor(clock.monotonicMs() / 50_000) - 1) * 50_000;
          let passedMs = 0;
          const counted = steps
            .filter(({ afterMs }) => (passedMs += afterMs) >= begin)
            .map((at) => at.ms)
            .sort((a, b) => a - b);
          const exact = counted[Math.ceil(quantile * counted.length) - 1] ?? Number.NaN;
          const found = (latency.quantileMs(quantile) ?? Number.NaN) / exact;
          expect(found).toBeGreaterThanOrEqual(1 - 1e-9);
          expect(found).toBeLessThanOrEqual(1.1 + 1e-9);
        },
      ),
      { seed: 1_109, numRuns: 200 },
    );
  });
});
