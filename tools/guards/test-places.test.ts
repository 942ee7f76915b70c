import { describe, expect, it } from '@jest/globals';
import { isDefinedAt } from './test-places.mjs';

const OWN = { file: 'libs/door/src/door.test.ts', firstLine: 10, lastLine: 12 };
const SUITE = { file: 'libs/testing/src/door-contract.ts', firstLine: 3, lastLine: 5 };

/** @returns A stack with one frame for each place, as Node and Jest write them. */
function stack(...frames: readonly string[]): string {
  return ['Error: ', ...frames.map((frame) => `    at ${frame}`)].join('\n');
}

describe('isDefinedAt', () => {
  it('asks for a frame between the lines of the place', () => {
    const at = (line: number): boolean =>
      isDefinedAt([OWN], stack(`Object.<anonymous> (/work/libs/door/src/door.test.ts:${line}:3)`), '/work');
    expect([9, 10, 12, 13].map(at)).toEqual([false, true, true, false]);
  });

  it('reads frames without a function and with the address of a file', () => {
    expect(isDefinedAt([OWN], stack('file:///work/libs/door/src/door.test.ts:11:3'), '/work')).toBe(true);
    expect(isDefinedAt([OWN], stack('/work/libs/window/src/door.test.ts:11:3'), '/work')).toBe(false);
  });

  it('asks for a place in the contract suite, too, when there is one', () => {
    const own = '/work/libs/door/src/door.test.ts:11:3';
    const suite = (line: number): string =>
      `describeDoor (/work/libs/testing/src/door-contract.ts:${line}:3)`;
    expect(isDefinedAt([OWN, SUITE], stack(suite(4), own), '/work')).toBe(true);
    expect(isDefinedAt([OWN, SUITE], stack(suite(9), own), '/work')).toBe(false);
    expect(isDefinedAt([OWN, SUITE], stack(suite(4)), '/work')).toBe(false);
  });
});
