import { describe, expect, it } from '@jest/globals';
import { CountedByteBudget } from './counted-byte-budget.ts';

const KIB = 1_024;

describe('CountedByteBudget', () => {
  it('counts what grows, and no more what shrinks or is released', () => {
    const budget = new CountedByteBudget(1_000 * KIB);
    const [one, other] = [budget.of('ada').share(), budget.of('ada').share()];
    expect(one.hold(100 * KIB)).toBe(true);
    expect(one.hold(300 * KIB)).toBe(true);
    expect(other.hold(200 * KIB)).toBe(true);
    expect(budget.held).toBe(500 * KIB);
    expect(one.hold(90 * KIB)).toBe(true);
    expect(budget.held).toBe(290 * KIB);
    one.release();
    other.release();
    other.release();
    expect(budget.held).toBe(0);
  });

  it('has no room beyond its bytes, leaves a holder what it has, and has room again when another lets go', () => {
    const budget = new CountedByteBudget(400 * KIB);
    const [one, other] = [budget.of('ada').share(), budget.of('ada').share()];
    expect(one.hold(300 * KIB)).toBe(true);
    expect(other.hold(100 * KIB)).toBe(true);
    expect(other.hold(100 * KIB + 1)).toBe(false);
    expect(budget.held).toBe(400 * KIB);
    one.release();
    expect(other.hold(400 * KIB)).toBe(true);
    expect(budget.held).toBe(400 * KIB);
  });

  it('has room for up to 64 KiB of anybody, even when it is used up, and counts it all the same', () => {
    const budget = new CountedByteBudget(0);
    const shares = Array.from({ length: 3 }, () => budget.of('ada').share());
    for (const share of shares) expect(share.hold(64 * KIB)).toBe(true);
    expect(shares[0]?.hold(64 * KIB + 1)).toBe(false);
    expect(budget.held).toBe(3 * 64 * KIB);
    for (const share of shares) share.release();
    expect(budget.held).toBe(0);
  });

  it('counts nothing of up to 4 KiB', () => {
    const budget = new CountedByteBudget(0);
    const share = budget.of('ada').share();
    expect(share.hold(4 * KIB)).toBe(true);
    expect(budget.held).toBe(0);
  });

  it('leaves room for others when one sharer has filled it', () => {
    const budget = new CountedByteBudget(800 * KIB);
    const hog = Array.from({ length: 8 }, () => budget.of('ada').share());
    for (const share of hog) expect(share.hold(100 * KIB)).toBe(true);
    expect(
      budget
        .of('ada')
        .share()
        .hold(65 * KIB),
    ).toBe(false);
    const other = budget.of('bob').share();
    expect(other.hold(100 * KIB)).toBe(true);
    expect(hog[0]?.hold(101 * KIB)).toBe(false);
    expect(hog[0]?.hold(70 * KIB)).toBe(true);
    other.release();
    for (const share of hog) share.release();
    expect(budget.held).toBe(0);
  });
});
