import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { asciiJson, fromText, readCorpus, toText } from './corpus.ts';
import { TARGET_NAMES } from './targets.ts';

const FOLDER = join(import.meta.dirname, 'corpus');

describe('the corpus', () => {
  it('has a file for each target, and no other, of 200 KB in all', () => {
    const files = readdirSync(FOLDER).toSorted();
    expect(files).toEqual(TARGET_NAMES.map((name) => `${name}.json`));
    expect(files.reduce((bytes, file) => bytes + statSync(join(FOLDER, file)).size, 0)).toBeLessThan(200_000);
    for (const name of TARGET_NAMES) expect(readCorpus(name).length).toBeGreaterThan(0);
  });

  it('keeps every byte in plain ASCII', () => {
    const input = Uint8Array.from({ length: 256 }, (_, index) => index);
    const json = asciiJson(toText(input));
    expect(json).toMatch(/^[\x20-\x7e]+$/);
    expect([...fromText(String(JSON.parse(json)))]).toEqual([...input]);
  });
});
