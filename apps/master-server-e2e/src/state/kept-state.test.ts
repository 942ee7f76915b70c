import { afterAll, describe, expect, it } from '@jest/globals';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { endEverything } from '../harness/end-everything.ts';
import { eventually } from '../harness/eventually.ts';
import { postModern } from '../harness/raw-mcp.ts';
import {
  OMNI_ARGUMENTS,
  runOmni,
  StartedProcess,
  startOmni,
  startOmniIn,
  writeConfiguration,
  type Omni,
  type OmniFolder,
} from '../harness/start-omni.ts';
import { scriptedEntry, SCRIPTED_UPSTREAM } from '../harness/upstream-entries.ts';

afterAll(endEverything);

/** How often Omni is killed; more where the environment says so. */
const KILLS = Number(process.env['OMNI_E2E_KILLS'] ?? 4);

async function tools({ url }: Pick<Omni, 'url'>): Promise<string> {
  return (await postModern(url, { id: '1', method: 'tools/list' })).text;
}

function rows({ environment }: OmniFolder, query: string): readonly Record<string, unknown>[] {
  const database = new DatabaseSync(join(environment['OMNI_HOME'] ?? '', 'omni.db'), { readOnly: true });
  try {
    return database.prepare(query).all();
  } finally {
    database.close();
  }
}

describe('the state of servers', () => {
  it('is there after a restart: lists are answered before any server has', async () => {
    // It sleeps before it becomes the server, from its second start on.
    const script = `[ -e "$0" ] && sleep 20; touch "$0"; exec "${process.execPath}" "${SCRIPTED_UPSTREAM}"`;
    const prepared = await writeConfiguration({ mcpServers: {} });
    const marker = join(prepared.folder, 'started');
    const slow = { command: 'sh', args: ['-c', script, marker], protocol: 'legacy' };
    const configuration = { mcpServers: { slow, quick: scriptedEntry() } };
    const first = await startOmni(configuration);
    await first.ready();
    const before = await tools(first);
    expect(before).toContain('"slow__');
    expect(await first.process.stop()).toMatchObject({ code: 0 });

    const second = await startOmniIn(first);
    expect(await tools(second)).toBe(before);
    expect(rows(second, "select event_type from mcp_health_log where event_type = 'stopped'")).toHaveLength(
      2,
    );
  });

  it('belongs to one Omni: a second one ends with 3', async () => {
    const omni = await startOmni({ mcpServers: { quick: scriptedEntry() } });
    const second = await runOmni(
      ['serve', '--config', omni.configFile, '--listen', '127.0.0.1:0'],
      omni.environment,
    );
    expect(second).toMatchObject({ code: 3 });
    expect(second.stderr).toContain('OMNI_STORE_LOCKED');
  });

  it('of an editor belongs to its Omni: that of a second editor goes on and says that it forgets', async () => {
    const prepared = await writeConfiguration({ mcpServers: { quick: scriptedEntry() } });
    const first = await startEditor(prepared);
    const second = await startEditor(prepared);
    expect(first.stderr).not.toContain('nothing is remembered over restarts');
    expect(second.stderr).toContain('nothing is remembered over restarts');
    expect(await second.stop()).toMatchObject({ code: 0 });
  });

  it(`has every transition that was told, however Omni is killed (${KILLS} times), and opens at once [S001-WR-01]`, async () => {
    const crashing = { command: process.execPath, args: ['-e', 'process.exit(3)'] };
    const names = Array.from({ length: 6 }, (_, index) => `crash${index}`);
    const restart = { steps: ['20ms', '30ms', '40ms'] };
    const prepared = await writeConfiguration({
      restart,
      circuit_breaker: { failure_threshold: 1_000, recovery_timeout: '50ms' },
      limits: { maxStartsPerSecond: 200 },
      mcpServers: Object.fromEntries(names.map((name) => [name, crashing])),
    });
    const told = new Map<string, Set<string>>();
    const startedWithinMs: number[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      const omni = await startOmniIn(prepared);
      startedWithinMs.push(omni.startedWithinMs);
      await eventually('some have crashed', () => retries(omni.process).length >= 5 + 3 * kill);
      omni.process.signal('SIGKILL');
      await omni.process.ended;
      for (const [name, id] of retries(omni.process)) told.set(name, (told.get(name) ?? new Set()).add(id));
      const stored = new Map(
        rows(
          prepared,
          `select s.name, count(*) as n from mcp_health_log l join mcp_servers s on s.id = l.mcp_server_id
           where l.event_type = 'recovery_attempt' group by s.name`,
        ).map((row) => [String(row['name']), Number(row['n'])]),
      );
      for (const [name, ids] of told) expect(stored.get(name) ?? 0).toBeGreaterThanOrEqual(ids.size);
    }
    expect([...told.values()].reduce((sum, ids) => sum + ids.size, 0)).toBeGreaterThan(5 * KILLS);
    expect(rows(prepared, 'pragma integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    // It is the store that must not hold up a start: how long one takes is for the benchmark.
    expect(Math.max(...startedWithinMs)).toBeLessThan(10 * Math.min(...startedWithinMs));
  }, 180_000);
});

/** Omni as an editor starts it, once it answers. */
async function startEditor({ configFile, environment }: OmniFolder): Promise<StartedProcess> {
  const args = [...OMNI_ARGUMENTS, 'stdio', '--config', configFile];
  const editor = new StartedProcess(process.execPath, args, environment);
  editor.child.stdin?.write('{"jsonrpc":"2.0","id":1,"method":"ping"}\n');
  await eventually('it answers', () => editor.stdout.includes('"result"'));
  return editor;
}

/**
 * Attempts to recover that were told as stored: server, and which it was of all. After a crash one may be
 * told again.
 */
function retries(omni: StartedProcess): readonly (readonly [string, string])[] {
  return omni
    .logs()
    .filter((line) => line['event'] === 'upstream.recovery_attempt' && line['isUnpersisted'] !== true)
    .map((line) => [String(line['upstream']), String(line['noteId'])]);
}
