import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '@omni/ports';
import fc from 'fast-check';
import { repeatDelayMs, retryAfterMsOf } from './repeat-delay.ts';

/** The highest that chance gives. */
const MOST = (): number => 1;

describe('repeatDelayMs', () => {
  it('doubles the longest wait from 250 ms to 4 s', () => {
    const waits = [1, 2, 3, 4, 5, 6, 2_000].map((attempts) =>
      repeatDelayMs({ attempts, leftMs: 60_000, random: MOST }),
    );
    expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 4_000, 4_000]);
  });

  it('waits any time up to that', () => {
    let seed = 3;
    const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    const waits = Array.from(
      { length: 1_000 },
      () => repeatDelayMs({ attempts: 3, leftMs: 60_000, random }) ?? -1,
    );
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...waits)).toBeLessThanOrEqual(1_000);
    const mean = waits.reduce((sum, ms) => sum + ms, 0) / waits.length;
    expect(Math.abs(mean - 500)).toBeLessThan(50);
  });

  // guard: repeat/retry-after
  it('waits at least as long as the server asks for', () => {
    expect(repeatDelayMs({ attempts: 1, leftMs: 60_000, retryAfterMs: 7_000, random: () => 0 })).toBe(7_000);
    expect(repeatDelayMs({ attempts: 1, leftMs: 60_000, retryAfterMs: 7_000, random: MOST })).toBe(7_250);
  });

  // guard: repeat/deadline
  it('does not wait for what comes after the deadline', () => {
    expect(
      repeatDelayMs({ attempts: 1, leftMs: 7_000, retryAfterMs: 7_000, random: () => 0 }),
    ).toBeUndefined();
    expect(repeatDelayMs({ attempts: 1, leftMs: 250, random: MOST })).toBeUndefined();
    expect(repeatDelayMs({ attempts: 1, leftMs: 0, random: () => 0 })).toBeUndefined();
    expect(
      repeatDelayMs({ attempts: 1, leftMs: 60_000, retryAfterMs: 31_536_000_000, random: MOST }),
    ).toBeUndefined();
  });

  it('agrees with waits that are doubled one by one', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const times = fc.nat({ max: 20_000 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        share,
        times,
        times,
        (attempts, chance, leftMs, retryAfterMs) => {
          let longestMs = 100;
          for (let attempt = 1; attempt < attempts; attempt++) longestMs = Math.min(3_000, longestMs * 3);
          const expected = retryAfterMs + chance * longestMs;
          const delayMs = repeatDelayMs(
            { attempts, leftMs, retryAfterMs, random: () => chance },
            { baseMs: 100, factor: 3, capMs: 3_000 },
          );
          if (expected >= leftMs) expect(delayMs).toBeUndefined();
          else expect(delayMs).toBeCloseTo(expected, 6);
        },
      ),
      { seed: 1_107, numRuns: 500 },
    );
  });
});

describe('retryAfterMsOf', () => {
  it('reads what connections keep of the header', () => {
    const asked = (retryAfterSeconds: unknown) =>
      retryAfterMsOf(new GatewayError('OMNI_UPSTREAM_HTTP_STATUS', 'x', { data: { retryAfterSeconds } }));
    expect(asked(3)).toBe(3_000);
    expect(asked(0)).toBe(0);
    for (const useless of [-1, Number.NaN, '3', undefined, null]) expect(asked(useless)).toBeUndefined();
    expect(retryAfterMsOf(new GatewayError('OMNI_UPSTREAM_UNREACHABLE', 'x'))).toBeUndefined();
  });
});
