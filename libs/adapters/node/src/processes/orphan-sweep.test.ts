import { type ChildProcess, spawn } from 'node:child_process';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createOwnerMark, orphanSweep } from './orphan-sweep.ts';
import { readProcessStat } from './process-stat.ts';

/** Another Omni that starts on this machine sweeps, too: when it comes first, the test is made again. */
const ATTEMPTS = 20;

describe('orphanSweep', () => {
  const children: ChildProcess[] = [];

  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  /** A sleeper in a group of its own that carries the mark. */
  function sleeper(owner: string): { pid: number; ended: Promise<void> } {
    const child = spawn('sleep', ['30'], {
      detached: true,
      stdio: 'ignore',
      env: { PATH: process.env['PATH'], OMNI_OWNER: owner },
    });
    children.push(child);
    return { pid: child.pid ?? 0, ended: new Promise((resolve) => child.on('exit', () => resolve())) };
  }

  // guard: orphan/start-time
  it('kills what a dead owner left, also when its pid was given to another process', async () => {
    const dead = spawn('true', { stdio: 'ignore' });
    const startTime = readProcessStat(dead.pid ?? 0)?.startTime ?? '1';
    await new Promise((resolve) => dead.on('exit', resolve));
    for (const owner of [`${dead.pid}:${startTime}:abc`, `${process.pid}:1:abc`]) {
      let killed = 0;
      for (let attempt = 0; attempt < ATTEMPTS && killed === 0; attempt++) {
        const orphan = sleeper(owner);
        killed = orphanSweep();
        await orphan.ended;
      }
      expect(killed).toBeGreaterThanOrEqual(1);
    }
  });

  // guard: orphan/living-owner, orphan/foreign-mark
  it('spares children of a living owner, marks it cannot read, and its own group', async () => {
    const spared = [sleeper(createOwnerMark()), sleeper('somebody else'), sleeper('12:34')];
    orphanSweep();
    // Signals are delivered in order of sending: had it killed one, the second signal would find nobody.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(spared.map(({ pid }) => readProcessStat(pid)?.state === 'S')).toEqual([true, true, true]);
  });

  it('does not kill the process that carries the mark of a dead owner itself', async () => {
    const source = JSON.stringify(new URL('./orphan-sweep.ts', import.meta.url).href);
    const sweepInside = (): Promise<number | null> => {
      const inner = spawn(
        process.execPath,
        [
          '--conditions=@omni/source',
          '--disable-warning=ExperimentalWarning',
          '--input-type=module',
          '-e',
          `(await import(${source})).orphanSweep()`,
        ],
        { stdio: 'inherit', detached: true, env: { ...process.env, OMNI_OWNER: `${process.pid}:1:abc` } },
      );
      return new Promise((resolve) => inner.on('exit', resolve));
    };
    let code = await sweepInside();
    for (let attempt = 1; attempt < ATTEMPTS && code === null; attempt++) code = await sweepInside();
    expect(code).toBe(0);
  });
});
