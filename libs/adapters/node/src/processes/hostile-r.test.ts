import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { isStartable } from './startable.ts';

/* FAILING TESTS of a hostile reader. */

describe('R: a script with the line ends of Windows', () => {
  it('is not startable as long as the system cannot start it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'omni-r-'));
    const command = join(folder, 'server');
    writeFileSync(command, '#!/bin/sh\r\necho hello\r\n', { mode: 0o755 });
    const failure = await new Promise((resolve) => {
      const child = spawn(command, []);
      child.on('error', (error) => resolve((error as NodeJS.ErrnoException).code));
      child.on('exit', () => resolve('started'));
    });
    expect(failure).toBe('ENOENT');
    expect(await isStartable({ command, environment: { PATH: '/bin' } })).toBe(false);
  });
});
