import { beforeAll, describe, expect, it } from '@jest/globals';
import { measure } from './bench-session.ts';
import { comparedWithForwarder, JOB, type ComparedCost } from './compared-calls.ts';

/**
 * Omni's CPU time per call ÷ the forwarder's, whose work is the least that the same parts can do. 1.2 to 1.6
 * when this was written.
 */
const MOST_CPU = 2.4;
const ROUNDS = 11;
const TIMEOUT_MS = 10 * 60_000;

const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('the CPU time of a call through Omni', () => {
  let cpu: ComparedCost;

  beforeAll(async () => {
    cpu = await comparedWithForwarder({
      rounds: ROUNDS,
      costOf: async (session, running, round) => {
        const { cpuUsPerCall, faults } = await measure(session, { running }, JOB, round);
        expect(faults).toEqual({});
        return cpuUsPerCall;
      },
      compare: (cost, forwarders) => cost / forwarders,
    });
  }, TIMEOUT_MS);

  it('is not much more than that through a forwarder that reads nothing', () => {
    expect(cpu.omni).toBeLessThan(MOST_CPU);
  });

  it('would be seen to be more: an Omni that parses and writes messages over and over exceeds the limit', () => {
    expect(cpu.slowed).toBeGreaterThan(MOST_CPU);
  });
});
