import { describe, expect, it } from '@jest/globals';
import { differences } from './parity.ts';

describe('differences', () => {
  it('finds none between equal values, whatever the order of members', () => {
    expect(differences({ a: 1, b: [{ c: null }] }, { b: [{ c: null }], a: 1 }, 'call')).toEqual([]);
  });

  it('names what was added, what is missing and what changed', () => {
    expect(differences({ a: 1, b: [1, 2], c: 'x' }, { a: 2, b: [1], _meta: {} }, 'call')).toEqual([
      'call.a changed',
      'call.b[1] missing',
      'call.c missing',
      'call._meta added',
    ]);
  });

  it('takes another type for a change', () => {
    expect(differences({ a: [] }, { a: {} }, 'call')).toEqual(['call.a changed']);
  });
});
