import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { endEverything } from '../harness/end-everything.ts';
import { eventually } from '../harness/eventually.ts';
import { canSeeProcesses } from '../harness/processes.ts';
import { startOmni, type Omni } from '../harness/start-omni.ts';
import { callOnce, latencies, percentile } from './load-client.ts';
import { startLoadUpstream, type LoadUpstream } from './load-upstream.ts';
import { residentMib } from './process-memory.ts';

const SLOW_CALLS = 1_000;
const CALLS = 1_000;
const DISCONNECTS = 200;

let omni: Omni;
let upstream: LoadUpstream;

beforeAll(async () => {
  upstream = await startLoadUpstream();
  omni = await startOmni({
    mcpServers: { load: { type: 'http', url: upstream.url } },
    limits: { maxInFlight: SLOW_CALLS + 100 },
  });
  await omni.ready();
  // Memory and speed of a process that has seen work.
  await Promise.all(Array.from({ length: 32 }, async () => await latencies(omni.url, 'load__echo', 200)));
}, 30_000);

afterAll(endEverything);

/** Opens calls that never end, and waits until the server has them all. */
async function openCalls(count: number): Promise<readonly { readonly token: string; leave(): void }[]> {
  const calls = Array.from({ length: count }, (_, index) => {
    const token = `${count}-${index}`;
    const { request } = callOnce(omni.url, 'load__never', { token });
    return { token, leave: () => void request.destroy() };
  });
  await eventually('the server has them all', () => upstream.open === count, 10_000);
  return calls;
}

describe('many calls', () => {
  (canSeeProcesses ? it : it.skip)(
    'that are slow cost little memory, and others of the same server are served beside them',
    async () => {
      const usual = percentile(await latencies(omni.url, 'load__echo', CALLS), 0.99);
      const before = residentMib(omni.process.pid);
      const calls = await openCalls(SLOW_CALLS);
      const grownMib = residentMib(omni.process.pid) - before;
      const meanwhile = percentile(await latencies(omni.url, 'load__echo', CALLS), 0.99);
      for (const { leave } of calls) leave();
      await eventually('the server is let go', () => upstream.open === 0);
      process.stderr.write(
        `slow calls: ${SLOW_CALLS}, ${grownMib.toFixed(1)} MiB; p99 of others ${usual.toFixed(1)} -> ${meanwhile.toFixed(1)} ms\n`,
      );
      expect(grownMib).toBeLessThan(60);
      expect(meanwhile).toBeLessThan(3 * usual + 30);
    },
  );

  it('that run at the same time are all answered [S001-NF-03]', async () => {
    const reads = await Promise.all(
      Array.from({ length: 200 }, async () => await callOnce(omni.url, 'load__echo', {}).read()),
    );
    expect(reads.filter(({ status, isComplete }) => status === 200 && isComplete)).toHaveLength(200);
  });

  it('whose clients leave are ended at their server within moments', async () => {
    const delays: number[] = [];
    const calls = await openCalls(DISCONNECTS);
    for (const { token, leave } of calls) {
      const left = performance.now();
      leave();
      await eventually('the server is told', () => upstream.endedAtMs.has(token));
      delays.push((upstream.endedAtMs.get(token) ?? Number.NaN) - left);
    }
    delays.sort((one, other) => one - other);
    process.stderr.write(
      `disconnect to the server: p50 ${percentile(delays, 0.5).toFixed(1)} ms, p99 ${percentile(delays, 0.99).toFixed(1)} ms\n`,
    );
    expect(percentile(delays, 0.99)).toBeLessThan(250);
  });

  it('whose clients all leave at once are all ended', async () => {
    const calls = await openCalls(DISCONNECTS);
    const left = performance.now();
    for (const { leave } of calls) leave();
    await eventually('the server is let go', () => upstream.open === 0);
    process.stderr.write(`${DISCONNECTS} disconnects at once: ${(performance.now() - left).toFixed(0)} ms\n`);
  });
});
