import { describe, expect, it } from '@jest/globals';
import type { Guard } from './guard.ts';
import { markersIn } from './markers.ts';
import { placedAt, type Placement } from './placed-guards.ts';
import { withoutGuard } from './without-guard.mjs';

const GUARD: Guard = { name: 'door/locked', against: 'Anybody comes in.' };
const SOURCE =
  "function open(key: string): string {\n  // guard: door/locked\n  if (!isKey(key)) return 'closed';\n  return 'open';\n}\n";
const TEST = "// guard: door/locked\nit('stays closed', () => {\n  open();\n});\n";

function placed(files: Readonly<Record<string, string>>, list: readonly Guard[] = [GUARD]): Placement {
  const markers = Object.entries(files).flatMap(([file, text]) => markersIn(file, text));
  return placedAt(list, markers, (file) => files[file] ?? '');
}

describe('placedAt', () => {
  it('finds the guard and its test, wherever they stand and whatever they are called', () => {
    const { guards, problems } = placed({ 'a.ts': SOURCE, 'b.test.ts': TEST });
    expect(problems).toEqual(new Map());
    expect(guards).toMatchObject([
      { removals: [{ file: 'a.ts' }], tests: [{ file: 'b.test.ts', firstLine: 2, lastLine: 4 }] },
    ]);
    expect(withoutGuard(guards[0]?.removals ?? [], 'a.ts', SOURCE)).toBe(
      SOURCE.replace("if (!isKey(key)) return 'closed';", ';'),
    );
    expect(withoutGuard(guards[0]?.removals ?? [], 'c.ts', SOURCE)).toBe(SOURCE);
  });

  it('puts the text of the list in the place of the guard', () => {
    const { guards } = placed({ 'a.ts': SOURCE, 'b.test.ts': TEST }, [{ ...GUARD, without: 'open();' }]);
    expect(withoutGuard(guards[0]?.removals ?? [], 'a.ts', SOURCE)).toContain('\n  open();\n');
  });

  it('takes all places of a guard away together', () => {
    const twice = SOURCE.replace('  return', '  // guard: door/locked\n  lock();\n  return');
    const { guards } = placed({ 'a.ts': twice, 'b.test.ts': TEST }, [{ ...GUARD, places: 2 }]);
    expect(withoutGuard(guards[0]?.removals ?? [], 'a.ts', twice)).not.toMatch(/isKey|lock\(/);
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['is not marked', { 'b.test.ts': TEST }, '0 places are marked with it in place of 1'],
    [
      'is marked twice',
      { 'a.ts': SOURCE, 'c.ts': SOURCE, 'b.test.ts': TEST },
      '2 places are marked with it in place of 1 a.ts:3 c.ts:3',
    ],
    ['has no test', { 'a.ts': SOURCE }, 'no test is marked with it'],
    ['has a contract suite alone', { 'a.ts': SOURCE, 'contract.ts': TEST }, 'no test is marked with it'],
    [
      'cannot be dropped',
      { 'a.ts': 'const MAX = /* guard: door/locked */ 3;', 'b.test.ts': TEST },
      'a.ts:1 cannot be dropped: say in the list what stands there without it',
    ],
  ])('says that a guard %s', (_what, files, problem) => {
    expect(placed(files)).toEqual({ guards: [], problems: new Map([[GUARD.name, problem]]) });
  });

  it('says which marker has no guard', () => {
    const { problems } = placed({ 'a.ts': SOURCE, 'b.test.ts': TEST }, []);
    expect([...problems.keys()]).toEqual([GUARD.name]);
  });
});

describe('withoutGuard', () => {
  it('refuses a source that has changed since it was looked at', () => {
    const { guards } = placed({ 'a.ts': SOURCE, 'b.test.ts': TEST });
    expect(() => withoutGuard(guards[0]?.removals ?? [], 'a.ts', `// New.\n${SOURCE}`)).toThrow(
      'a.ts has changed meanwhile',
    );
  });
});
