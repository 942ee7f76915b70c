import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';

const PRINTING = `
  import nodeConsole from 'node:console';
  console.log('log'); console.info('info'); console.debug('debug'); console.table([1]); console.dir({ a: 1 });
  console.group('group'); console.count(); nodeConsole.log('node');
`;

function outputOf(script: string): { readonly stdout: string; readonly stderr: string } {
  const cwd = new URL('.', import.meta.url);
  return spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd,
    encoding: 'utf8',
    timeout: 20_000,
  });
}

describe('sendConsoleToStderr', () => {
  it('leaves stdout to the protocol', () => {
    const { stdout, stderr } = outputOf(
      `import { sendConsoleToStderr } from './console-guard.ts'; sendConsoleToStderr(); ${PRINTING}`,
    );

    expect(stdout).toBe('');
    expect(stderr).toMatch(/log\ninfo\ndebug\n[^]*group\n[^]*node\n/);
  });

  it('is needed: without it all of that goes to stdout', () => {
    expect(outputOf(PRINTING).stdout).toMatch(/log\ninfo\ndebug\n/);
  });
});
