import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { runCounted } from './counted-process.mjs';

const HERE = import.meta.dirname;

/** @returns exit code and stdout of run.mjs */
async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [join(HERE, 'run.mjs'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = await once(child, 'close');
  return { code, stdout, stderr };
}

/** A process that has ended and that nobody has asked about yet (a zombie) is not alive. */
function isAlive(pid: number): boolean {
  const state = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
  return state !== '' && !state.startsWith('Z');
}

describe('runCounted', () => {
  it('is tested with a look at processes that can tell', () => {
    expect(isAlive(process.pid)).toBe(true);
    expect(isAlive(2 ** 22)).toBe(false);
  });

  it('passes the exit code on and keeps the last lines', async () => {
    const result = await runCounted(process.execPath, ['-e', 'console.log("3 passed"); process.exit(4)'], {
      cwd: HERE,
    });
    expect(result).toEqual({ code: 4, wasSilent: false, tail: '3 passed\n' });
  });

  it('ends a program that falls silent together with what it started', async () => {
    const script = `
      const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
      console.log(child.pid);
      setInterval(() => {}, 1000);`;
    const { code, wasSilent, tail } = await runCounted(process.execPath, ['-e', script], {
      cwd: HERE,
      silenceMs: 5_000,
    });
    expect({ code, wasSilent }).toEqual({ code: 1, wasSilent: true });
    expect(isAlive(Number(tail))).toBe(false);
  });

  it('lets a program go on that takes longer and says something meanwhile', async () => {
    const script = `
      let said = 0;
      const timer = setInterval(() => { console.error('busy'); if (++said === 10) clearInterval(timer); }, 500);`;
    expect(await runCounted(process.execPath, ['-e', script], { cwd: HERE, silenceMs: 4_000 })).toMatchObject(
      {
        code: 0,
        wasSilent: false,
      },
    );
  });

  it('ends what a program leaves behind', async () => {
    const script = `
      const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
      console.log(child.pid);
      child.unref();
      process.exit(0);`;
    const { code, tail } = await runCounted(process.execPath, ['-e', script], { cwd: HERE });
    expect(code).toBe(0);
    expect(isAlive(Number(tail))).toBe(false);
  });
});

describe('run.mjs', () => {
  it('lists the tasks', async () => {
    const { code, stdout } = await run('help');
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^ {2}bench /m) });
  });

  it('refuses a task that does not exist', async () => {
    expect(await run('constructor')).toMatchObject({
      code: 64,
      stderr: expect.stringMatching(/no task "constructor"/),
    });
  });

  it('runs a task under the pinned Node and passes its exit code on', async () => {
    expect(await run('test', '--only', 'nothing')).toMatchObject({
      code: 64,
      stderr: expect.stringMatching(/No stage is called nothing/),
    });
    expect(await run('test', '--list')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^conformance /m),
    });
  });
});

describe('runInForeground', () => {
  it('forwards a signal and waits for the child', async () => {
    const task = `process.on('SIGTERM', () => setTimeout(() => process.exit(7), 50)); setInterval(() => {}, 1000); console.log('ready');`;
    const module = JSON.stringify(join(HERE, 'foreground.mjs'));
    const script = `
      import { runInForeground } from ${module};
      process.exitCode = await runInForeground(process.execPath, ['-e', ${JSON.stringify(task)}], { cwd: '.', env: process.env });`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(parent.stdout, 'data');
    parent.kill('SIGTERM');
    expect(await once(parent, 'close')).toEqual([7, null]);
  });
});
