import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@omni/testing';
import fc from 'fast-check';
import { RateLimits, type RateScope } from './rate-limits.ts';
import { TokenBuckets } from './token-buckets.ts';

const KEYS = { principal: 'ada', session: 's1', upstream: 'sums', capability: 'sums add' };
const SCOPES: readonly RateScope[] = ['principal', 'session', 'upstream', 'capability'];

function limits(bursts: Partial<Record<RateScope, number>>) {
  const clock = new VirtualClock();
  const buckets: Partial<Record<RateScope, TokenBuckets>> = {};
  for (const scope of SCOPES) {
    const burst = bursts[scope];
    if (burst !== undefined) buckets[scope] = new TokenBuckets({ rps: 1, burst, clock });
  }
  return { clock, buckets, limits: new RateLimits(buckets) };
}

describe('RateLimits', () => {
  it('names the first in the order of principal, session, upstream and capability', () => {
    for (const first of SCOPES) {
      const from = SCOPES.slice(SCOPES.indexOf(first));
      const bursts = Object.fromEntries(SCOPES.map((scope) => [scope, from.includes(scope) ? 1 : 9]));
      const { limits: rates } = limits(bursts);
      expect(rates.take(KEYS)).toBeUndefined();
      expect(rates.take(KEYS)).toEqual({ scope: first, retryAfterMs: 1_000 });
    }
  });

  // guard: rate/all-or-none
  it('takes nothing of the others when one has no token left', () => {
    const { buckets, limits: rates } = limits({ principal: 5, capability: 1 });
    rates.take(KEYS);
    for (let times = 0; times < 20; times++)
      expect(rates.take(KEYS)).toEqual({ scope: 'capability', retryAfterMs: 1_000 });
    expect(rates.take({ ...KEYS, capability: 'sums subtract' })).toBeUndefined();
    expect(buckets.principal?.waitMs('ada')).toBe(0);
  });

  it('says when all have a token again', () => {
    const clock = new VirtualClock();
    const rates = new RateLimits({
      principal: new TokenBuckets({ rps: 2, burst: 1, clock }),
      upstream: new TokenBuckets({ rps: 0.1, burst: 1, clock }),
    });
    rates.take(KEYS);
    expect(rates.take(KEYS)).toEqual({ scope: 'principal', retryAfterMs: 10_000 });
  });

  it('has no limit for what has no key', () => {
    const { limits: rates } = limits({ session: 1 });
    const { session: _, ...withoutSession } = KEYS;
    for (let times = 0; times < 5; times++) expect(rates.take(withoutSession)).toBeUndefined();
  });

  it('lets through exactly what every limit alone would, whatever comes when', () => {
    const step = fc.record({
      afterMs: fc.nat({ max: 2_000 }),
      principal: fc.nat({ max: 1 }),
      upstream: fc.nat({ max: 1 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
        const { clock, limits: rates } = limits({ principal: 4, upstream: 3 });
        const passed: { at: number; who: string; what: string }[] = [];
        for (const { afterMs, principal, upstream } of steps) {
          clock.advance(afterMs);
          const [at, who, what] = [clock.monotonicMs(), `p${principal}`, `u${upstream}`];
          const isFree =
            mayPass(
              passed.filter((call) => call.who === who).map((call) => call.at),
              at,
              4,
            ) &&
            mayPass(
              passed.filter((call) => call.what === what).map((call) => call.at),
              at,
              3,
            );
          expect(rates.take({ principal: who, upstream: what }) === undefined).toBe(isFree);
          if (isFree) passed.push({ at, who, what });
        }
      }),
      { seed: 1_102, numRuns: 150 },
    );
  });
});

/** Whether one more keeps the bound of a bucket in every stretch of time: the burst, and one each second. */
function mayPass(times: readonly number[], at: number, burst: number): boolean {
  return times.every((since, index) => times.length - index + 1 <= burst + (at - since) / 1_000);
}
