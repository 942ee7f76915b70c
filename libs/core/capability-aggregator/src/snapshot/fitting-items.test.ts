import { describe, expect, it } from '@jest/globals';
import { fittingItems, type SizedItem } from './fitting-items.ts';

describe('fittingItems', () => {
  it('takes all that fit', () => {
    const items = [...itemsOf('a', 10, 50), ...itemsOf('b', 10, 50)];
    expect(fittingItems(items, 1_000)).toBe(items);
  });

  // guard: list/answer
  it('leaves out items of long lists only, and gives away what short ones do not need', () => {
    const items = [...itemsOf('fat', 100, 100), ...itemsOf('thin', 3, 100), ...itemsOf('big', 100, 50)];
    const fitting = fittingItems(items, 1_000);
    const count = (upstream: string): number => fitting.filter((item) => item.upstream === upstream).length;
    expect([count('fat'), count('thin'), count('big')]).toEqual([3, 3, 7]);
    expect(fitting.map(({ name }) => name).slice(0, 3)).toEqual(['0', '1', '2']);
  });

  it('goes on behind an item that is too long alone', () => {
    const items = [...itemsOf('a', 1, 5_000), ...itemsOf('a', 2, 10)];
    expect(fittingItems(items, 100)).toHaveLength(2);
  });
});

function itemsOf(upstream: string, count: number, bytes: number): readonly SizedItem[] {
  return Array.from({ length: count }, (_, index) => ({ upstream, name: String(index), bytes }));
}
