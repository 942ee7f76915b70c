import { afterAll, describe, expect, it } from '@jest/globals';
import { DatabaseSync } from 'node:sqlite';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OmniEvent } from '@omni/events';
import { type OpenChannel, silentLogger } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { SceneClient, ToolServer } from '../gateway-scene.fixture.ts';
import type { GatewayUpstream } from '../gateway-options.ts';
import { createNodeParts, type NodeParts } from './node-master-server.ts';

const folder = await mkdtemp(join(tmpdir(), 'omni-remembered-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Run extends AsyncDisposable, NodeParts {
  readonly events: OmniEvent[];
}

async function started(upstreams: readonly GatewayUpstream[], scanMs = 30_000): Promise<Run> {
  const parts = await createNodeParts({
    configuration: { upstreams, catalogue: { lingerMs: 60_000 }, storage: { scanMs } },
    logger: silentLogger,
    state: { folder, otherwise: 'fail' },
    environment: {},
  });
  const events: OmniEvent[] = [];
  parts.server.events.listen((event) => void events.push(event));
  await parts.server.start();
  const stop = async (): Promise<void> => {
    await parts.server.stop({ deadlineMs: 0 });
    await parts.end();
  };
  return { ...parts, events, [Symbol.asyncDispose]: stop };
}

async function eventually<T>(look: () => T | undefined): Promise<T> {
  for (let n = 0; n < 500; n++) {
    const found = look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('it never came');
}

/** The gateways write on this very thread: who waited for them here would wait without end. */
async function written(write: () => unknown): Promise<true> {
  return await eventually(() => {
    try {
      write();
      return true;
    } catch (error) {
      if (!String(error).includes('database is locked')) throw error;
      return undefined;
    }
  });
}

describe('a gateway with a store', () => {
  const { spec, open } = new ToolServer({ clock: new VirtualClock(), name: 'files', tools: ['read'] });
  let isSilent = false;
  /** The same function in both runs, which is what makes it the same server. */
  const openOrHang: OpenChannel = (listener) =>
    isSilent
      ? ({ send: () => true, close: async () => {}, pause() {}, resume() {} } as never)
      : open(listener);
  const files = { ...spec, transport: { kind: 'channel', open: openOrHang } } as const;

  it('tells what has happened when it is stored, and shows after a restart what was read before [S001-ARC-08]', async () => {
    {
      await using run = await started([files]);
      await run.server.whenSettled({ deadlineMs: 10_000 });
      const connected = await eventually(() => run.events.find(({ type }) => type === 'upstream.connected'));
      expect(connected).toMatchObject({ subject: { server: 'files' }, data: { status: 'healthy' } });
      expect(connected.data).not.toHaveProperty('isUnpersisted');
      expect(run.server.readiness().components).toContainEqual(
        expect.objectContaining({ name: 'coordinator', details: expect.objectContaining({ store: 'open' }) }),
      );
      await new SceneClient(run.server).modern('tools/list');
    }
    const database = new DatabaseSync(join(folder, 'omni.db'), { readOnly: true });
    const types = database
      .prepare('select event_type from mcp_health_log order by id')
      .all()
      .map((row) => row['event_type']);
    expect(types.slice(0, 2)).toEqual(['started', 'connected']);
    expect(types.at(-1)).toBe('stopped');
    expect(
      database.prepare('select reason from mcp_health_log order by id desc limit 1').get(),
    ).toMatchObject({ reason: 'shutdown' });
    database.close();

    isSilent = true;
    await using run = await started([files]);
    expect(await new SceneClient(run.server).modern('tools/list')).toContain('"files__read"');
    expect(run.server.upstreams()).toMatchObject([
      { name: 'files', health_status: 'disconnected', tools: 1 },
    ]);
  });

  it('shows nothing of a server whose definition is another', async () => {
    isSilent = true;
    await using run = await started([{ ...files, protocol: 'legacy' }]);
    expect(run.server.upstreams()).toMatchObject([{ tools: 0 }]);
  });

  it('starts, changes and removes servers that are defined in the store; the configuration goes first [S001-CO-03]', async () => {
    isSilent = false;
    const database = new DatabaseSync(join(folder, 'omni.db'));
    const now = new Date().toISOString();
    const insert = (name: string, command: string): Promise<true> =>
      written(() =>
        database
          .prepare(
            "insert into mcp_servers (name, source, transport, command, enabled, critical, created_at, updated_at) values (?, 'db', 'stdio', ?, 1, 0, ?, ?)",
          )
          .run(name, command, now, now),
      );
    await insert('stored', '/nonexistent/first');
    await using run = await started([files], 50);
    const names = (): string =>
      run.server
        .upstreams()
        .map(({ name }) => name)
        .join();
    await eventually(() => (names() === 'files,stored' ? true : undefined));
    await insert('later', '/nonexistent/second');
    await eventually(() =>
      names() === 'files,later,stored' || names() === 'files,stored,later' ? true : undefined,
    );
    await written(() => database.prepare("delete from mcp_servers where name = 'stored'").run());
    await eventually(() => (names() === 'files,later' ? true : undefined));
    await written(() => database.prepare("delete from mcp_servers where source = 'db'").run());
    database.close();
  });

  it('shows after a restart what a server offered that is defined in the store', async () => {
    const silence = join(folder, 'silent');
    const script = `
      const { existsSync } = require('node:fs');
      const results = {
        initialize: {
          protocolVersion: '2025-11-25',
          capabilities: { tools: {} },
          serverInfo: { name: 'kept', version: '1' },
        },
        'tools/list': { tools: [{ name: 'read', inputSchema: { type: 'object' } }] },
        ping: {},
      };
      require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
        const { id, method } = JSON.parse(line);
        const result = results[method];
        if (result === undefined || existsSync(${JSON.stringify(silence)})) return;
        console.log(JSON.stringify({ jsonrpc: '2.0', id, result }));
      });`;
    const entry = { command: process.execPath, args: ['-e', script], protocol: 'legacy' };
    const now = new Date().toISOString();
    // Whoever writes such rows opens a database that Omni has made.
    await (await started([]))[Symbol.asyncDispose]();
    const database = new DatabaseSync(join(folder, 'omni.db'));
    await written(() =>
      database
        .prepare(
          "insert into mcp_servers (name, source, transport, definition, enabled, critical, created_at, updated_at) values ('kept', 'db', 'stdio', ?, 1, 0, ?, ?)",
        )
        .run(JSON.stringify(entry), now, now),
    );
    const kept = (run: Run) => run.server.upstreams().find(({ name }) => name === 'kept');
    {
      await using run = await started([]);
      await eventually(() => (kept(run)?.tools === 1 ? true : undefined));
    }
    expect(database.prepare("select revision from mcp_servers where name = 'kept'").get()).toEqual({
      revision: null,
    });
    database.close();
    await writeFile(silence, '');
    await using run = await started([]);
    const shown = await eventually(() => kept(run));
    expect(shown).toMatchObject({ state: 'starting', tools: 1 });
    expect(await new SceneClient(run.server).modern('tools/list')).toContain('"kept__read"');
  });
});
