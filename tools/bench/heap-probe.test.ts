import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HeapProbe, heapProbeOptions } from './heap-probe.ts';
import { PinnedProcess } from './pinned-process.ts';

const MIB = 1_048_576;
/**
 * Allocates 40 MB on the heap, as 10,000 arrays of 4 KB, when it is first signalled, and keeps a quarter of
 * it for ever.
 */
const PROGRAM = `
const kept = [];
process.on('SIGUSR2', () => {
  for (let index = 0; index < 10_000; index += 1) {
    const array = new Array(512).fill(index + 0.5);
    if (index % 4 === 0) kept.push(array);
  }
  console.log('done');
});
setInterval(() => kept.length, 1_000);
console.log('ready');
`;

describe('HeapProbe', () => {
  const folder = mkdtempSync(join(tmpdir(), 'omni-heap-probe-'));
  let subject: PinnedProcess | undefined;

  beforeAll(() => {
    const file = join(folder, 'program.mjs');
    writeFileSync(file, PROGRAM);
    const args = [...heapProbeOptions(), file];
    subject = new PinnedProcess({
      name: 'program',
      core: undefined,
      command: process.execPath,
      args,
      logFolder: folder,
      ipc: true,
    });
  });

  afterAll(async () => {
    await subject?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function until(text: string): Promise<PinnedProcess> {
    while (subject?.logTail().includes(text) !== true) await new Promise((resolve) => setImmediate(resolve));
    return subject;
  }

  it('counts what is allocated, and what of it is still held', async () => {
    const running = await until('ready');
    const heap = new HeapProbe(running);
    const before = await heap.heldBytes();
    await heap.startCounting();
    process.kill(running.pid, 'SIGUSR2');
    await until('done');
    const { allocatedBytes, collections } = await heap.stopCounting();
    const heldBytes = (await heap.heldBytes()) - before;
    expect(collections).toBeGreaterThan(0);
    expect(allocatedBytes / MIB).toBeGreaterThan(38);
    expect(allocatedBytes / MIB).toBeLessThan(46);
    expect(heldBytes / MIB).toBeGreaterThan(9);
    expect(heldBytes / MIB).toBeLessThan(12);
  }, 30_000);
});
