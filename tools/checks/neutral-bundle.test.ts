import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { build, type BuildFailure } from 'esbuild';

const ROOT = join(import.meta.dirname, '../..');
const TIMEOUT_MS = 60_000;

/** Bundles as a runtime without Node wants it. @returns What cannot be resolved there. */
async function unresolvedIn(text: string): Promise<readonly string[]> {
  try {
    await build({
      stdin: { contents: text, resolveDir: join(ROOT, 'libs/composition/di-container/src'), loader: 'ts' },
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'neutral',
      mainFields: ['module', 'main'],
      conditions: ['@omni/source', 'workerd', 'worker', 'import'],
      logLevel: 'silent',
    });
    return [];
  } catch (error) {
    // Holds: esbuild rejects with this.
    return (error as BuildFailure).errors.map(({ text: reason }) => reason);
  }
}

describe('the gateway without Node', () => {
  it(
    'is bundled with nothing of Node in it [S003-XP-06]',
    async () => {
      expect(await unresolvedIn(`export * from './index.ts';`)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'is mounted by what is bundled without Node, too',
    async () => {
      expect(await unresolvedIn(`export * from '@omni/fetch';`)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'would not be with the adapters of Node',
    async () => {
      const unresolved = await unresolvedIn(`export * from './node.ts';`);
      expect(unresolved.join('\n')).toContain('"node:fs');
    },
    TIMEOUT_MS,
  );
});
