import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { publicLibraries } from './packaging.mjs';
import { checkExampleTypes } from './readme-types.mjs';

const ROOT = join(import.meta.dirname, '../..');
const TIMEOUT_MS = 120_000;

describe('the examples of the READMEs', () => {
  it(
    'type-check',
    () => {
      const wrong = [...checkExampleTypes(ROOT, publicLibraries(ROOT))].filter(
        ([, found]) => found.length > 0,
      );
      expect(wrong).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'would be found wrong otherwise',
    () => {
      // Beside the libraries, so that their packages are found.
      const folder = mkdtempSync(join(ROOT, 'libs/readme-'));
      try {
        mkdirSync(folder, { recursive: true });
        writeFileSync(
          join(folder, 'README.md'),
          "```ts\nimport { endpointOf } from '@omni/model';\nendpointOf(1);\n```\n",
        );
        const relative = folder.slice(ROOT.length + 1);
        expect(checkExampleTypes(ROOT, [relative]).get(relative)).toEqual([
          expect.stringContaining('line 2'),
        ]);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
    TIMEOUT_MS,
  );
});
