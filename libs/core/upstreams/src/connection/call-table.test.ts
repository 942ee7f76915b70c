import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { CallTable } from './call-table.ts';

describe('CallTable', () => {
  it('finds what was added, under ids that rise from the first one', () => {
    const table = new CallTable<{ readonly id: number }>(7);
    const calls = Array.from({ length: 3 }, () => {
      const call = { id: table.nextId() };
      table.add(call);
      return call;
    });
    expect(calls.map(({ id }) => id)).toEqual([7, 8, 9]);
    expect(calls.map(({ id }) => table.get(id) === calls[id - 7])).toEqual([true, true, true]);
  });

  // guard: link/late-answer
  it('does not take an old id for a new one that shares its place', () => {
    const table = new CallTable<{ readonly id: number }>(1);
    table.add({ id: table.nextId() });
    expect(table.get(65)).toBeUndefined();
    expect(table.delete(65)).toBe(false);
    expect(table.size).toBe(1);
  });

  it('behaves like a map, whatever comes and goes', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(300)), { maxLength: 400 }), (steps) => {
        const table = new CallTable<{ readonly id: number }>(1);
        const map = new Map<number, { readonly id: number }>();
        let last = 0;
        for (const step of steps) {
          if (step === null) {
            const call = { id: table.nextId() };
            expect(call.id).toBeGreaterThan(last);
            last = call.id;
            table.add(call);
            map.set(call.id, call);
          } else expect(table.delete(step)).toBe(map.delete(step));
        }
        expect(table.size).toBe(map.size);
        expect(new Set(table.calls())).toEqual(new Set(map.values()));
        for (const [id, call] of map) expect(table.get(id)).toBe(call);
      }),
    );
  });

  it('forgets everything when it is cleared, and uses no id again', () => {
    const table = new CallTable<{ readonly id: number }>(1);
    table.add({ id: table.nextId() });
    table.clear();
    expect(table.size).toBe(0);
    expect(table.calls()).toEqual([]);
    expect(table.nextId()).toBe(2);
  });
});
