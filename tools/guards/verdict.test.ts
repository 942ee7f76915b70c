import { describe, expect, it } from '@jest/globals';
import { verdictOf, type FileResult } from './verdict.ts';

const GUARD = { name: 'door/locked' };

function result(
  failed: readonly string[],
  { message = 'expected closed', meant = ['stays closed'] } = {},
): FileResult {
  return {
    project: '',
    file: '/door.test.ts',
    tests: ['stays closed', 'opens'].map((title) => ({
      title,
      hasPassed: !failed.includes(title),
      durationMs: 1,
      message: failed.includes(title) ? message : '',
    })),
    meant: { 'door/locked': meant },
    loadError: undefined,
  };
}

describe('verdictOf', () => {
  const all = result([]);
  const unloadable = { ...all, loadError: 'SyntaxError: x' };

  it('is good when a marked test fails without the guard and passes with it', () => {
    const verdict = {
      guard: 'door/locked',
      file: 'door.test.ts',
      defect: undefined,
      noticedBy: ['stays closed'],
    };
    expect(verdictOf(GUARD, 'door.test.ts', all, result(['stays closed']))).toEqual(verdict);
  });

  it.each<[string, FileResult | undefined, FileResult | undefined, RegExp]>([
    ['every test passes without it', all, all, /^the marked test passes without it$/],
    ['only another test fails', all, result(['opens']), /^the marked test passes without it$/],
    ['every test fails', all, result(['stays closed', 'opens']), /takes more away than the guard/],
    [
      'the text is broken',
      all,
      result(['stays closed'], { message: 'ReferenceError: x is not defined' }),
      /replacement is broken/,
    ],
    [
      'the test fails anyhow',
      result(['stays closed']),
      result(['stays closed']),
      /fails with the guard in place/,
    ],
    ['no test is meant', result([], { meant: [] }), all, /^the marker stands at no test that runs$/],
    ['nothing can be loaded', all, unloadable, /nothing can be loaded without it: SyntaxError: x/],
    ['the file cannot be loaded anyhow', unloadable, all, /^the test file cannot be loaded/],
    ['the test never ends without it', all, undefined, /does not end without it/],
    ['the test never ends', undefined, all, /did not end with/],
  ])('is a defect when %s', (_what, baseline, without, words) => {
    expect(verdictOf(GUARD, 'door.test.ts', baseline, without).defect).toMatch(words);
  });
});
