import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { silentLogger, type StateStore, systemClock } from '@omni/ports';
import { openStore } from '../open-store.ts';

const WRITER = fileURLToPath(new URL('./batch-writer.fixture.ts', import.meta.url));
const BATCHES = 40;

jest.setTimeout(90_000);

const canTrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;
const describeTraced = canTrace ? describe : describe.skip;
const TITLE = canTrace
  ? 'a store whose system calls fail'
  : 'a store whose system calls fail: NOT TRIED, for strace is not installed or may not trace';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omni-calls-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

function open(): Promise<StateStore> {
  return openStore(
    { url: 'sqlite:', schema: 'omni', stateFolder: folder },
    { clock: systemClock, logger: silentLogger },
  );
}

describeTraced(TITLE, () => {
  it.each([
    ['fsync', 'EIO', '2+7'],
    ['pwrite64', 'EIO', '3+31'],
    ['pwrite64', 'ENOSPC', '2+37'],
    ['pwrite64,fsync,ftruncate', 'EIO', '5+41'],
  ])('%s with %s, at calls %s: every batch is written once', async (calls, error, when) => {
    // Making the tables takes more calls than there are between two failures.
    await (await open()).close();
    const { status, stdout, stderr } = spawnSync(
      'strace',
      [
        ...['-f', '-qq', '-o', '/dev/null', '-e', `trace=${calls}`],
        ...['-e', `inject=${calls}:error=${error}:when=${when}`],
        ...[process.execPath, '--conditions=@omni/source', '--disable-warning=ExperimentalWarning'],
        ...[WRITER, folder, '1', String(BATCHES)],
      ],
      { encoding: 'utf8', timeout: 60_000 },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const failures = stdout.split('\n').filter((line) => line.startsWith('failed '));
    expect(failures.length).toBeGreaterThan(0);

    const store = await open();
    const kept = (await store.pendingEvents(1_000)).map(({ event }) => event);
    const { problems } = await store.check();
    await store.close();
    expect(kept).toEqual(Array.from({ length: BATCHES }, (_, index) => `event ${index + 1}`));
    expect(problems).toEqual([]);
  });
});
