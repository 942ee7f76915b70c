import { afterAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { endEverything } from '../harness/end-everything.ts';
import { eventually } from '../harness/eventually.ts';
import { canSeeProcesses } from '../harness/processes.ts';
import { textOf } from '../harness/raw-mcp.ts';
import { startOmni } from '../harness/start-omni.ts';
import { scriptedEntry } from '../harness/upstream-entries.ts';
import { callTool, serversOf } from './servers.ts';

afterAll(endEverything, 30_000);

const SERVERS = 30;
const COME_UP_WITHIN_MS = 120_000;

const onLinux = canSeeProcesses ? describe : describe.skip;

onLinux('thirty servers that crash at once', () => {
  it('come back by themselves, and Omni says meanwhile that it lives [S001-NF-06]', async () => {
    const entry = scriptedEntry();
    const omni = await startOmni({
      mcpServers: Object.fromEntries(Array.from({ length: SERVERS }, (_, index) => [`s${index}`, entry])),
    });
    const areAllWell = async (): Promise<boolean> => {
      const { status } = await fetch(`${omni.origin}/ready?scope=all`);
      return status === 200;
    };
    await eventually('all are up', areAllWell, COME_UP_WITHIN_MS);
    const before = serversOf(omni).map(({ pid }) => pid);
    expect(before).toHaveLength(SERVERS);

    let isOver = false;
    const lives: { readonly status: number; readonly ms: number }[] = [];
    const watching = (async () => {
      while (!isOver) {
        const asked = performance.now();
        const { status } = await fetch(`${omni.origin}/health/live`);
        lives.push({ status, ms: performance.now() - asked });
        await delay(20);
      }
    })();
    const begin = performance.now();
    for (const pid of before) process.kill(pid, 'SIGKILL');
    await eventually('Omni has noticed', async () => !(await areAllWell()));
    await eventually('all are back', areAllWell, COME_UP_WITHIN_MS);
    const backMs = performance.now() - begin;
    isOver = true;
    await watching;
    const worstMs = Math.max(...lives.map(({ ms }) => ms));
    process.stdout.write(
      `many crashes: ${SERVERS} servers back after ${backMs.toFixed(0)} ms; ${lives.length} looks at /health/live, the slowest ${worstMs.toFixed(0)} ms\n`,
    );
    expect(lives.every(({ status }) => status === 200)).toBe(true);
    const after = serversOf(omni).map(({ pid }) => pid);
    expect(after).toHaveLength(SERVERS);
    expect(after.filter((pid) => before.includes(pid))).toEqual([]);
    const answers = await Promise.all(
      Array.from({ length: SERVERS }, (_, index) => callTool(omni, `s${index}__pid`)),
    );
    expect(new Set(answers.map(({ text }) => Number(textOf(text))))).toEqual(new Set(after));
  }, 300_000);
});
