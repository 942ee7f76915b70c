import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from '@jest/globals';
import { atEnd, endEverything } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import { canSeeProcesses, MARK, markedProcesses, remaining, type SeenProcess } from './harness/processes.ts';
import { postModern, textOf } from './harness/raw-mcp.ts';
import { writeConfiguration } from './harness/start-omni.ts';
import { scriptedEntry } from './harness/upstream-entries.ts';

afterAll(endEverything, 30_000);

const BIN = fileURLToPath(new URL('../../cli/bin/omni.mjs', import.meta.url));
const START_MS = 25_000;

/** An Omni below the wrapper of the repository. */
interface Wrapped {
  readonly child: ChildProcess;
  readonly url: string;
  /** The wrapper, Omni and whatever they have started. */
  readonly all: readonly SeenProcess[];
}

/** @param start - Starts the command in its folder; everything that it starts carries the mark in `env`. */
async function startWrapped(
  start: (command: readonly string[], env: Record<string, string>, folder: string) => ChildProcess,
): Promise<Wrapped> {
  const mark = randomUUID();
  const entry = { ...scriptedEntry(), env: { [MARK]: mark } };
  const { folder, configFile, environment } = await writeConfiguration({
    server: { drain: '20s' },
    mcpServers: { one: entry },
  });
  const command = [process.execPath, BIN, 'serve', '--config', configFile, '--listen', '127.0.0.1:0'];
  const child = start(command, { ...environment, [MARK]: mark }, folder);
  atEnd(() => {
    for (const { pid } of remaining(markedProcesses(mark))) process.kill(pid, 'SIGKILL');
  });
  const said = join(folder, 'said');
  const url = await eventually(
    'Omni listens',
    async () => /listening on (http:\/\/\S+\/mcp)/.exec(await readFile(said, 'utf8').catch(() => ''))?.[1],
    START_MS,
  );
  await eventually('Omni is ready', async () => {
    const { status } = await fetch(new URL('/health/ready', url));
    return status === 200;
  });
  return { child, url, all: markedProcesses(mark) };
}

/** In a group of its own, as a job of a shell is; what it says goes to the file `said`. */
function inOwnGroup(
  [node = '', ...args]: readonly string[],
  env: Record<string, string>,
  folder: string,
): ChildProcess {
  return spawn('/bin/sh', ['-c', 'exec "$0" "$@" >said 2>&1 </dev/null', node, ...args], {
    cwd: folder,
    env,
    detached: true,
    stdio: 'ignore',
  });
}

(canSeeProcesses ? describe : describe.skip)('Omni below the wrapper of the repository', () => {
  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'ends with all that it has started when the wrapper is sent %s',
    async (signal) => {
      const { child, all } = await startWrapped(inOwnGroup);
      // The wrapper, Omni and its one server.
      expect(all.length).toBeGreaterThanOrEqual(3);
      child.kill(signal);
      await eventually('nothing is left', () => remaining(all).length === 0, 5_000);
    },
    60_000,
  );

  it('finishes what runs when its whole group is sent a signal, which the wrapper passes on as well', async () => {
    const { child, url } = await startWrapped(inOwnGroup);
    const answer = postModern(url, {
      id: '7',
      method: 'tools/call',
      name: 'one__slow',
      params: '"name":"one__slow","arguments":{"ms":1500}',
    });
    await eventually('the call runs', async () => {
      // The health document of Omni.
      const { details } = (await (await fetch(new URL('/health/ready', url))).json()) as {
        details: { protocol: { inFlight: number } };
      };
      return details.protocol.inFlight === 1;
    });
    const ended = once(child, 'exit');
    process.kill(-(child.pid ?? 0), 'SIGTERM');
    expect(textOf((await answer).text)).toBe('done');
    expect(await ended).toEqual([0, null]);
  }, 60_000);

  it('goes on when the shell ends that has started it with nohup in the background', async () => {
    const { child, url, all } = await startWrapped(([node = '', ...args], env, folder) =>
      spawn('/bin/sh', ['-c', 'nohup "$0" "$@" >said 2>&1 </dev/null & read line', node, ...args], {
        cwd: folder,
        env,
        detached: true,
        stdio: ['pipe', 'ignore', 'ignore'],
      }),
    );
    const ended = once(child, 'exit');
    process.kill(-(child.pid ?? 0), 'SIGHUP');
    child.kill('SIGKILL');
    await ended;
    // Longer than it takes to notice that a wrapper has gone.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect((await fetch(new URL('/health/live', url))).status).toBe(200);
    const others = all.filter(({ pid }) => pid !== child.pid);
    const [wrapper] = others.filter(({ command }) => command.includes(BIN));
    process.kill(wrapper?.pid ?? 0, 'SIGTERM');
    await eventually('it ends when it is asked to', () => remaining(others).length === 0, 5_000);
  }, 60_000);
});
