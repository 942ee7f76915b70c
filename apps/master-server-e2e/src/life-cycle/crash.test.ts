import { afterAll, describe, expect, it } from '@jest/globals';
import { endEverything } from '../harness/end-everything.ts';
import { eventually } from '../harness/eventually.ts';
import { errorOf, textOf } from '../harness/raw-mcp.ts';
import { startOmni } from '../harness/start-omni.ts';
import { scriptedEntry } from '../harness/upstream-entries.ts';
import { callTool, serverPage, whenServerIs } from './servers.ts';

afterAll(endEverything, 30_000);

/** The goal is 100 ms on a machine with nothing else to do; the figure goes to standard output. */
const CALLS_FAIL_WITHIN_MS = 2_000;
const RUNNING = 20;

describe('a server that crashes', () => {
  it('fails what it was doing at once, with how it ended, and comes back by itself [S001-NF-06]', async () => {
    const omni = await startOmni({ mcpServers: { one: scriptedEntry() } });
    await omni.ready();
    const pid = Number(textOf((await callTool(omni, 'one__pid')).text));
    const ends: number[] = [];
    const running = Array.from({ length: RUNNING }, async () => {
      const answer = await callTool(omni, 'one__never');
      ends.push(performance.now());
      return answer;
    });
    await eventually('all run', async () => {
      // The health document of Omni.
      const { details } = (await (await fetch(`${omni.origin}/health/ready`)).json()) as {
        details: { protocol: { inFlight: number } };
      };
      return details.protocol.inFlight === RUNNING;
    });
    const begin = performance.now();
    process.kill(pid, 'SIGABRT');
    const answers = await Promise.all(running);
    const worstMs = Math.max(...ends) - begin;
    process.stdout.write(
      `crash: ${RUNNING} calls failed within ${worstMs.toFixed(0)} ms of the signal that ended their server\n`,
    );
    expect(worstMs).toBeLessThan(CALLS_FAIL_WITHIN_MS);
    for (const { text } of answers)
      expect(errorOf(text)).toMatchObject({
        omni: 'OMNI_OUTCOME_UNKNOWN',
        cause: 'OMNI_UPSTREAM_EXITED',
        message: expect.stringContaining('SIGABRT'),
      });
    const back = await whenServerIs(omni, 'one', { status: 'ok' });
    expect(back.details).toMatchObject({ health_status: 'healthy', circuit_state: 'closed' });
    const next = textOf((await callTool(omni, 'one__pid')).text);
    expect(Number(next)).toBeGreaterThan(0);
    expect(Number(next)).not.toBe(pid);
  });

  it('is told with its exit code to callers, and with its last words to the owner alone', async () => {
    const secret = 'what stood in the request of somebody else';
    const omni = await startOmni({ mcpServers: { one: scriptedEntry() } });
    await omni.ready();
    const running = callTool(omni, 'one__never');
    const crashed = await callTool(omni, 'one__crash', JSON.stringify({ text: secret }));
    for (const { text } of [crashed, await running]) {
      expect(errorOf(text)?.message).toMatch(/exited with code 3; the owner of Omni finds .* as report/);
      expect(text).not.toContain(secret);
    }
    // In open mode everybody may read what the owner may.
    const { details } = await serverPage(omni, 'one');
    expect(details.ownerReports?.map(({ lines }) => lines)).toEqual([[secret]]);
    expect(omni.process.stderr).not.toContain(secret);
  });
});
