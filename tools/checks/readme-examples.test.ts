import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { publicLibraries } from './packaging.mjs';
import { readExample, runExample } from './readme-example.mjs';

const ROOT = join(import.meta.dirname, '../..');
const TIMEOUT_MS = 25_000;

describe('the example in the README of', () => {
  it.each(publicLibraries(ROOT))(
    '%s runs',
    async (folder) => {
      const example = readExample(join(ROOT, folder));
      if (example === undefined)
        expect(`${folder}/README.md`).toBe('a file with a block that starts with ```ts');
      else expect(await runExample(join(ROOT, folder), example)).toMatchObject({ code: 0 });
    },
    TIMEOUT_MS,
  );
});
