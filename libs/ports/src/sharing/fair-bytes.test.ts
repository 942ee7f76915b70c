import { describe, expect, it } from '@jest/globals';
import { FairBytes } from './fair-bytes.ts';

/** As much as it gets. */
function takeAll(bytes: FairBytes, sharer: string): number {
  let taken = 0;
  for (; bytes.hasRoom(sharer, 1); taken++) bytes.add(sharer, 1);
  return taken;
}

describe('FairBytes', () => {
  it('lets one sharer that is alone have all, and no more', () => {
    for (const max of [0, 1, 7, 1_000]) expect(takeAll(new FairBytes(max), 'ada')).toBe(max);
  });

  // guard: bytes/few
  it('keeps a quarter more for those who have few, of which none can take all', () => {
    const bytes = new FairBytes(400);
    takeAll(bytes, 'ada');
    expect(Array.from({ length: 4 }, (_, at) => takeAll(bytes, `user ${at}`))).toEqual([50, 25, 12, 6]);
    expect(bytes.hasRoom('bob', 3)).toBe(true);
    expect(bytes.held).toBeLessThanOrEqual(500);
  });

  // guard: bytes/part
  it('keeps nothing for sharers of whom none has more than its part', () => {
    const bytes = new FairBytes(400);
    for (let at = 0; at < 40; at++) bytes.add(`user ${at}`, 10);
    expect(bytes.hasRoom('user 0', 1)).toBe(false);
    expect(bytes.hasRoom('bob', 10)).toBe(false);
    expect(bytes.hasRoom('bob', 9)).toBe(true);
  });

  it('counts right through any sequence, never beyond the quarter, and forgets who has nothing', () => {
    const bytes = new FairBytes(1_000);
    const held: (readonly [string, number])[] = [];
    let seed = 5;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let step = 0; step < 20_000; step++) {
      const [sharer, more] = [`user ${random(50)}`, 1 + random(200)];
      if (bytes.hasRoom(sharer, more)) {
        bytes.add(sharer, more);
        held.push([sharer, more]);
      }
      if (random(3) === 0)
        for (const [whose, less] of held.splice(random(held.length + 1), 1)) bytes.add(whose, -less);
      expect(bytes.held).toBe(held.reduce((sum, [, more]) => sum + more, 0));
      expect(bytes.held).toBeLessThanOrEqual(1_250);
    }
    for (const [whose, less] of held.splice(0)) bytes.add(whose, -less);
    expect(takeAll(bytes, 'ada')).toBe(1_000);
  });
});
