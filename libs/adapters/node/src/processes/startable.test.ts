import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startable, type StartableOptions } from './startable.ts';

const isPosix = process.platform !== 'win32';

async function isStartable(options: StartableOptions): Promise<boolean> {
  return (await startable(options)) !== undefined;
}

describe('startable', () => {
  let folder: string;
  let environment: Record<string, string>;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'startable-'));
    environment = { PATH: `/nowhere:${folder}` };
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function program(name: string, text = '#!/bin/sh\n', mode = 0o755): Promise<string> {
    const file = join(folder, name);
    await writeFile(file, text);
    await chmod(file, mode);
    return file;
  }

  it('finds a command on the PATH of the child, and by its path', async () => {
    expect(await isStartable({ command: 'tool', environment })).toBe(false);
    const file = await program('tool');
    expect(await isStartable({ command: 'tool', environment })).toBe(true);
    expect(await isStartable({ command: 'tool', environment: { PATH: '/nowhere' } })).toBe(false);
    expect(await isStartable({ command: file, environment: {} })).toBe(true);
    expect(await isStartable({ command: './tool', cwd: folder, environment: {} })).toBe(true);
  });

  it('wants the folder to be there', async () => {
    await program('tool');
    const cwd = join(folder, 'work');
    expect(await isStartable({ command: 'tool', cwd, environment })).toBe(false);
    await mkdir(cwd);
    expect(await isStartable({ command: 'tool', cwd, environment })).toBe(true);
    expect(await isStartable({ command: 'tool', cwd: join(folder, 'tool'), environment })).toBe(false);
  });

  (isPosix ? it : it.skip)('wants a file that may be executed, and its interpreter', async () => {
    await program('data', 'x', 0o644);
    await program('script', '#! /nowhere/interpreter -x\n');
    await mkdir(join(folder, 'subfolder'));
    expect(await isStartable({ command: 'data', environment })).toBe(false);
    expect(await isStartable({ command: 'script', environment })).toBe(false);
    expect(await isStartable({ command: 'subfolder', environment })).toBe(false);
    await program('binary', '\u007fELF');
    expect(await isStartable({ command: 'binary', environment })).toBe(true);
  });

  it('takes what cannot be a path for what is not there', async () => {
    expect(await isStartable({ command: 'a\0b', environment })).toBe(false);
    expect(await isStartable({ command: 'tool', cwd: 'a\0b', environment })).toBe(false);
  });

  (isPosix ? it : it.skip)(
    'takes the line ends of Windows for part of the interpreter, as the system does',
    async () => {
      const command = await program('script', '#!/bin/sh\r\necho hello\r\n');
      const failure = await new Promise((resolve) => {
        const child = spawn(command, []);
        child.on('error', (error) => resolve((error as NodeJS.ErrnoException).code));
        child.on('exit', () => resolve('started'));
      });
      expect(failure).toBe('ENOENT');
      expect(await isStartable({ command, environment })).toBe(false);
    },
  );

  it('says another thing when the file is another, and the same while it is not', async () => {
    const command = await program('tool');
    const before = await startable({ command, environment });
    expect(await startable({ command, environment })).toBe(before);
    await program('tool', '#!/bin/sh\n: longer\n');
    expect(await startable({ command, environment })).not.toBe(before);
  });
});
