import { afterAll, describe, expect, it } from '@jest/globals';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { atEnd, endEverything } from '../harness/end-everything.ts';
import { eventually } from '../harness/eventually.ts';
import {
  errorOf,
  legacyCall,
  openRawSession,
  postModern,
  type RawAnswer,
  textOf,
} from '../harness/raw-mcp.ts';
import { type Omni, startOmni } from '../harness/start-omni.ts';
import { scriptedEntry } from '../harness/upstream-entries.ts';

afterAll(endEverything, 30_000);

/** A server that falls stays away for as long as a test takes. */
const SLOW_RESTART = { restart: { steps: ['30s'] } };

type Entry = Readonly<Record<string, unknown>>;

/** Omni before servers of which each is a process, and keeps a file of what it was sent. */
class Scene {
  readonly omni: Omni;
  readonly #folder: string;
  #calls = 0;

  constructor(omni: Omni, folder: string) {
    this.omni = omni;
    this.#folder = folder;
  }

  async call(name: string, args: object = {}): Promise<RawAnswer> {
    const params = `"name":"${name}","arguments":${JSON.stringify(args)}`;
    return await postModern(this.omni.url, { id: String(++this.#calls), method: 'tools/call', name, params });
  }

  /** Pids of a server, the latest last. */
  async pidsOf(server: string): Promise<readonly number[]> {
    const text = await readFile(join(this.#folder, `${server}.pid`), 'utf8');
    return text.trim().split('\n').map(Number);
  }

  /** Names of the tools that a server was asked for, in order. */
  async askedOf(server: string): Promise<readonly string[]> {
    const lines = (await readFile(join(this.#folder, `${server}.log`), 'utf8')).split('\n');
    return lines.flatMap((line) => /"method":"tools\/call".*?"name":"(\w+)"/.exec(line)?.[1] ?? []);
  }

  async kill(server: string): Promise<void> {
    const pid = (await this.pidsOf(server)).at(-1);
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
  }

  async stateOf(server: string): Promise<unknown> {
    const { body } = await this.page(`/servers/${server}`);
    return (body['details'] as { state: string }).state;
  }

  async haveAllUp(): Promise<void> {
    const { body } = await this.page('/servers');
    for (const { name } of body['servers'] as { name: string }[])
      await eventually(`${name} is up`, async () => (await this.stateOf(name)) === 'ready');
  }

  /** Kills a server that is not started again for a while, and waits until Omni knows. */
  async fell(server: string): Promise<void> {
    await this.kill(server);
    await eventually(`${server} is down`, async () => (await this.stateOf(server)) !== 'ready');
  }

  async page(path: string): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
    const response = await fetch(`${this.omni.origin}${path}`);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }
}

/** The servers of the example of a page in docs/routing. */
async function exampleOf(page: string): Promise<Readonly<Record<string, Entry>>> {
  const text = await readFile(new URL(`../../../../docs/routing/${page}`, import.meta.url), 'utf8');
  // An example of Omni's own configuration.
  return (parse(/```yaml\n(.*?)```/s.exec(text)?.[1] ?? '') as { mcpServers: Record<string, Entry> })
    .mcpServers;
}

async function start(servers: Readonly<Record<string, Entry>>, more: object = {}): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'omni-e2e-'));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  const entries = Object.entries(servers).map(([name, entry]) => {
    const args = (entry['args'] ?? []) as readonly string[];
    const own = [
      '--read-only',
      '--pid-file',
      join(folder, `${name}.pid`),
      '--record',
      join(folder, `${name}.log`),
    ];
    return [name, { ...entry, ...scriptedEntry([...args, ...own]) }] as const;
  });
  for (const [name] of entries) await appendFile(join(folder, `${name}.log`), '');
  const omni = await startOmni({ ...more, mcpServers: Object.fromEntries(entries) });
  await omni.ready();
  return new Scene(omni, folder);
}

describe('a server with replicas', () => {
  it('is one server to clients, and costs no safe call when a process is killed [S003-RT-04] [S003-RT-06]', async () => {
    const scene = await start(await exampleOf('replicas.md'));
    await scene.haveAllUp();
    const list = await postModern(scene.omni.url, { id: '1', method: 'tools/list' });
    expect(list.text).toContain('"up__echo"');
    expect(list.text).not.toContain('up-b');
    const begun = performance.now();
    let killed = 0;
    const answers: string[] = [];
    const worker = async (): Promise<void> => {
      while (performance.now() - begun < 2_500) answers.push((await scene.call('up__slow', { ms: 5 })).text);
    };
    const killer = async (): Promise<void> => {
      for (const server of ['up', 'up-b']) {
        await new Promise((resolve) => setTimeout(resolve, 700));
        await scene.kill(server);
        killed++;
      }
    };
    await Promise.all([...Array.from({ length: 6 }, worker), killer()]);
    expect(killed).toBe(2);
    expect(answers.length).toBeGreaterThan(100);
    expect(answers.filter((text) => !text.includes('"done"'))).toEqual([]);
    for (const server of ['up', 'up-b']) expect((await scene.askedOf(server)).length).toBeGreaterThan(20);
    const { body } = await scene.page('/servers/up-b');
    expect(body['details']).toMatchObject({ replicaOf: 'up' });
    expect(JSON.stringify(body['details'])).toContain('"capability":"tools/call slow"');
  });

  it('is ready and listed as long as one of them is', async () => {
    const scene = await start(
      {
        up: {},
        'up-b': { replica: { of: 'up' }, args: ['--die', 'cannot'] },
      },
      { catalogue: { linger: '0s' } },
    );
    expect((await scene.page('/health/ready')).status).toBe(200);
    const unknown = await postModern(`${scene.omni.origin}/servers/up-b/mcp`, {
      id: '1',
      method: 'tools/list',
    });
    expect(unknown.status).toBe(404);
    expect(textOf((await scene.call('up__pid')).text)).toBe(String((await scene.pidsOf('up')).at(-1)));
  });

  it('keeps a session that has an instance of its own at the replica that has it', async () => {
    const scene = await start({
      up: { instances: 'per-session' },
      'up-b': { instances: 'per-session', replica: { of: 'up' } },
    });
    const sessions = await Promise.all(Array.from({ length: 4 }, () => openRawSession(scene.omni.url)));
    const pids = await Promise.all(
      sessions.map(async (session) => {
        const told = await Promise.all(
          Array.from({ length: 6 }, async (_, call) =>
            textOf((await session.send(legacyCall(String(call), 'up__pid'))).messages.at(-1)),
          ),
        );
        return new Set(told);
      }),
    );
    for (const told of pids) expect(told.size).toBe(1);
    expect(new Set(pids.flatMap((told) => [...told])).size).toBe(4);
  });

  it('gives a canary its share and no more', async () => {
    const scene = await start({ up: {}, 'up-next': { replica: { of: 'up', canary: 0.3 } } });
    for (let round = 0; round < 10; round++)
      await Promise.all(Array.from({ length: 20 }, () => scene.call('up__echo', { n: 1 })));
    const share = (await scene.askedOf('up-next')).length / 200;
    expect(share).toBeGreaterThan(0.15);
    expect(share).toBeLessThan(0.45);
  });
});

describe('a server that others stand in for', () => {
  it('is replaced by the servers of its failover, and a tool by its fallback [S003-RT-12]', async () => {
    const scene = await start(await exampleOf('failover.md'), SLOW_RESTART);
    const pidOf = async (server: string): Promise<string> => String((await scene.pidsOf(server)).at(-1));
    expect(textOf((await scene.call('up__pid')).text)).toBe(await pidOf('up'));
    await scene.fell('up');
    expect(textOf((await scene.call('up__pid')).text)).toBe(await pidOf('spare'));
  });

  it('is replaced by a tool of its fallback when nobody else can be asked', async () => {
    const { up, rough } = await exampleOf('failover.md');
    const routing = { ...(up?.['routing'] as Entry), failover: [] };
    const scene = await start({ up: { ...up, routing }, rough: rough ?? {} }, SLOW_RESTART);
    await scene.fell('up');
    expect(textOf((await scene.call('up__slow', { ms: 1 })).text)).toBe('done');
    expect(await scene.askedOf('rough')).toEqual(['quick_slow']);
    const refused = await scene.call('up__echo');
    expect(errorOf(refused.text)?.omni).toBe('OMNI_UPSTREAM_DOWN');
  });
});

describe('a server with a mirror', () => {
  it('has its reads sent there too, and nothing of it reaches the client', async () => {
    const example = await exampleOf('mirror.md');
    const routing = { ...(example['up']?.['routing'] as Entry), mirror: { to: 'shadow' } };
    const scene = await start({
      ...example,
      up: { ...example['up'], routing },
      shadow: { ...example['shadow'], args: ['--hang', 'tools/call'] },
    });
    await scene.haveAllUp();
    const begun = performance.now();
    for (let call = 0; call < 10; call++)
      expect((await scene.call('up__echo', { n: call })).text).toContain(`"structuredContent":{"n":${call}}`);
    expect(performance.now() - begun).toBeLessThan(2_000);
    await eventually('the mirror was asked', async () => (await scene.askedOf('shadow')).length === 10);
  });
});
