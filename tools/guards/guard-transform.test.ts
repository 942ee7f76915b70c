import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createTransformer } from './guard-transform.mjs';

const GUARD = "if (!isKey(key)) return 'closed';";
const SOURCE = `function open(key: string): string {\n  ${GUARD}\n  return 'open';\n}\n`;
const START = SOURCE.indexOf(GUARD);
const REMOVAL = { file: 'door.ts', start: START, end: START + GUARD.length, was: GUARD, text: ';' };
const SWC = {
  swcrc: false,
  module: { type: 'es6' },
  jsc: { target: 'es2024', parser: { syntax: 'typescript' } },
};

describe('the transformer', () => {
  let folder = '';

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('changes the file of the guard and no other, and shares what it made of the others', () => {
    folder = mkdtempSync(join(tmpdir(), 'omni-guards-'));
    const whole = createTransformer({ root: folder, removals: [], swc: SWC });
    const without = createTransformer({ root: folder, removals: [REMOVAL], swc: SWC });
    const options = { supportsStaticESM: true, config: { cwd: folder }, transformerConfig: {} };
    const has = (transformer: typeof whole, file: string): boolean =>
      JSON.stringify(transformer.process(SOURCE, join(folder, file), options)).includes('isKey');
    expect(has(whole, 'door.ts')).toBe(true);
    expect(has(without, 'door.ts')).toBe(false);
    expect(has(without, 'window.ts')).toBe(true);
    const isShared = (file: string): boolean =>
      whole.getCacheKey(SOURCE, join(folder, file)) === without.getCacheKey(SOURCE, join(folder, file));
    expect(isShared('door.ts')).toBe(false);
    expect(isShared('window.ts')).toBe(true);
  });
});
