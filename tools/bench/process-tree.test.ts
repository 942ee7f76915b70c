import { describe, expect, it } from '@jest/globals';
import { allowedCores } from './pinned-process.ts';
import { memoryOf, parseProcessStat, processTree, statOf } from './process-tree.ts';

describe('process tree', () => {
  it('reads a stat line whose command holds spaces and parentheses', () => {
    const line =
      '4242 (a) b (c) S 17 4242 4242 0 -1 4194560 100 0 0 0 150 50 30 20 20 0 7 0 93874 1441574912 14263 0 0 0 0 0';
    expect(parseProcessStat(line)).toEqual({ pid: 4242, parentPid: 17, cpuSeconds: 2.5, startTicks: 93_874 });
  });

  it('finds this process with its memory and CPU time', () => {
    const [self] = processTree(process.pid);
    expect(self).toMatchObject({ pid: process.pid, parentPid: process.ppid });
    const { rssBytes, peakRssBytes } = memoryOf([process.pid]);
    expect(rssBytes).toBeGreaterThan(1_000_000);
    expect(peakRssBytes).toBeGreaterThanOrEqual(rssBytes * 0.9);
  });

  it('gives nothing for a process that does not exist', () => {
    expect(processTree(0x7fff_ffff)).toEqual([]);
    expect(statOf(0x7fff_ffff)).toBeUndefined();
  });

  it('reads lists of cores', () => {
    expect(allowedCores('Name:\tx\nCpus_allowed_list:\t0-2,5\n')).toEqual([0, 1, 2, 5]);
    expect(allowedCores('Name:\tx\n')).toEqual([]);
  });
});
