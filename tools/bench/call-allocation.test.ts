import { beforeAll, describe, expect, it } from '@jest/globals';
import { comparedWithForwarder, type ComparedCost } from './compared-calls.ts';
import { sampleAllocation } from './workloads/allocation.ts';

/**
 * What Omni allocates per call above the forwarder. 8 to 12 KB when this was written, the most on a busy
 * machine.
 */
const MOST_BYTES = 18_000;
const ROUNDS = 3;
const MEASURE_MS = 300;
const TIMEOUT_MS = 10 * 60_000;

const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('a call through Omni', () => {
  let bytes: ComparedCost;

  beforeAll(async () => {
    bytes = await comparedWithForwarder({
      rounds: ROUNDS,
      costOf: async (session, running, round) =>
        (await sampleAllocation(session, running, { measureMs: MEASURE_MS, round })).bytesPerCall,
      compare: (cost, forwarders) => cost - forwarders,
    });
  }, TIMEOUT_MS);

  it('allocates not much more than one through a forwarder that reads nothing [S003-PF-08]', () => {
    expect(bytes.omni).toBeLessThan(MOST_BYTES);
  });

  it('would be seen to allocate more: an Omni that parses and writes messages over and over exceeds the limit', () => {
    expect(bytes.slowed).toBeGreaterThan(MOST_BYTES);
  });
});
