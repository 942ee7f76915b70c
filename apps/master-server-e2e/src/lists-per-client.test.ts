import { Client as Sdk1Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { ClientCapabilities } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRequire } from 'node:module';
import { atEnd, endEverything } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import {
  errorOf,
  legacyCall,
  openRawSession,
  postModern,
  textOf,
  type RawSession,
} from './harness/raw-mcp.ts';
import {
  ALL_CAPABILITIES,
  connectModern,
  connectSdk1,
  createModernClient,
  createSdk1Client,
  ModernClient,
} from './harness/sdk-clients.ts';
import { startOmni, type Omni } from './harness/start-omni.ts';
import { scriptedEntry, sdk1Entry } from './harness/upstream-entries.ts';
import { startDiscerningUpstream } from './lists-per-client/discerning-upstream.ts';

const EVERYTHING = [
  createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/dist/index.js'),
  'stdio',
];
const TASKS: ClientCapabilities = {
  ...ALL_CAPABILITIES,
  tasks: { list: {}, cancel: {}, requests: { sampling: { createMessage: {} }, elicitation: { create: {} } } },
};
const FORMS = '{"elicitation":{"form":{}}}';

let omni: Omni;

beforeAll(async () => {
  omni = await startOmni({
    server: { drain: '0s' },
    mcpServers: {
      everything: { command: process.execPath, args: EVERYTHING, roots: 'pass' },
      lonely: { command: process.execPath, args: EVERYTHING, instances: 'per-request', roots: 'pass' },
      toggled: { ...sdk1Entry(), protocol: 'legacy' },
      plain: scriptedEntry([], { protocol: 'legacy' }),
      discerning: { url: await startDiscerningUpstream() },
    },
  });
  await omni.ready();
}, 60_000);

afterAll(endEverything);

/** What both SDKs' clients have in common for these tests. */
interface AnyClient {
  listTools(): Promise<{ tools: { name: string }[] }>;
  callTool(params: { name: string; arguments: Record<string, unknown> }): Promise<object>;
}

/** The names of the tools that the server lists to a client of this kind without Omni. */
async function directNames(capabilities: ClientCapabilities): Promise<string[]> {
  const client = new Sdk1Client({ name: 'direct', version: '1' }, { capabilities });
  atEnd(() => client.close());
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: EVERYTHING,
    stderr: 'ignore',
  });
  // The SDK's own classes do not fit its own interface under exactOptionalPropertyTypes.
  await client.connect(transport as Parameters<Sdk1Client['connect']>[0]);
  return namesOf(client);
}

async function namesOf(client: AnyClient): Promise<string[]> {
  return (await client.listTools()).tools.map(({ name }) => name);
}

/**
 * Lists until they are as expected: the instance of a client may take longer to start than a list waits for
 * it.
 */
async function untilNames(client: AnyClient, expected: readonly string[]): Promise<void> {
  let names: string[] = [];
  await eventually(
    `the tools ${expected.join(' ')}`,
    async () => {
      names = await namesOf(client);
      return names.length === expected.length;
    },
    10_000,
  ).catch(() => undefined);
  expect(names).toEqual(expected);
}

/** Names of the tools in the answer to `tools/list`. */
function namesIn(message: string | undefined): string[] {
  // Omni answers in JSON-RPC.
  const { result } = JSON.parse(message ?? '{}') as { result?: { tools: { name: string }[] } };
  return (result?.tools ?? []).map(({ name }) => name);
}

const LIST = '{"jsonrpc":"2.0","id":"list","method":"tools/list"}';

async function legacyNames(session: RawSession): Promise<string[]> {
  return namesIn((await session.send(LIST)).messages.at(-1));
}

async function modernNames(url: string, capabilities: string): Promise<string[]> {
  return namesIn((await postModern(url, { id: '1', method: 'tools/list', capabilities })).messages.at(-1));
}

describe('clients of server-everything, connected at the same time', () => {
  for (const server of ['everything', 'lonely']) {
    it(`see on /mcp/${server} exactly the tools that it has for a client that declares what they do`, async () => {
      const url = `${omni.url}/${server}`;
      const tasked = new Sdk1Client({ name: 'tasked', version: '1' }, { capabilities: TASKS });
      const [none, capable, withTasks, modernNone, modern] = await Promise.all([
        connectSdk1(url),
        connectSdk1(url, createSdk1Client()),
        connectSdk1(url, tasked),
        connectModern(
          url,
          new ModernClient(
            { name: 'm', version: '1' },
            { versionNegotiation: { mode: { pin: '2026-07-28' } } },
          ),
        ),
        connectModern(url, createModernClient('modern')),
      ]);
      const direct = {
        none: await directNames({}),
        capable: await directNames(ALL_CAPABILITIES),
        withTasks: await directNames(TASKS),
      };
      expect(direct.none.length).toBeLessThan(direct.capable.length);
      expect(direct.capable.length).toBeLessThan(direct.withTasks.length);
      await Promise.all([
        untilNames(none as AnyClient, direct.none),
        untilNames(capable as AnyClient, direct.capable),
        untilNames(withTasks as AnyClient, direct.withTasks),
        untilNames(modernNone as AnyClient, direct.none),
        untilNames(modern as AnyClient, direct.capable),
      ]);
    }, 60_000);

    it(`call on /mcp/${server} what depends on their capabilities, and others do not know it`, async () => {
      const url = `${omni.url}/${server}`;
      const capable = [
        await connectSdk1(url, createSdk1Client()),
        await connectModern(url, createModernClient('modern')),
      ];
      for (const client of capable as AnyClient[]) {
        expect(JSON.stringify(await client.callTool({ name: 'get-roots-list', arguments: {} }))).toContain(
          'file:///work',
        );
        expect(
          JSON.stringify(
            await client.callTool({ name: 'trigger-sampling-request', arguments: { prompt: 'Hi' } }),
          ),
        ).toContain('Hello!');
      }
      const session = await openRawSession(url);
      const legacy = await session.send(legacyCall('1', 'get-roots-list'));
      const modern = await postModern(url, {
        id: '1',
        method: 'tools/call',
        name: 'get-roots-list',
        params: '"name":"get-roots-list"',
      });
      for (const { messages } of [legacy, modern])
        expect(errorOf(messages.at(-1))).toMatchObject({ code: -32602, omni: 'OMNI_NAME_UNKNOWN' });
    }, 60_000);
  }

  it('see the same on the endpoint of all servers, each under its name', async () => {
    const [none, capable] = [
      await openRawSession(omni.url),
      await openRawSession(omni.url, { capabilities: '{"roots":{}}' }),
    ];
    const own = 'everything__get-roots-list';
    await eventually('the tool', async () => (await legacyNames(capable)).includes(own), 10_000);
    expect(await legacyNames(none)).not.toContain(own);
    expect(await modernNames(omni.url, '{}')).not.toContain(own);
    expect(
      (await legacyNames(capable)).filter((name) => name !== own && name !== 'lonely__get-roots-list'),
    ).toEqual(await legacyNames(none));
  }, 30_000);
});

describe('a modern client that has not listed anything', () => {
  it('can call a tool that exists for clients like it only', async () => {
    const capabilities = '{"roots":{},"experimental":{"never seen before":{}}}';
    const params = '"name":"everything__get-roots-list"';
    const answer = await postModern(omni.url, {
      id: '1',
      method: 'tools/call',
      name: 'everything__get-roots-list',
      params,
      capabilities,
    });
    expect(answer.messages.at(-1)).toContain('"resultType":"input_required"');
  });
});

describe('a modern server that lists by client capabilities', () => {
  it('does so through Omni, to clients of both eras', async () => {
    const url = `${omni.url}/discerning`;
    const [none, capable] = [await openRawSession(url), await openRawSession(url, { capabilities: FORMS })];
    expect(await legacyNames(none)).toEqual(['plain']);
    expect(await legacyNames(capable)).toEqual(['plain', 'fill']);
    expect(await modernNames(url, '{}')).toEqual(['plain']);
    expect(await modernNames(url, FORMS)).toEqual(['plain', 'fill']);
    const called = await capable.send(legacyCall('1', 'fill'));
    const refused = await none.send(legacyCall('1', 'fill'));
    expect(textOf(called.messages.at(-1))).toBe('fill was called');
    expect(errorOf(refused.messages.at(-1))?.omni).toBe('OMNI_NAME_UNKNOWN');
  });
});

describe('a list that changes for some clients', () => {
  /** Methods of the notifications on the session's own stream. */
  async function listen(session: RawSession): Promise<string[]> {
    const methods: string[] = [];
    const aborted = new AbortController();
    atEnd(() => aborted.abort());
    const response = await fetch(`${omni.url}/toggled`, {
      headers: { ...session.headers, accept: 'text/event-stream' },
      signal: aborted.signal,
    });
    void (async () => {
      for await (const chunk of response.body ?? []) {
        const text = new TextDecoder().decode(chunk);
        for (const [, method = ''] of text.matchAll(/"method":"([^"]+)"/g)) methods.push(method);
      }
    })().catch(() => undefined);
    return methods;
  }

  it('is announced to them and to nobody else', async () => {
    const url = `${omni.url}/toggled`;
    const [none, one, other] = [
      await openRawSession(url),
      await openRawSession(url, { capabilities: '{"roots":{}}' }),
      await openRawSession(url, { capabilities: '{ "roots" : { } }' }),
    ];
    const heard = [await listen(none), await listen(one), await listen(other)];
    const before = await legacyNames(one);
    expect([before, await legacyNames(other), await modernNames(url, '{}')]).toEqual([
      await legacyNames(none),
      before,
      before,
    ]);
    await one.send(legacyCall('1', 'toggle'));
    await eventually('both are told', () =>
      [heard[1], heard[2]].every((methods) => methods?.includes('notifications/tools/list_changed')),
    );
    const after = await legacyNames(one);
    expect(after.filter((name) => !before.includes(name))).toEqual(['extra']);
    expect(await legacyNames(other)).toEqual(after);
    expect(await legacyNames(none)).toEqual(before);
    expect(heard[0]).toEqual([]);
    expect(textOf((await one.send(legacyCall('2', 'extra'))).messages.at(-1))).toBe('Here for now.');
  }, 30_000);
});
