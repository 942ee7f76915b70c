import { afterAll, describe, expect, it } from '@jest/globals';
import { atEnd, endEverything } from '../harness/end-everything.ts';
import { eventually } from '../harness/eventually.ts';
import { canSeeProcesses, childrenOf, remaining, type SeenProcess } from '../harness/processes.ts';
import { errorOf, textOf } from '../harness/raw-mcp.ts';
import { type Omni, startOmni } from '../harness/start-omni.ts';
import { scriptedEntry, type UpstreamEntry } from '../harness/upstream-entries.ts';
import { callTool, whenServerIs } from './servers.ts';

afterAll(endEverything, 30_000);

const PROBES = { interval: '500ms', timeout: '500ms', confirm: '500ms', softMisses: 3, grace: '0s' };

/** The server below a shell, as a launcher starts it. */
function launched({ command, args }: UpstreamEntry): UpstreamEntry {
  return { command: '/bin/sh', args: ['-c', '"$0" "$@"; exit $?', command, ...(args as string[])] };
}

/** The shell, and the server that it has started. */
function treeOf(omni: Omni, server: number): readonly SeenProcess[] {
  return childrenOf(omni.process.pid)
    .flatMap((child) => [child, ...childrenOf(child.pid)])
    .filter(({ pid, command }) => pid === server || command.includes('"$0" "$@"'));
}

const onLinux = canSeeProcesses ? describe : describe.skip;

onLinux('a server that hangs', () => {
  it('is degraded, then killed with its tree and started again; its calls fail with why', async () => {
    const omni = await startOmni({ mcpServers: { one: { ...launched(scriptedEntry()), health: PROBES } } });
    await omni.ready();
    const pid = Number(textOf((await callTool(omni, 'one__pid')).text));
    const tree = treeOf(omni, pid);
    expect(tree).toHaveLength(2);
    process.kill(pid, 'SIGSTOP');
    atEnd(() => {
      for (const { pid: left } of remaining(tree)) process.kill(left, 'SIGKILL');
    });
    const begin = performance.now();
    await whenServerIs(omni, 'one', { status: 'degraded', state: 'ready' });
    const degradedMs = performance.now() - begin;
    await eventually('nothing of it is left', () => remaining(tree).length === 0);
    const killedMs = performance.now() - begin;
    const next = await eventually('it is back', async () => textOf((await callTool(omni, 'one__pid')).text));
    process.stdout.write(
      `hang: degraded after ${degradedMs.toFixed(0)} ms, killed after ${killedMs.toFixed(0)} ms, back after ${(performance.now() - begin).toFixed(0)} ms\n`,
    );
    expect(Number(next)).not.toBe(pid);
    await whenServerIs(omni, 'one', { status: 'ok' });
  });

  it('keeps the call that it works on until that has had its time', async () => {
    const entry = { ...scriptedEntry(), callTimeout: '4s', health: PROBES };
    const omni = await startOmni({ mcpServers: { one: entry } });
    await omni.ready();
    const pid = Number(textOf((await callTool(omni, 'one__pid')).text));
    const begin = performance.now();
    const running = callTool(omni, 'one__never');
    // It is on its way: the next answer comes through the same pipe.
    await callTool(omni, 'one__pid');
    process.kill(pid, 'SIGSTOP');
    atEnd(() => {
      if (childrenOf(omni.process.pid).some((child) => child.pid === pid)) process.kill(pid, 'SIGKILL');
    });
    await whenServerIs(omni, 'one', { status: 'degraded', state: 'ready' });
    expect(errorOf((await running).text)?.cause).toBe('OMNI_UPSTREAM_TIMEOUT');
    expect(performance.now() - begin).toBeGreaterThan(3_900);
    await eventually('it is back', async () => {
      const next = textOf((await callTool(omni, 'one__pid')).text);
      return next !== undefined && Number(next) !== pid;
    });
  });
});
