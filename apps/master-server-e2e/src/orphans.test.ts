import { afterAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { atEnd, endEverything } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import { postModern } from './harness/raw-mcp.ts';
import {
  canSeeProcesses,
  childrenOf,
  MARK,
  markedProcesses,
  remaining,
  type SeenProcess,
} from './harness/processes.ts';
import { startOmni, StartedProcess, type Omni } from './harness/start-omni.ts';
import { scriptedEntry, SCRIPTED_UPSTREAM, type UpstreamEntry } from './harness/upstream-entries.ts';

afterAll(endEverything);

const STUBBORN = ['--ignore-eof', '--ignore-term'];
const NODE = `"${process.execPath}" "${SCRIPTED_UPSTREAM}"`;
const STUBBORN_NODE = `${NODE} ${STUBBORN.join(' ')}`;

function shell(script: string): UpstreamEntry {
  return { command: 'sh', args: ['-c', script] };
}

/** Ten children, each in a way that leaves something behind when it is ended carelessly. */
function tenChildren(mark: string): Record<string, UpstreamEntry> {
  const children: Record<string, UpstreamEntry> = {
    plain: scriptedEntry(),
    eof: scriptedEntry(['--ignore-eof']),
    stubborn: scriptedEntry(STUBBORN),
    modern: scriptedEntry(['--era', 'modern', ...STUBBORN]),
    shell: shell(`${NODE}; true`),
    'stubborn-shell': shell(`${STUBBORN_NODE}; true`),
    'shell-twice': shell(`sh -c '${STUBBORN_NODE}; true'; true`),
    background: shell(`${STUBBORN_NODE} </dev/null >/dev/null 2>&1 & exec ${NODE}`),
    trap: shell(`trap '' TERM INT HUP; ${STUBBORN_NODE}; true`),
    npx: { command: 'npx', args: ['--offline', '-c', `${STUBBORN_NODE}`] },
  };
  const env = { [MARK]: mark, PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}` };
  return Object.fromEntries(Object.entries(children).map(([name, entry]) => [name, { ...entry, env }]));
}

async function startWithTen(
  mark: string,
): Promise<{ readonly omni: Omni; readonly seen: readonly SeenProcess[] }> {
  const omni = await startOmni({ server: { drain: '1s' }, mcpServers: tenChildren(mark) });
  await omni.ready();
  const seen = [...markedProcesses(mark), ...childrenOf(omni.process.pid)];
  return { omni, seen };
}

/** What is left of the children two seconds after Omni is gone. */
async function survivors(mark: string, seen: readonly SeenProcess[]): Promise<readonly SeenProcess[]> {
  // Who lost its parent is a child of the system's first process, which takes note of its end when it likes:
  // that is no zombie of ours.
  const left = (): readonly SeenProcess[] =>
    [...markedProcesses(mark), ...remaining(seen)].filter(
      ({ state, parent }) => state !== 'Z' || parent !== 1,
    );
  try {
    await eventually('nothing is left', () => left().length === 0, 2_000);
  } catch {
    // Then what is left is told below.
  }
  return left();
}

(canSeeProcesses ? describe : describe.skip)(
  'children of Omni, ten of them with wrappers and ears closed',
  () => {
    const endings: readonly {
      readonly how: string;
      readonly ids?: string;
      readonly end: (omni: Omni) => void;
    }[] = [
      { how: 'kill -9', end: ({ process: it }) => it.signal('SIGKILL') },
      { how: 'kill -9, again', end: ({ process: it }) => it.signal('SIGKILL') },
      { how: 'SIGTERM', ids: ' [S000-PROC-06, S000-SHD-04]', end: ({ process: it }) => it.signal('SIGTERM') },
      {
        how: 'SIGTERM twice',
        end: ({ process: it }) => {
          it.signal('SIGTERM');
          setTimeout(() => it.signal('SIGTERM'), 1_100);
        },
      },
      { how: 'SIGINT', end: ({ process: it }) => it.signal('SIGINT') },
    ];
    for (const { how, ids = '', end } of endings) {
      // guard: process/reaper
      it(`are gone 2 s after Omni ended by ${how}, and none is a zombie${ids} [PROTO-R30]`, async () => {
        const mark = randomUUID();
        const { omni, seen } = await startWithTen(mark);
        // Ten leaders, and at least one more behind each of the wrappers that do not exec.
        expect(seen.length).toBeGreaterThanOrEqual(15);
        end(omni);
        await omni.process.ended;
        expect(await survivors(mark, seen)).toEqual([]);
      }, 30_000);
    }

    it('would be seen if one stayed', async () => {
      const mark = randomUUID();
      const child = new StartedProcess(process.execPath, [SCRIPTED_UPSTREAM, ...STUBBORN], { [MARK]: mark });
      atEnd(() => child.signal('SIGKILL'));
      const seen = await eventually('it runs', () =>
        markedProcesses(mark).length === 1 ? markedProcesses(mark) : undefined,
      );
      expect(await survivors(mark, seen)).toMatchObject([{ pid: child.pid }, { pid: child.pid }]);
    });

    it('leave no zombie and no grandchild under an Omni that goes on', async () => {
      const mark = randomUUID();
      const env = { [MARK]: mark };
      const script = `${STUBBORN_NODE} </dev/null >/dev/null 2>&1 & exec ${NODE}`;
      const omni = await startOmni({ mcpServers: { one: { ...shell(script), env } } });
      await omni.ready();
      const before = markedProcesses(mark);
      expect(before.length).toBe(2);
      await postModern(omni.url, {
        id: '1',
        method: 'tools/call',
        name: 'one__crash',
        params: '"name":"one__crash","arguments":{}',
      });
      await eventually('both of the first life are gone', () => remaining(before).length === 0, 2_000);
      expect(childrenOf(omni.process.pid).filter(({ state }) => state === 'Z')).toEqual([]);
    });
  },
);
