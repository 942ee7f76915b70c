import { describe, expect, it } from '@jest/globals';
import { closestName } from './closest-name.ts';

describe('closestName', () => {
  it.each([
    ['dmeo', 'demo'],
    ['picturee', 'picture'],
    ['PICTURE', 'picture'],
  ])('takes %s for %s', (written, meant) => {
    expect(closestName(written, ['count', 'demo', 'picture'])).toBe(meant);
  });

  it.each([['weather'], [''], ['x'.repeat(200)]])('has no idea for %j', (written) => {
    expect(closestName(written, ['count', 'demo', 'picture', 'x'.repeat(200)])).toBeUndefined();
  });
});
