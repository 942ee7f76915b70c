import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createOwnerMark } from './orphan-sweep.ts';
import { readProcessStat } from './process-stat.ts';
import { Reaper } from './reaper.ts';

const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('Reaper', () => {
  const sleepers: ChildProcess[] = [];
  afterEach(() => {
    for (const sleeper of sleepers.splice(0)) sleeper.kill('SIGKILL');
  });

  /** A process in a group of its own, whose name would deceive whoever splits its line in /proc at blanks. */
  async function sleeper(): Promise<{ pid: number; start: string; ended: Promise<unknown> }> {
    const child = spawn(
      process.execPath,
      ['-e', `process.title = ') Z 1\\n) R 2'; console.log('up'); setInterval(() => {}, 1000)`],
      { detached: true, stdio: ['ignore', 'pipe', 'ignore'] },
    );
    sleepers.push(child);
    const ended = once(child, 'exit');
    await once(child.stdout, 'data');
    const pid = child.pid ?? 0;
    return { pid, start: readProcessStat(pid)?.startTime ?? '', ended };
  }

  it('kills what is still listed at its end, and spares what was taken off the list', async () => {
    const reaper = new Reaper(createOwnerMark());
    const [group, single, spared] = [await sleeper(), await sleeper(), await sleeper()];
    reaper.start();
    reaper.addGroup(group.pid, group.start);
    reaper.addGroup(spared.pid, spared.start);
    reaper.addProcess(single.pid, single.start);
    reaper.addProcess(spared.pid, spared.start);
    reaper.removeGroup(spared.pid, spared.start);
    reaper.removeProcess(spared.pid, spared.start);
    await reaper.close();
    await Promise.all([group.ended, single.ended]);
    expect(readProcessStat(spared.pid)?.state).not.toBe('Z');
  });

  it('spares a process whose number was that of a listed one', async () => {
    const reaper = new Reaper(createOwnerMark());
    const [stranger, other] = [await sleeper(), await sleeper()];
    reaper.start();
    reaper.addGroup(stranger.pid, `${Number(stranger.start) - 1}`);
    reaper.addProcess(other.pid, `${Number(other.start) - 1}`);
    await reaper.close();
    expect([stranger, other].map(({ pid }) => /[ZX]/.test(readProcessStat(pid)?.state ?? 'X'))).toEqual([
      false,
      false,
    ]);
  });
});
