import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { endEverything } from '../harness/end-everything.ts';
import { canSeeProcesses } from '../harness/processes.ts';
import { errorOf, postModern } from '../harness/raw-mcp.ts';
import { startOmni, type Omni } from '../harness/start-omni.ts';
import { CALL_ID, latencies } from './load-client.ts';
import { bigFrame, startLoadUpstream } from './load-upstream.ts';
import { residentMib, watchPeakMib } from './process-memory.ts';

const MIB = 1_048_576;
const CALLS = 64;
const RESULT_BYTES = 8_000_000;
const BUDGET_BYTES = 64 * MIB;

let omni: Omni;
let generous: Omni;

beforeAll(async () => {
  const upstream = await startLoadUpstream();
  const mcpServers = { load: { type: 'http', url: upstream.url, protocol: '2026-07-28' } };
  [omni, generous] = await Promise.all([
    startOmni({ mcpServers, limits: { maxUnfinishedBytes: BUDGET_BYTES } }),
    // Their answers wait for one reader all at once.
    startOmni({ mcpServers, limits: { maxUnfinishedBytes: 1_024 * MIB, maxUnreadBytes: 1_024 * MIB } }),
  ]);
  await Promise.all([omni.ready(), generous.ready()]);
}, 30_000);

afterAll(endEverything);

let groups = 0;

/**
 * Calls for answers that nobody can be shown before their end, and that all end together.
 *
 * @returns How often each outcome came.
 */
async function callForMany(url: string, count: number): Promise<Readonly<Record<string, number>>> {
  const outcomes: Record<string, number> = {};
  const args = JSON.stringify({
    bytes: RESULT_BYTES,
    id: 'last',
    together: { name: `group ${groups++}`, count },
  });
  const one = async (): Promise<void> => {
    const { messages } = await postModern(url, {
      id: CALL_ID,
      method: 'tools/call',
      name: 'load__big',
      params: `"name":"load__big","arguments":${args}`,
    });
    const [message = ''] = messages;
    const isWhole = digest(message) === WHOLE;
    const outcome = isWhole ? 'whole' : (errorOf(message)?.cause ?? 'something else');
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  };
  await Promise.all(Array.from({ length: count }, one));
  return outcomes;
}

/** @returns How often each outcome came, and how much memory it took at most. */
async function measured(
  { url, process: started }: Omni,
  count: number,
): Promise<[Readonly<Record<string, number>>, number]> {
  const before = residentMib(started.pid);
  const peak = watchPeakMib(started.pid);
  const outcomes = await callForMany(url, count);
  return [outcomes, peak() - before];
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

const WHOLE = digest(bigFrame(CALL_ID, 'last').join('x'.repeat(RESULT_BYTES)));

(canSeeProcesses ? describe : describe.skip)('answers that have to be held until their end', () => {
  it(`take no more together than they may: ${CALLS} of 8 MB at once`, async () => {
    await Promise.all([omni, generous].map(({ url }) => latencies(url, 'load__echo', 500)));
    const [outcomes, grownMib] = await measured(omni, CALLS);
    const { whole = 0, OMNI_MEMORY_FULL: refused = 0 } = outcomes;
    // As many as have room at once, and those that still came when others were done.
    expect(whole + refused).toBe(CALLS);
    expect(whole).toBeGreaterThanOrEqual(4);
    expect(refused).toBeGreaterThanOrEqual(4);
    expect(grownMib).toBeLessThan(200);
    // The control: with more room all of them come, at a price.
    const [control, controlMib] = await measured(generous, CALLS);
    process.stderr.write(
      `held answers: ${JSON.stringify(outcomes)} ${grownMib.toFixed(1)} MiB; with room for all ${CALLS} ${controlMib.toFixed(1)} MiB\n`,
    );
    expect(control).toEqual({ whole: CALLS });
    expect(controlMib).toBeGreaterThan(350);
  }, 60_000);

  it('leave nothing behind that later ones would miss', async () => {
    for (let round = 0; round < 3; round++) expect(await callForMany(omni.url, 6)).toEqual({ whole: 6 });
  }, 30_000);
});
