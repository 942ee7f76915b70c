import { describe, expect, it } from '@jest/globals';
import { createSeededRandom, shuffled } from './seeded-random.ts';
import { bootstrapMedian, differenceOfRounds, median, ratioOfRounds, steadyRounds } from './statistics.ts';

const rounds = (...values: readonly number[]): { round: number; value: number }[] =>
  values.map((value, round) => ({ round, value }));

describe('statistics', () => {
  it('takes the middle value, or the mean of the two middle ones', () => {
    expect(median([])).toBeUndefined();
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it('brackets the median and gives the same interval for the same seed', () => {
    const values = [9, 10, 11, 10, 12, 8, 10, 11, 9];
    const estimate = bootstrapMedian(values, 1);
    expect(estimate).toEqual(bootstrapMedian(values, 1));
    expect(estimate).toMatchObject({ median: 10, rounds: 9 });
    expect(estimate?.low).toBeGreaterThanOrEqual(8);
    expect(estimate?.low).toBeLessThanOrEqual(10);
    expect(estimate?.high).toBeGreaterThanOrEqual(10);
    expect(estimate?.high).toBeLessThanOrEqual(12);
  });

  it('covers the true median in about 95 % of experiments', () => {
    const random = createSeededRandom(11);
    let covered = 0;
    const experiments = 120;
    for (let experiment = 0; experiment < experiments; experiment += 1) {
      const estimate = bootstrapMedian(
        Array.from({ length: 15 }, () => random()),
        experiment,
      );
      if (estimate !== undefined && estimate.low <= 0.5 && estimate.high >= 0.5) covered += 1;
    }
    expect(covered / experiments).toBeGreaterThan(0.88);
  });

  it('pairs rounds, so that a slow round that slows both does not move the ratio', () => {
    expect(ratioOfRounds(rounds(10, 100, 20), rounds(5, 50, 10), 1)).toMatchObject({
      median: 2,
      low: 2,
      high: 2,
      rounds: 3,
    });
  });

  it('leaves out rounds that only one side has and rounds without a divisor', () => {
    const theirs = [
      { round: 1, value: 0 },
      { round: 2, value: 4 },
      { round: 7, value: 1 },
    ];
    expect(ratioOfRounds(rounds(1, 2, 8), theirs, 1)).toMatchObject({ median: 2, rounds: 1 });
    expect(ratioOfRounds(rounds(1), [], 1)).toBeUndefined();
  });

  it('takes differences round by round', () => {
    expect(differenceOfRounds(rounds(5, 7, 9), rounds(4, 4, 4), 1)).toMatchObject({ median: 3, rounds: 3 });
  });

  it('drops rounds whose calibration is more than the tolerance off the median', () => {
    expect([...steadyRounds(rounds(100, 101, 99, 126, 74, 125), 0.25)]).toEqual([0, 1, 2, 5]);
  });

  it('shuffles by the seed and loses nothing', () => {
    const items = Array.from({ length: 50 }, (_, index) => index);
    const once = shuffled(items, createSeededRandom(3));
    expect(once).toEqual(shuffled(items, createSeededRandom(3)));
    expect(once).not.toEqual(items);
    expect(once.toSorted((left, right) => left - right)).toEqual(items);
  });
});
