import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Growth } from './reader-under-test.ts';

const MIB = 1_048_576;
const PROGRAM = fileURLToPath(new URL('main.ts', import.meta.url));
const OPTIONS = ['--expose-gc', '--conditions=@omni/source', '--disable-warning=ExperimentalWarning'];

/** What nothing in the counters stands for. */
function uncounted({ grownBytes, countedBytes }: Growth): number {
  return grownBytes - 2 * countedBytes - 8 * MIB;
}

describe('readers of unfinished input', () => {
  let growths: readonly Growth[] = [];

  beforeAll(async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [...OPTIONS, PROGRAM], {
      maxBuffer: 16 * MIB,
    });
    growths = JSON.parse(stdout) as Growth[];
  }, 300_000);

  it('count at least half of what they keep alive, whatever comes and however it is cut', () => {
    const readers = growths.filter(({ reader }) => reader !== 'control');
    expect(new Set(readers.map(({ reader }) => reader)).size).toBe(19);
    expect(readers.filter((growth) => uncounted(growth) > 0)).toEqual([]);
  });

  it('are told from one that counts bytes and keeps pieces', () => {
    const control = growths.filter(({ reader }) => reader === 'control');
    expect(control.filter((growth) => uncounted(growth) > 0).length).toBeGreaterThanOrEqual(3);
  });
});
