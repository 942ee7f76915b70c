import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ListRootsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atEnd, endEverything } from './harness/end-everything.ts';
import {
  connectModern,
  connectSdk1,
  createModernClient,
  createSdk1Client,
  type ClientEra,
} from './harness/sdk-clients.ts';
import { startOmni, type Omni } from './harness/start-omni.ts';

const { resolve } = createRequire(import.meta.url);
let omni: Omni;
let files: string;

beforeAll(async () => {
  files = await mkdtemp(join(tmpdir(), 'omni-e2e-files-'));
  atEnd(() => rm(files, { recursive: true, force: true }));
  await writeFile(join(files, 'hello.txt'), 'Hello from a file.');
  const entry = (name: string, ...args: string[]): object => ({
    command: process.execPath,
    args: [resolve(`@modelcontextprotocol/${name}/dist/index.js`), ...args],
  });
  omni = await startOmni({
    mcpServers: {
      everything: entry('server-everything', 'stdio'),
      files: entry('server-filesystem', files),
      memory: { ...entry('server-memory'), env: { MEMORY_FILE_PATH: join(files, 'memory.json') } },
    },
  });
  await omni.ready();
}, 60_000);

afterAll(endEverything);

/** What both SDKs' clients have in common for these tests. */
interface AnyClient {
  listTools(): Promise<{ tools: { name: string }[] }>;
  callTool(params: { name: string; arguments: Record<string, unknown> }): Promise<object>;
  listResources(): Promise<{ resources: { uri: string }[] }>;
  listPrompts(): Promise<{ prompts: { name: string }[] }>;
}

/**
 * Everything: server-filesystem would open it to whoever names it, in place of the folder of its arguments.
 */
const roots = (): { roots: { uri: string }[] } => ({ roots: [{ uri: 'file:///' }] });

async function openSdk1(): Promise<AnyClient> {
  const client = createSdk1Client();
  client.setRequestHandler(ListRootsRequestSchema, roots);
  return (await connectSdk1(omni.url, client)) as AnyClient;
}

async function openSdk2(era: ClientEra): Promise<AnyClient> {
  const client = createModernClient(era);
  client.setRequestHandler('roots/list', roots);
  return (await connectModern(omni.url, client)) as AnyClient;
}

const CLIENTS: readonly { readonly title: string; readonly open: () => Promise<AnyClient> }[] = [
  { title: 'a client on SDK 1.x', open: openSdk1 },
  { title: 'a legacy client on SDK 2.x', open: () => openSdk2('legacy') },
  { title: 'a modern client on SDK 2.x', open: () => openSdk2('modern') },
];

for (const { title, open } of CLIENTS) {
  describe(`${title} with real servers`, () => {
    let client: AnyClient;

    beforeAll(async () => {
      client = await open();
    });

    it('lists the tools of all three', async () => {
      const names = (await client.listTools()).tools.map(({ name }) => name);
      expect(names).toEqual(
        expect.arrayContaining(['everything__echo', 'files__read_text_file', 'memory__read_graph']),
      );
      expect((await client.listPrompts()).prompts.length).toBeGreaterThan(0);
      expect((await client.listResources()).resources.length).toBeGreaterThan(0);
    });

    it('calls server-everything', async () => {
      expect(await client.callTool({ name: 'everything__echo', arguments: { message: 'hi' } })).toMatchObject(
        {
          content: [{ text: 'Echo: hi' }],
        },
      );
    });

    it('reads a file through server-filesystem, and no file outside, whatever folders the client names', async () => {
      const read = (path: string): Promise<object> =>
        client.callTool({ name: 'files__read_text_file', arguments: { path } });
      expect(await read(join(files, 'hello.txt'))).toMatchObject({
        content: [{ text: 'Hello from a file.' }],
      });
      expect(await read('/etc/hostname')).toMatchObject({ isError: true });
    });

    it('remembers through server-memory', async () => {
      const entities = [{ name: title, entityType: 'client', observations: ['was here'] }];
      await client.callTool({ name: 'memory__create_entities', arguments: { entities } });
      expect(
        JSON.stringify(await client.callTool({ name: 'memory__search_nodes', arguments: { query: title } })),
      ).toContain('was here');
    });
  });
}

describe('server-everything through /mcp/everything', () => {
  it('reports progress to a legacy client', async () => {
    const client = await connectSdk1(`${omni.url}/everything`, createSdk1Client());
    const seen: number[] = [];
    const name = 'trigger-long-running-operation';
    await client.callTool({ name, arguments: { duration: 0.4, steps: 4 } }, undefined, {
      onprogress: ({ progress }) => void seen.push(progress),
    });
    expect(seen).toEqual([1, 2, 3, 4]);
  });
});
