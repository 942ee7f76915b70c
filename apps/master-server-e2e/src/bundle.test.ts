import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const FOLDER = join(import.meta.dirname, '../../master-server/dist/bundle');

describe('the bundle of the server', () => {
  it('leaves out the languages of zod and Node’s own undici, which no start needs', () => {
    const text = readdirSync(FOLDER)
      .map((name) => readFileSync(join(FOLDER, name), 'utf8'))
      .join('\n');
    const isThere = (what: RegExp): boolean => what.test(text);
    // zod/mini has none; what is wrong with a configuration Omni says itself.
    expect(isThere(/(?:Invalid input|ltige Eingabe): erwartet|Invalid input: expected/)).toBe(false);
    expect(isThere(/a key must be text/)).toBe(true);
    expect(isThere(/getBuiltinModule\("node:http"\)/)).toBe(true);
    expect(isThere(/from\s*"node:http"/)).toBe(false);
  });
});
