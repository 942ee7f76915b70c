import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import type { ChildSpec } from '@omni/ports';
import { spawnFailure } from './child-failure.ts';
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

describe('R: why a program could not be started', () => {
  it('says no secret, as the event of a process that was started does not', () => {
    const spec: ChildSpec = {
      upstream: 'files',
      command: '/opt/hunter2-secret/bin/server',
      args: [],
      env: {},
      secretValues: () => ['hunter2-secret'],
      onReport() {},
      maxMessageBytes: 1_000,
    };
    const { message } = spawnFailure(spec, Object.assign(new Error('x'), { code: 'ENOENT' }), '/bin');
    expect(message).not.toContain('hunter2-secret');
  });
});
