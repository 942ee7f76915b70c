import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createManner } from './upstream-manner.ts';

/** Sends so many calls at once and gives, by call, when each was answered in milliseconds. */
function answered(manner: string, calls: number): (ms: number) => number[] {
  const holdBack = createManner(manner);
  const done: number[] = [];
  for (let call = 0; call < calls; call += 1) holdBack?.(() => done.push(call));
  return (ms) => {
    jest.advanceTimersByTime(ms);
    return done;
  };
}

describe('createManner', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('holds nothing back for a prompt server, which then pays nothing for it', () => {
    expect(createManner('prompt')).toBeUndefined();
  });

  it('never answers for one that hangs', () => {
    expect(answered('hang', 1)(3_600_000)).toEqual([]);
  });

  it('answers late for a slow one', () => {
    const after = answered('slow:100', 2);
    expect(after(99)).toEqual([]);
    expect(after(1)).toEqual([0, 1]);
  });

  it('takes so many calls at the same time, and the others in their order', () => {
    const after = answered('places:2:10', 5);
    expect(after(9)).toEqual([]);
    expect(after(1)).toEqual([0, 1]);
    expect(after(10)).toEqual([0, 1, 2, 3]);
    expect(after(10)).toEqual([0, 1, 2, 3, 4]);
  });

  it('sends notifications before the answer of one that floods', () => {
    let before = '';
    createManner('flood')?.((text = '') => (before = text));
    const lines = before.trimEnd().split('\n');
    expect(lines).toHaveLength(50);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ method: 'notifications/message' });
  });

  it('knows no others', () => {
    expect(() => createManner('rude')).toThrow(RangeError);
  });
});
