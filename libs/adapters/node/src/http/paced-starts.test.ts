import { describe, expect, it } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { PacedStarts } from './paced-starts.ts';

function paced(): { readonly starts: PacedStarts<number>; readonly begun: number[] } {
  const begun: number[] = [];
  return { starts: new PacedStarts<number>((item) => begun.push(item)), begun };
}

describe('PacedStarts', () => {
  // guard: http/paced
  it('begins 16 in one turn of the event loop and the rest in the turns that follow, in order', async () => {
    const { starts, begun } = paced();
    for (let item = 0; item < 40; item++) starts.add(item);
    expect(begun).toHaveLength(16);
    await turn();
    expect(begun).toHaveLength(32);
    // What comes now stands behind what waits.
    for (let item = 40; item < 60; item++) starts.add(item);
    expect(begun).toHaveLength(32);
    await turn();
    expect(begun).toHaveLength(48);
    await turn();
    expect(begun).toEqual(Array.from({ length: 60 }, (_, item) => item));
  });

  it('begins at once again when the turn is over', async () => {
    const { starts, begun } = paced();
    for (let item = 0; item < 16; item++) starts.add(item);
    await turn();
    starts.add(16);
    expect(begun).toHaveLength(17);
  });
});
