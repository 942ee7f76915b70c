import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readExample, runExample } from './readme-example.mjs';

const PORTS = join(import.meta.dirname, '../../libs/ports');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'omni-readme-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('readExample', () => {
  it('takes the first block marked ts', () => {
    writeFileSync(
      join(folder, 'README.md'),
      '# A\n\n```sh\nnpm i\n```\n\n```ts\nconst a = 1;\n```\n\n```ts\nconst b = 2;\n```\n',
    );
    expect(readExample(folder)).toBe('const a = 1;\n');
  });

  it('finds nothing without a README and without a block', () => {
    expect(readExample(folder)).toBeUndefined();
    writeFileSync(join(folder, 'README.md'), '# A\n\n```sh\nnpm i\n```\n');
    expect(readExample(folder)).toBeUndefined();
  });
});

describe('runExample', () => {
  it('runs TypeScript that imports a workspace library from its sources', async () => {
    const example = `import { GATEWAY_ERRORS } from '@omni/ports';\nconst count: number = Object.keys(GATEWAY_ERRORS).length;\nconsole.log(count > 0);\n`;
    expect(await runExample(PORTS, example)).toEqual({ code: 0, output: 'true\n' });
  });

  it('reports an example that throws, and one that imports what is not there', async () => {
    expect(await runExample(folder, 'process.exit(3);\n')).toMatchObject({ code: 3 });
    expect(await runExample(PORTS, `import { nothing } from '@omni/ports';\nnothing();\n`)).toMatchObject({
      code: 1,
    });
  });
});
