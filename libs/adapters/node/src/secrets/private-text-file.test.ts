import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PrivateTextFile } from './private-text-file.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omni-text-'));
  path = join(folder, 'deep', 'secrets.json');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function holder(...given: readonly string[]): ChildProcess {
  const program = fileURLToPath(new URL('lock-holder.fixture.ts', import.meta.url));
  return spawn(
    process.execPath,
    ['--conditions=@omni/source', '--disable-warning=ExperimentalWarning', program, path, ...given],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
}

describe('PrivateTextFile', () => {
  it('is not there before it is written, then for this user alone', async () => {
    const file = new PrivateTextFile(path);
    expect(await file.read()).toBeUndefined();
    await file.change((text) => {
      expect(text).toBeUndefined();
      return 'first\n';
    });
    expect(await file.read()).toBe('first\n');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'deep'))).mode & 0o777).toBe(0o700);
  });

  it('stays as it is when a change fails, and leaves nothing beside it', async () => {
    const file = new PrivateTextFile(path);
    await file.change(() => 'first\n');
    await expect(file.change(() => Promise.reject(new Error('no')))).rejects.toMatchObject({
      code: 'OMNI_SECRET_UNAVAILABLE',
    });
    await chmod(join(folder, 'deep'), 0o500);
    if (process.getuid?.() !== 0)
      await expect(file.change(() => 'second\n')).rejects.toMatchObject({ code: 'OMNI_SECRET_DENIED' });
    await chmod(join(folder, 'deep'), 0o700);
    expect(await readFile(path, 'utf8')).toMatch(/first|second/);
    expect((await readdir(join(folder, 'deep'))).toSorted()).toEqual(['secrets.json', 'secrets.json.lock']);
  });

  // guard: secrets/private-mode
  it('is not read where others can read it', async () => {
    const file = new PrivateTextFile(path);
    await file.change(() => 'first\n');
    await chmod(path, 0o644);
    const denied = { code: 'OMNI_SECRET_DENIED', hint: expect.stringContaining('chmod 600') };
    await expect(file.read()).rejects.toMatchObject(denied);
    await expect(file.change(() => 'second\n')).rejects.toMatchObject(denied);
    expect(await readFile(path, 'utf8')).toBe('first\n');
  });

  it('loses no change of two processes, and none of this one', async () => {
    const children = [holder('25', 'a'), holder('25', 'b')];
    const file = new PrivateTextFile(path);
    const own = Array.from({ length: 25 }, (_, n) => file.change((text = '') => `${text}c${n}\n`));
    await Promise.all([...own, ...children.map((child) => once(child, 'exit'))]);
    const lines = ((await file.read()) ?? '').trim().split('\n');
    for (const label of ['a', 'b', 'c'])
      expect(lines.filter((line) => line.startsWith(label))).toEqual(
        Array.from({ length: 25 }, (_, n) => `${label}${n}`),
      );
  }, 30_000);

  it('can be changed when the process that was changing it is killed', async () => {
    const file = new PrivateTextFile(path);
    await file.change(() => 'first\n');
    const child = holder('die');
    if (child.stdout === null) throw new TypeError('no stdout');
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    await file.change((text = '') => `${text}second\n`);
    expect(await file.read()).toBe('first\nsecond\n');
  }, 30_000);

  it('tells within a second that another process has changed it', async () => {
    const file = new PrivateTextFile(path);
    await file.change(() => 'first\n');
    let end = (): void => {};
    const told = new Promise<void>((resolve) => (end = file.subscribe(resolve)));
    const child = holder('1', 'a');
    await once(child, 'exit');
    const endedMs = performance.now();
    await told;
    end();
    expect(performance.now() - endedMs).toBeLessThan(1_000);
  }, 30_000);

  it('has nothing to do with files beside it', async () => {
    const file = new PrivateTextFile(path);
    await file.change(() => 'first\n');
    let count = 0;
    const end = file.subscribe(() => count++);
    await writeFile(join(folder, 'deep', 'other'), 'x');
    await new Promise((resolve) => setTimeout(resolve, 120));
    end();
    expect(count).toBe(0);
  });
});
