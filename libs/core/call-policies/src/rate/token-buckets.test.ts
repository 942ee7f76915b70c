import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@omni/testing';
import fc from 'fast-check';
import { TokenBuckets } from './token-buckets.ts';

function buckets(options: { rps: number; burst: number; maxKeys?: number }) {
  const clock = new VirtualClock();
  return { clock, buckets: new TokenBuckets({ ...options, clock }) };
}

/** As many as there are at this moment. */
function takeAll(from: TokenBuckets, key = 'up'): number {
  let taken = 0;
  while (taken < 1_000 && from.take(key) === 0) taken++;
  return taken;
}

describe('TokenBuckets', () => {
  // guard: rate/bucket
  it('lets 10 calls through at once and 5 per second in the long run', () => {
    const { clock, buckets: from } = buckets({ rps: 5, burst: 10 });
    expect(takeAll(from)).toBe(10);
    expect(from.take('up')).toBe(200);
    clock.advance(199);
    expect(takeAll(from)).toBe(0);
    clock.advance(1);
    expect(takeAll(from)).toBe(1);
    clock.advance(1_000);
    expect(takeAll(from)).toBe(5);
    clock.advance(60_000);
    expect(takeAll(from)).toBe(10);
  });

  it('says how long to wait, and takes nothing meanwhile', () => {
    const { clock, buckets: from } = buckets({ rps: 0.5, burst: 1 });
    expect(from.take('up')).toBe(0);
    clock.advance(500);
    for (let times = 0; times < 100; times++) expect(from.take('up')).toBe(1_500);
    expect(from.waitMs('up')).toBe(1_500);
    clock.advance(1_500);
    expect(from.waitMs('up')).toBe(0);
    expect(from.take('up')).toBe(0);
  });

  it('has a bucket for each key', () => {
    const { buckets: from } = buckets({ rps: 1, burst: 3 });
    expect(takeAll(from, 'a')).toBe(3);
    expect(takeAll(from, 'b')).toBe(3);
  });

  // guard: rate/forgotten
  it('forgets buckets that are full again', () => {
    const { clock, buckets: from } = buckets({ rps: 10, burst: 5 });
    for (let key = 0; key < 10_000; key++) {
      from.take(`key ${key}`);
      clock.advance(1);
    }
    expect(from.size).toBeLessThanOrEqual(101);
    clock.advance(10_000);
    from.take('last');
    expect(from.size).toBe(1);
  });

  it('forgets them also behind one that is never full', () => {
    const { clock, buckets: from } = buckets({ rps: 10, burst: 5 });
    for (let key = 0; key < 2_000; key++) {
      from.take('busy');
      from.take(`key ${key}`);
      clock.advance(100);
    }
    expect(from.size).toBeLessThanOrEqual(3);
  });

  // guard: rate/max-keys
  it('has no more buckets than it may, and the rest share one', () => {
    const { buckets: from } = buckets({ rps: 1, burst: 2, maxKeys: 3 });
    for (const key of ['a', 'b', 'c', 'd', 'e']) from.take(key);
    expect(from.size).toBe(3);
    expect(from.take('f')).toBe(1_000);
    expect(from.take('a')).toBe(0);
  });

  it('agrees with buckets that are filled drop by drop, whatever comes when', () => {
    const step = fc.record({ afterMs: fc.nat({ max: 900 }), key: fc.nat({ max: 4 }) });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 12 }),
        fc.array(step, { maxLength: 200, size: 'max' }),
        (rps, burst, steps) => {
          const { clock, buckets: from } = buckets({ rps, burst });
          const model = new DropByDrop(rps, burst);
          for (const { afterMs, key } of steps) {
            clock.advance(afterMs);
            model.pass(afterMs);
            const waitMs = from.take(String(key));
            expect(waitMs).toBeCloseTo(model.take(key), 6);
          }
        },
      ),
      { seed: 1_101, numRuns: 200 },
    );
  });
});

/** Tokens in thousandths, in whole numbers; nothing is ever forgotten. */
class DropByDrop {
  readonly rps: number;
  readonly burst: number;
  readonly #levels: number[];

  constructor(rps: number, burst: number) {
    this.rps = rps;
    this.burst = burst;
    this.#levels = Array.from({ length: 5 }, () => burst * 1_000);
  }

  pass(ms: number): void {
    this.#levels.forEach((level, key) => {
      this.#levels[key] = Math.min(this.burst * 1_000, level + ms * this.rps);
    });
  }

  take(key: number): number {
    const level = this.#levels[key] ?? 0;
    if (level < 1_000) return (1_000 - level) / this.rps;
    this.#levels[key] = level - 1_000;
    return 0;
  }
}
