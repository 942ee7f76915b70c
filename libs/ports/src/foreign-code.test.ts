import { describe, expect, it } from '@jest/globals';
import { callForeign, isThenable } from './foreign-code.ts';

/** Something with a `then` of its own, which is no promise of this runtime. */
function thenable(own: unknown): object {
  // oxlint-disable-next-line unicorn/no-thenable -- this is what is tested
  return { then: own };
}

describe('callForeign', () => {
  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new RangeError('planted');
      },
    ],
    ['rejects', () => Promise.reject(new RangeError('planted'))],
    [
      'gives a promise of its own that throws',
      () =>
        thenable(() => {
          throw new RangeError('planted');
        }),
    ],
  ])('tells what code has failed with that %s', async (_what, call) => {
    const failures: unknown[] = [];
    callForeign(call, (error) => failures.push(error));
    await Promise.resolve();
    await Promise.resolve();
    expect(failures).toEqual([new RangeError('planted')]);
  });

  it('says nothing of code that works', async () => {
    const failures: unknown[] = [];
    callForeign(
      () => Promise.resolve(5),
      (error) => failures.push(error),
    );
    callForeign(
      () => 5,
      (error) => failures.push(error),
    );
    await Promise.resolve();
    expect(failures).toEqual([]);
  });
});

describe('isThenable', () => {
  it.each([
    [Promise.resolve(), true],
    [thenable(() => {}), true],
    [thenable(1), false],
    [{}, false],
    [null, false],
    [undefined, false],
    ['then', false],
  ])('says of %o: %s', (value, expected) => {
    expect(isThenable(value)).toBe(expected);
  });
});
