import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ChildCgroup, ownCgroup } from './child-cgroup.ts';
import { readProcessStat } from './process-stat.ts';

const probe = ChildCgroup.create(ownCgroup(), `omni-test-probe-${process.pid}`);
probe?.end(() => {});
const whereOneCanBeHad = probe === undefined ? it.skip : it;

describe('ChildCgroup', () => {
  it('is none where this user may make none, and leaves nothing there', async () => {
    expect(ChildCgroup.create(undefined, 'a')).toBeUndefined();
    const folder = await mkdtemp(join(tmpdir(), 'omni-cgroup-'));
    expect(ChildCgroup.create(folder, 'a')).toBeUndefined();
    expect(existsSync(join(folder, 'a'))).toBe(false);
    expect(ChildCgroup.create(join(folder, 'missing'), 'a')).toBeUndefined();
    await rm(folder, { recursive: true });
  });

  whereOneCanBeHad('kills whoever is in it and is removed', async () => {
    const cgroup = ChildCgroup.create(ownCgroup(), `omni-test-${process.pid}`);
    // Its child has nothing in common with it but the cgroup: no session, no environment, and its parent is
    // gone.
    const script = `read line; env -i setsid sh -c 'sleep 30 & echo $!' </dev/null; read line`;
    const child = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });
    cgroup?.add(child.pid ?? 0);
    await new Promise((resolve) => setTimeout(resolve, 200));
    child.stdin.write('go\n');
    const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
    const pid = Number(chunk.toString());
    expect(pid).toBeGreaterThan(1);
    const exited = once(child, 'exit');
    await new Promise<void>((resolve) => cgroup?.end(resolve));
    await exited;
    // What is left of it until its new parent asks is no process.
    expect(readProcessStat(pid)?.state ?? 'Z').toBe('Z');
    expect(existsSync(cgroup?.path ?? '')).toBe(false);
  });
});
