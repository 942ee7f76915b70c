import { afterAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { endEverything } from '../harness/end-everything.ts';
import { canSeeProcesses } from '../harness/processes.ts';
import { textOf } from '../harness/raw-mcp.ts';
import { type Omni, startOmni } from '../harness/start-omni.ts';
import { scriptedEntry } from '../harness/upstream-entries.ts';
import { callTool, listedTools, serversOf, whenServerIs } from './servers.ts';

afterAll(endEverything, 30_000);

const PROBES = { interval: '200ms', timeout: '1s', confirm: '1s' };

async function pidOf(omni: Omni): Promise<number> {
  return Number(textOf((await callTool(omni, 'one__pid')).text));
}

async function statusOf({ origin }: Omni, path: string): Promise<number> {
  return (await fetch(origin + path)).status;
}

describe('a server that nobody needs', () => {
  it('is stopped, stays listed and ready, is not woken by probes, and starts with the next call', async () => {
    const entry = { ...scriptedEntry(), idleStop: '1s', health: PROBES };
    const omni = await startOmni({ mcpServers: { one: entry } });
    await omni.ready();
    const first = await pidOf(omni);
    const asleep = await whenServerIs(omni, 'one', { state: 'asleep' });
    expect(asleep.status).toBe('ok');
    expect(asleep.details.health_status).toBe('healthy');
    expect(await listedTools(omni)).toContain('one__pid');
    expect(await statusOf(omni, '/health/ready')).toBe(200);
    expect(await statusOf(omni, '/ready?scope=all&probe=1')).toBe(200);
    // Many times the interval of probes.
    await delay(1_500);
    expect((await whenServerIs(omni, 'one', { state: 'asleep' }, 0)).status).toBe('ok');
    if (canSeeProcesses) expect(serversOf(omni)).toEqual([]);
    const next = await pidOf(omni);
    expect(next).toBeGreaterThan(0);
    expect(next).not.toBe(first);
  });

  it('is not stopped during a call', async () => {
    const omni = await startOmni({ mcpServers: { one: { ...scriptedEntry(), idleStop: '500ms' } } });
    await omni.ready();
    expect(textOf((await callTool(omni, 'one__slow', '{"ms":2000}')).text)).toBe('done');
    await whenServerIs(omni, 'one', { state: 'asleep' });
  });

  it('with start: on-demand is started once for its lists, and then with calls', async () => {
    const entry = { ...scriptedEntry(), start: 'on-demand', idleStop: '500ms' };
    const omni = await startOmni({ mcpServers: { one: entry } });
    const asleep = await whenServerIs(omni, 'one', { state: 'asleep' });
    expect(asleep.details.tools).toBeGreaterThan(0);
    expect(await statusOf(omni, '/health/ready')).toBe(200);
    // Callers who come while it starts share it.
    const pids = await Promise.all([pidOf(omni), pidOf(omni), pidOf(omni)]);
    expect(pids[0]).toBeGreaterThan(0);
    expect(new Set(pids).size).toBe(1);
    await whenServerIs(omni, 'one', { state: 'asleep' });
  });
});
