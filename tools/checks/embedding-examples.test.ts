import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const ROOT = join(import.meta.dirname, '../..');
const FOLDER = join(ROOT, 'docs/examples');
const EXAMPLES = readdirSync(FOLDER).filter((name) => name.endsWith('.ts'));
const TIMEOUT_MS = 30_000;
const IMPORTED = /\bfrom '([^']+)'/g;
/** What somebody has who has installed the packages and nothing else. */
const AVAILABLE = /^(?:@omni\/[a-z-]+(?:\/[a-z]+)?|node:[a-z_/]+)$/;

/** Runs an example from the sources of the workspace. */
function run(name: string): Promise<{ readonly code: unknown; readonly output: string }> {
  const argv = ['--conditions=@omni/source', '--disable-warning=ExperimentalWarning', join(FOLDER, name)];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      argv,
      { timeout: TIMEOUT_MS, killSignal: 'SIGKILL' },
      (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : (error.code ?? 'timeout'), output: `${stdout}${stderr}` }),
    );
  });
}

describe('the example of a host', () => {
  it.each(EXAMPLES)(
    '%s ends when it has proved itself',
    async (name) => {
      const { code, output } = await run(name);
      expect(output).toContain(name.replace('.ts', ''));
      expect(code).toBe(0);
    },
    TIMEOUT_MS + 5_000,
  );

  it.each(EXAMPLES)('%s needs nothing but the packages and Node', (name) => {
    const imported = [...readFileSync(join(FOLDER, name), 'utf8').matchAll(IMPORTED)].map(([, from]) => from);
    expect(imported.filter((from) => !AVAILABLE.test(from ?? ''))).toEqual([]);
  });

  it.each(EXAMPLES)('%s is named by the guide', (name) => {
    expect(readFileSync(join(ROOT, 'docs/embedding.md'), 'utf8')).toContain(`(examples/${name})`);
  });
});
