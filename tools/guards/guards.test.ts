import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Guard } from './guard.ts';
import { createTransformer } from './guard-transform.mjs';
import { GUARDS } from './guards.ts';
import { guardsPage, PAGE_FILE } from './page.ts';
import { verdictOf, type FileResult } from './verdict.ts';
import { problemOf, withoutGuard } from './without-guard.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const GUARD: Guard = {
  name: 'door/locked',
  against: 'Anybody comes in.',
  file: 'door.ts',
  find: "if (!isKey(key)) return 'closed';",
  replace: '',
  test: { file: 'door.test.ts', title: 'stays closed' },
};
const SOURCE = `function open(key: string): string {\n  ${GUARD.find}\n  return 'open';\n}\n`;

describe('the list of guards', () => {
  it('names each guard once, says against what it is and which test must fail', () => {
    expect(new Set(GUARDS.map(({ name }) => name)).size).toBe(GUARDS.length);
    const incomplete = GUARDS.filter(
      ({ name, against, test }) => !/^[a-z]+\/[A-Za-z0-9-]+$/.test(name) || !against.endsWith('.') || test.title.length < 8,
    );
    expect(incomplete.map(({ name }) => name)).toEqual([]);
  });

  it('finds the text of each guard once, and the file of each test', () => {
    expect(GUARDS.map((guard) => problemOf(ROOT, guard)).filter((problem) => problem !== undefined)).toEqual([]);
    expect(GUARDS.filter(({ test }) => !existsSync(join(ROOT, test.file))).map(({ name }) => name)).toEqual([]);
  });

  it('is what docs/guards.md says', () => {
    // When this fails: npm run guards -- --write
    expect(readFileSync(join(ROOT, PAGE_FILE), 'utf8').replaceAll('\r\n', '\n')).toBe(guardsPage(GUARDS));
  });
});

describe('withoutGuard', () => {
  it('takes the guard out and leaves the rest', () => {
    expect(withoutGuard(GUARD, SOURCE)).toBe(SOURCE.replace(GUARD.find, ''));
    expect(withoutGuard(GUARD, SOURCE.replaceAll('\n', '\r\n'))).toBe(SOURCE.replace(GUARD.find, ''));
  });

  it('refuses a source in which the text stands no longer, or twice', () => {
    const says = 'guard door/locked: door.ts has changed, its text';
    expect(() => withoutGuard(GUARD, 'open')).toThrow(`${says} no longer stands there; update tools/guards`);
    expect(() => withoutGuard(GUARD, SOURCE + SOURCE)).toThrow(`${says} stands there 2 times; update tools/guards`);
  });
});

describe('the transformer', () => {
  let folder = '';

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('changes the file of the guard and no other, and shares what it made of the others', () => {
    folder = mkdtempSync(join(tmpdir(), 'omni-guards-'));
    const swc = { swcrc: false, module: { type: 'es6' }, jsc: { target: 'es2024', parser: { syntax: 'typescript' } } };
    const [with_, without] = [createTransformer({ root: folder, swc }), createTransformer({ root: folder, guard: GUARD, swc })];
    const [door, window] = [join(folder, 'door.ts'), join(folder, 'window.ts')];
    for (const file of [door, window]) writeFileSync(file, SOURCE);
    const options = { supportsStaticESM: true, config: { cwd: folder }, transformerConfig: {} };
    const made = (transformer: typeof without, file: string): string => JSON.stringify(transformer.process(SOURCE, file, options));
    expect(made(without, door)).not.toContain('isKey');
    expect(made(without, window)).toContain('isKey');
    expect(made(with_, door)).toContain('isKey');
    const keys = [door, window].map((file) => with_.getCacheKey(SOURCE, file) === without.getCacheKey(SOURCE, file));
    expect(keys).toEqual([false, true]);
  });
});

describe('verdictOf', () => {
  const result = (failed: readonly string[], { titles = ['stays closed', 'opens'], message = 'expected closed' } = {}): FileResult => ({
    project: '',
    file: 'door.test.ts',
    tests: titles.map((title) => ({ title, hasPassed: !failed.includes(title), message: failed.includes(title) ? message : '' })),
    loadError: undefined,
  });
  const all = result([]);

  it('is good when the named test fails without the guard and passes with it', () => {
    expect(verdictOf(GUARD, all, result(['stays closed']))).toEqual({ guard: GUARD, defect: undefined, noticedBy: ['stays closed'] });
  });

  it.each<[string, FileResult | undefined, FileResult | undefined, RegExp]>([
    ['every test passes without it', all, all, /^every test passes without it$/],
    ['only another test fails', all, result(['opens']), /^the named test passes without it; it is noticed by "opens"$/],
    ['every test fails', all, result(['stays closed', 'opens']), /takes more away than the guard/],
    [
      'the replacement does not run',
      all,
      result(['stays closed'], { message: 'ReferenceError: x is not defined' }),
      /replacement is broken/,
    ],
    ['the test fails anyhow', result(['stays closed']), result(['stays closed']), /fails with the guard in place/],
    ['there is no such test', result([], { titles: ['opens'] }), all, /no test of this title/],
    ['nothing can be loaded', all, { ...all, loadError: 'SyntaxError: x' }, /nothing can be loaded without it: SyntaxError: x/],
    ['the file cannot be loaded anyhow', { ...all, loadError: 'SyntaxError: x' }, all, /^the test file cannot be loaded/],
    ['the test never ends without it', all, undefined, /does not end without it/],
    ['the test never ends', undefined, all, /does not end with|did not end with/],
  ])('is a defect when %s', (_what, baseline, without, words) => {
    expect(verdictOf(GUARD, baseline, without).defect).toMatch(words);
  });
});

describe('guardsPage', () => {
  it('keeps apart what runs every time and what runs at night', () => {
    const night = { ...GUARD, name: 'door/night', test: { file: 'apps/house-e2e/src/door.test.ts', title: 'stays closed' } };
    const [, always = '', nightly = ''] = guardsPage([GUARD, night]).split('\n## ');
    expect(always).toContain('door/locked');
    expect(always).not.toContain('door/night');
    expect(nightly).not.toContain('door/locked');
    expect(nightly).toContain('door/night');
  });
});
