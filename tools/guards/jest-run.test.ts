import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Guard } from './guard.ts';
import { runWithoutGuards } from './jest-run.ts';
import { markersIn } from './markers.ts';
import { placedAt } from './placed-guards.ts';
import { BASELINE, type FileResult } from './verdict.ts';

const ROOT = join(import.meta.dirname, '../..');
const DOOR = `export function open(key: string, tries = 0): string {
  // guard: door/locked
  if (key !== 'right') return 'closed';
  // guard: door/tries
  if (tries > 3) return 'closed';
  for (let left = /* guard: door/endless */ 3; left > 0; ) left -= 1;
  return 'open';
}
`;
const TEST = `import { describe, expect, it } from '@jest/globals';
import { open } from './door.ts';

interface Ignored {
  readonly soThat: 'lines differ from those that run';
}

describe('a door', () => {
  // guard: door/locked
  it.each(['wrong', 'right'])('stays closed for the key %s', (key) => {
    expect(open(key) === 'open').toBe(key === 'right');
  });

  it('opens', () => expect(open('right')).toBe('open'));

  it.each([1, 2, 3, 4, 5, 6])('opens after %s tries', () => expect(open('right', 2)).toBe('open'));

  // guard: door/endless
  it('opens soon', () => expect(open('right')).toBe('open'));

  // guard: door/tries
  it('closes in the end', () => expect(open('right', 4)).toBe('closed'));

  it('leaves one test out that is neither marked nor needed', () => expect(open('right')).toBe('open'));
});
`;
const LIST: readonly Guard[] = [
  { name: 'door/locked', against: 'Anybody comes in.' },
  { name: 'door/tries', against: 'Anybody tries for ever.' },
  { name: 'door/endless', against: 'Nobody comes in.', without: 'Infinity' },
];

describe('runWithoutGuards', () => {
  let root = '';
  let results: readonly FileResult[] = [];
  const of = (project: string): FileResult | undefined =>
    results.find((result) => result.project === project);
  const failed = (project: string): string[] =>
    (of(project)?.tests ?? []).filter(({ hasPassed }) => !hasPassed).map(({ title }) => title);

  beforeAll(async () => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'omni-guard-run-')));
    symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'), 'junction');
    mkdirSync(join(root, 'lib/src'), { recursive: true });
    writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(root, 'lib/jest.config.mjs'), 'export default {};');
    const files: Readonly<Record<string, string>> = { 'lib/src/door.ts': DOOR, 'lib/src/door.test.ts': TEST };
    for (const [file, text] of Object.entries(files)) writeFileSync(join(root, file), text);
    const markers = Object.entries(files).flatMap(([file, text]) => markersIn(file, text));
    const { guards } = placedAt(LIST, markers, (file) => readFileSync(join(root, file), 'utf8'));
    const jobs = guards.map((guard) => ({ guard, file: 'lib/src/door.test.ts' }));
    jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    results = await runWithoutGuards({ root, jobs, maxWorkers: 2, stallMs: 8_000 });
  });

  afterAll(() => {
    jest.restoreAllMocks();
    rmSync(root, { recursive: true, force: true });
  });

  it('runs the marked tests with all guards in place', () => {
    expect(of(BASELINE)?.meant).toEqual({
      'door/locked': ['a door stays closed for the key wrong', 'a door stays closed for the key right'],
      'door/tries': ['a door closes in the end'],
      'door/endless': ['a door opens soon'],
    });
    expect(of(BASELINE)?.tests).toHaveLength(4);
    expect(failed(BASELINE)).toEqual([]);
  });

  it('runs the marked tests of a guard without it, and three others', () => {
    expect(failed('door/locked')).toEqual(['a door stays closed for the key wrong']);
    expect(of('door/locked')?.tests).toHaveLength(2 + 3);
    expect(failed('door/tries')).toEqual(['a door closes in the end']);
    expect(of('door/tries')?.tests).toHaveLength(1 + 3);
  });

  it('cuts what never ends without its guard, and nothing else', () => {
    expect(of('door/endless')).toBeUndefined();
    expect(results.map(({ project }) => project).sort()).toEqual([BASELINE, 'door/locked', 'door/tries']);
  });
});
