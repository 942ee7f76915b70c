import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { endEverything } from '../harness/end-everything.ts';
import { eventually } from '../harness/eventually.ts';
import { canSeeProcesses } from '../harness/processes.ts';
import { startOmni, type Omni } from '../harness/start-omni.ts';
import { callOnce, latencies, percentile, readSome, type LoadCall } from './load-client.ts';
import { startLoadUpstream, type BigArguments, type LoadUpstream } from './load-upstream.ts';
import { residentMib, watchPeakMib } from './process-memory.ts';

const MB = 1_000_000;
/** More than the operating system takes off Omni's hands. */
const RESULT_BYTES = 8 * MB;
/** `npm run nightly` has more. */
const READERS = Number(process.env['OMNI_SLOW_READERS'] ?? 50);
const CALLS = 300;
/** What one reader may keep: the backlog, and what is on its way to it. */
const MIB_PER_READER = 0.8;
const MIB_OF_ENGINE = 50;

let omni: Omni;
let upstream: LoadUpstream;

beforeAll(async () => {
  upstream = await startLoadUpstream();
  omni = await startOmni({
    mcpServers: { load: { type: 'http', url: upstream.url } },
    limits: { maxUpstreamMessageBytes: 80 * MB },
  });
  await omni.ready();
  await latencies(omni.url, 'load__echo', 2 * CALLS);
}, 30_000);

afterAll(endEverything);

/** Calls for large results and reads 1 kB of each. */
async function readSlowly(count: number, args: Partial<BigArguments>): Promise<readonly LoadCall[]> {
  const calls = Array.from({ length: count }, () =>
    callOnce(omni.url, 'load__big', { bytes: RESULT_BYTES, ...args }),
  );
  await Promise.all(calls.map(async ({ head }) => await readSome(await head, 1_000)));
  return calls;
}

/** Waits until nothing flows any more; memory is at its highest then. */
async function settled(): Promise<void> {
  let before = -1;
  let stillLooks = 0;
  await eventually('the flow stops', () => {
    const now = residentMib(omni.process.pid);
    stillLooks = Math.abs(now - before) < 0.5 ? stillLooks + 1 : 0;
    before = now;
    return stillLooks === 20;
  });
}

(canSeeProcesses ? describe : describe.skip)('clients that read slowly', () => {
  it(
    'cost a bounded amount of memory each, hold nobody up, and get everything in the end',
    async () => {
      const usual = percentile(await latencies(omni.url, 'load__echo', CALLS), 0.99);
      const before = residentMib(omni.process.pid);
      const peak = watchPeakMib(omni.process.pid);
      const calls = await readSlowly(READERS, {});
      await settled();
      const meanwhile = percentile(await latencies(omni.url, 'load__echo', CALLS), 0.99);
      const grownMib = peak() - before;
      const reads = await Promise.all(calls.map((call) => call.read()));
      expect(
        new Set(reads.map(({ isComplete, bytes }) => `${isComplete} ${bytes > RESULT_BYTES - 2_000}`)),
      ).toEqual(new Set(['true true']));
      expect(grownMib).toBeLessThan(MIB_OF_ENGINE + READERS * MIB_PER_READER);
      expect(meanwhile).toBeLessThan(5 * usual + 50);
      process.stderr.write(
        `slow readers: ${READERS} x 8 MB, ${grownMib.toFixed(1)} MiB; p99 of others ${usual.toFixed(1)} -> ${meanwhile.toFixed(1)} ms\n`,
      );
    },
    Math.max(60_000, 300 * READERS),
  );

  it('cost all that they do not read where an answer has to be held: that is what the bound is worth', async () => {
    const count = 30;
    const before = residentMib(omni.process.pid);
    const peak = watchPeakMib(omni.process.pid);
    const calls = await readSlowly(count, { id: 'last' });
    expect(peak() - before).toBeGreaterThan(MIB_OF_ENGINE + count * MIB_PER_READER);
    for (const { request } of calls) request.destroy();
  });

  it('let go of their server when they leave in the middle [PROTO-R30]', async () => {
    // More than the operating system may hold between the two.
    const calls = await readSlowly(10, { bytes: 60 * MB });
    expect(upstream.sending).toBe(10);
    for (const { request } of calls) request.destroy();
    await eventually('the server is let go', () => upstream.sending === 0);
  });
});
