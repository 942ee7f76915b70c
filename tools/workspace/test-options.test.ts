import { describe, expect, it } from '@jest/globals';
import { AREAS } from './areas.mjs';
import { STAGES } from './stages.mjs';
import { parseTestOptions } from './test-options.mjs';
import { UsageError } from './usage-error.mjs';

function stages(...argv: string[]): readonly string[] {
  return parseTestOptions(argv).stages.map(({ name }) => name);
}

describe('parseTestOptions', () => {
  it('takes everything but the guards of unchanged files when nothing is said', () => {
    expect(parseTestOptions([])).toEqual({
      stages: STAGES,
      isWhole: true,
      areas: Object.keys(AREAS),
      takesAllGuards: false,
      isList: false,
    });
  });

  it('takes stages by name, in their order', () => {
    expect(stages('--only', 'unit,lint')).toEqual(['lint', 'unit']);
    expect(parseTestOptions(['--only', 'unit']).isWhole).toBe(false);
    expect(stages('--only', 'unit,lint', '--skip', 'unit')).toEqual(['lint']);
    expect(stages('--skip', 'conformance')).not.toContain('conformance');
    expect(parseTestOptions(['--skip', 'conformance']).isWhole).toBe(true);
  });

  it('takes areas, which are parts of one stage', () => {
    expect(parseTestOptions(['--area', 'auth,relay'])).toMatchObject({
      isWhole: false,
      areas: ['auth', 'relay'],
    });
    expect(stages('--area', 'auth')).toEqual(['end-to-end']);
    expect(stages('--area', 'auth', '--only', 'lint,end-to-end')).toEqual(['lint', 'end-to-end']);
  });

  it('takes all guards', () => {
    expect(parseTestOptions(['--guards', 'all']).takesAllGuards).toBe(true);
  });

  // The places are in this project, since nothing else makes these tests run again.
  it.each([
    ['tools/workspace', 'unit', 'tools/workspace'],
    ['tools/workspace/', 'unit', 'tools/workspace'],
    ['tool-workspace', 'unit', 'tools/workspace'],
    ['tools/workspace/nx', 'tools/workspace', 'tools/workspace/nx'],
    ['tools/workspace/counts.test.ts', 'tools/workspace', 'tools/workspace/counts.test.ts'],
    ['tools/workspace/counts.mjs', 'tools/workspace', 'tools/workspace/counts.test.ts'],
  ])('takes %s, which has tests', (place, name, path) => {
    const { stages: found, isWhole } = parseTestOptions([place]);
    expect(isWhole).toBe(false);
    expect(found).toEqual([expect.objectContaining({ name, summary: `the tests of ${path}` })]);
  });

  it('takes every project below a folder', () => {
    const [stage] = parseTestOptions(['tools']).stages;
    expect(stage?.summary).toMatch(/^the tests of tools\/bench, tools\/checks, .*, tools\/workspace$/);
  });

  it('takes all areas for the end-to-end tests as a whole', () => {
    expect(stages('@omni/master-server-e2e')).toEqual(['end-to-end']);
  });

  it.each([
    [['tools/nowhere'], /^tools\/nowhere is no project, folder or test file/],
    [['..'], /^\.\. is no project/],
    [['tools/workspace/run.mjs'], /no test file beside it/],
    [['tools/workspace', '--only', 'unit'], /take one of the two/],
    [['--only', 'nothing'], /^No stage is called nothing\. There are: lock, lint, /],
    [['--skip', 'constructor'], /^No stage is called constructor\./],
    [['--area', 'auth,nowhere'], /^No area is called nowhere\. There are: auth, /],
    [['--guards', 'some'], /^No choice of guards is called some\. There are: changed, all\.$/],
    [['--only', ''], /^No stage is named\. There are: lock, lint, /],
    [['--skip', ','], /^No stage is named/],
    [['--area', ''], /^No area is named/],
    [['--guards', ''], /^No choice of guards is named/],
    [['--only', 'unit', '--skip', 'unit'], /^Every stage that is taken is left out again/],
    [['--skip', STAGES.map(({ name }) => name).join(',')], /^Every stage that is taken is left out again/],
    [['--slow'], /Usage: npm test /],
  ])('refuses %j', (argv, words) => {
    expect(() => parseTestOptions(argv)).toThrow(UsageError);
    expect(() => parseTestOptions(argv)).toThrow(words);
  });
});
