import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { serviceManager } from './service-manager.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omni-notify-'));
  // In place of the real one, which needs a systemd.
  await writeFile(join(folder, 'systemd-notify'), `#!/bin/sh\necho "$@" >> "${folder}/told"\n`);
  await chmod(join(folder, 'systemd-notify'), 0o755);
});
afterEach(() => rm(folder, { recursive: true }));

function environmentOf(more: Readonly<Record<string, string>>): Record<string, string> {
  return { PATH: `${folder}:${process.env['PATH']}`, ...more };
}

async function told(count: number): Promise<readonly string[]> {
  for (let tries = 0; ; tries++) {
    const lines = (await readFile(join(folder, 'told'), 'utf8').catch(() => '')).split('\n').slice(0, -1);
    if (lines.length >= count || tries === 400) return lines;
    await delay(10);
  }
}

// The program is a shell script.
const describeUnix = process.platform === 'win32' ? describe.skip : describe;

describeUnix('serviceManager', () => {
  it('tells systemd that it is ready, that it lives, and that it stops', async () => {
    let isAlive = true;
    const environment = environmentOf({ NOTIFY_SOCKET: '/run/notify', WATCHDOG_USEC: '40000' });
    const manager = serviceManager({ environment, pid: 7, isAlive: () => isAlive });
    manager.ready();
    const lines = await told(3);
    expect([...lines].sort().at(0)).toBe('--pid=7 READY=1');
    expect(lines).toContain('--pid=7 WATCHDOG=1');
    isAlive = false;
    manager.stopping();
    // A watchdog that was fed before may be told after it.
    let all: readonly string[] = lines;
    for (let more = 1; more <= 20 && !all.includes('--pid=7 STOPPING=1'); more++)
      all = await told(all.length + 1);
    expect(all).toContain('--pid=7 STOPPING=1');
  });

  it('feeds no watchdog that is for another process, or of a process that does not live', async () => {
    const environment = environmentOf({ NOTIFY_SOCKET: 'x', WATCHDOG_USEC: '2000', WATCHDOG_PID: '8' });
    const others = serviceManager({ environment, pid: 7, isAlive: () => true });
    const dead = serviceManager({
      environment: { ...environment, WATCHDOG_PID: '7' },
      pid: 7,
      isAlive: () => false,
    });
    for (const manager of [others, dead]) {
      manager.ready();
      await told(1);
      manager.stopping();
    }
    expect((await told(4)).join()).not.toContain('WATCHDOG');
  });

  it('tells nobody where nobody wants to know, and survives where it cannot', async () => {
    const quiet = serviceManager({ environment: environmentOf({}), pid: 7, isAlive: () => true });
    quiet.ready();
    quiet.stopping();
    const environment = { PATH: '/nowhere', NOTIFY_SOCKET: 'x' };
    serviceManager({ environment, pid: 7, isAlive: () => true }).ready();
    // That the program is missing is told by then.
    await new Promise(setImmediate);
    expect(await told(0)).toEqual([]);
  });
});
