import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { LiveList, type Place } from './live-list.ts';

describe('LiveList', () => {
  it('holds what was added and not removed, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(50)), { maxLength: 200 }), (steps) => {
        const list = new LiveList<number>();
        const places: Place<number>[] = [];
        const expected = new Set<number>();
        for (const [item, step] of steps.entries()) {
          const place = step === null ? undefined : places[step];
          if (place === undefined) {
            places.push(list.add(item));
            expected.add(item);
          } else {
            list.remove(place);
            expected.delete(place.item);
          }
        }
        expect(list.size).toBe(expected.size);
        expect(new Set(list.items())).toEqual(expected);
      }),
    );
  });

  it('lets members leave while they are walked', () => {
    const list = new LiveList<string>();
    const places = ['a', 'b', 'c'].map((item) => list.add(item));
    const seen = list.items().map((item) => {
      for (const place of places) list.remove(place);
      return item;
    });
    expect(seen).toEqual(['a', 'b', 'c']);
    expect(list.size).toBe(0);
  });
});
