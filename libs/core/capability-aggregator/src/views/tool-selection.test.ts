import { describe, expect, it } from '@jest/globals';
import { selects } from './tool-selection.ts';

const NAMES = ['get', 'get_all', 'get_one', 'put', 'a*b', ''];

describe('selects', () => {
  // guard: view/allowed-tools, view/disabled-tools
  it.each<[string, readonly string[] | undefined, readonly string[], readonly string[]]>([
    ['everything', undefined, [], NAMES],
    ['what is named', ['put', 'get'], [], ['get', 'put']],
    ['nothing of an empty list', [], [], []],
    ['what is not hidden', undefined, ['put', 'unknown'], ['get', 'get_all', 'get_one', 'a*b', '']],
    ['by the beginning', ['get*'], [], ['get', 'get_all', 'get_one']],
    ['by beginning and end', ['g*_*e'], [], ['get_one']],
    ['hidden before allowed', ['get*'], ['*_all'], ['get', 'get_one']],
    ['nothing when all is hidden', ['get'], ['*'], []],
    ['ends that overlap not twice', ['get*t'], [], []],
  ])('lets through %s', (_what, allowed, hidden, shown) => {
    const selection = { ...(allowed === undefined ? {} : { allowed }), hidden };
    expect(NAMES.filter((name) => selects(selection, name))).toEqual(shown);
  });

  it('takes no longer for a pattern that is made to take long', () => {
    expect(selects({ allowed: [`${'a*'.repeat(250)}b`], hidden: [] }, 'a'.repeat(100_000))).toBe(false);
  });
});
