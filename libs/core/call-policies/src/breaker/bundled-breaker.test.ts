import { describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';

/** What is left of a module in the bundle of a worker. */
async function bundled(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['@omni/source', 'workerd', 'worker', 'import'],
  });
  return outputFiles.map(({ text }) => text).join('');
}

describe('a bundle with breakers', () => {
  it('does nothing at load that workers forbid', async () => {
    const text = await bundled(`export * from '../index.ts';`);
    expect(text).toContain('ConsecutiveBreaker');
    expect(text).not.toContain('AbortController');
  });

  it('would do so with the policies of cockatiel', async () => {
    expect(await bundled(`export { circuitBreaker } from 'cockatiel';`)).toContain('new AbortController');
  });
});
