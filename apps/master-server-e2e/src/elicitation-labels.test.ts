import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { endEverything } from './harness/end-everything.ts';
import { postModern } from './harness/raw-mcp.ts';
import {
  ALL_CAPABILITIES,
  connectModern,
  connectSdk1,
  createModernClient,
  createSdk1Client,
} from './harness/sdk-clients.ts';
import { startOmni, writeConfiguration, type Omni, type OmniFolder } from './harness/start-omni.ts';
import { startServer } from './harness/start-server.ts';
import { fixtureEntry, FIXTURE_HTTP, scriptedEntry, sdk1Entry } from './harness/upstream-entries.ts';

/** Tool of each server that asks its user, and what it says. */
const QUESTIONS = {
  old: ['ask_form', 'Who?'],
  new: ['test_elicitation', 'Which one?'],
  web: ['test_elicitation', 'Which one?'],
} as const;
type Server = keyof typeof QUESTIONS;
const SERVERS = Object.keys(QUESTIONS) as Server[];

let omni: Omni;
let quiet: Omni;
let single: Omni;
let folder: OmniFolder;

beforeAll(async () => {
  const web = await startServer(FIXTURE_HTTP);
  const mcpServers = {
    old: { ...sdk1Entry(), protocol: 'legacy' },
    new: { ...fixtureEntry(), protocol: '2026-07-28' },
    web: { type: 'http', url: web.url, protocol: '2026-07-28' },
    raw: scriptedEntry(['--era', 'modern']),
  };
  folder = await writeConfiguration({ mcpServers });
  omni = await startOmni({ mcpServers });
  quiet = await startOmni({ naming: { labelElicitations: false }, mcpServers });
  single = await startOmni({ mcpServers: { web: mcpServers.web } });
  await Promise.all([omni.ready(), quiet.ready(), single.ready()]);
}, 60_000);

afterAll(endEverything, 30_000);

type Target = Parameters<typeof connectSdk1>[0];

/** Calls a tool that asks, and gives what the user is shown. */
type Ask = (target: Target, tool: string, args: Record<string, unknown>) => Promise<string[]>;

const CLIENTS: Readonly<Record<string, Ask>> = {
  legacy: async (target, name, args) => {
    const shown: string[] = [];
    const client = createSdk1Client();
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
      shown.push(params.message);
      return { action: 'accept', content: { name: 'Ada' } };
    });
    await connectSdk1(target, client);
    await client.callTool({ name, arguments: args });
    await client.close();
    return shown;
  },
  modern: async (target, name, args) => {
    const shown: string[] = [];
    const client = createModernClient('modern');
    client.setRequestHandler('elicitation/create', ({ params }) => {
      shown.push(params.message);
      return { action: 'accept', content: { name: 'Ada', color: 'blue', ok: true } };
    });
    await connectModern(target, client);
    await client.callTool({ name, arguments: args });
    await client.close();
    return shown;
  },
};

describe.each(Object.entries(CLIENTS))('a %s client whose user is asked something', (_era, ask) => {
  it.each(SERVERS)(
    'is told on the endpoint of all that "%s" asks, and not on that of one server',
    async (server) => {
      const [tool, message] = QUESTIONS[server];
      const all = await ask(omni.url, `${server}__${tool}`, { message });
      const one = await ask(`${omni.url}/${server}`, tool, { message });
      const off = await ask(quiet.url, `${server}__${tool}`, { message });
      expect(all).toEqual([`[${server}] ${message}`]);
      expect(one).toEqual([message]);
      expect(off).toEqual([message]);
    },
  );

  it('is told so on stdio too', async () => {
    expect(await ask({ prepared: folder }, 'old__ask_form', {})).toEqual(['[old] Who?']);
  });

  it('is told nothing more where there is one server', async () => {
    expect(await ask(single.url, 'web__test_elicitation', { message: 'Who?' })).toEqual(['Who?']);
  });
});

describe('a question of a modern server to a modern client', () => {
  it('changes in nothing but its beginning', async () => {
    const ask = (url: string, name: string): ReturnType<typeof postModern> =>
      postModern(url, {
        id: '1',
        method: 'tools/call',
        name,
        params: `"name":"${name}","arguments":{}`,
        capabilities: JSON.stringify(ALL_CAPABILITIES),
      });
    const [named, plain] = [await ask(omni.url, 'raw__ask'), await ask(`${omni.url}/raw`, 'ask')];
    expect(plain.text).toContain('"requestState":"opaque \\u00e9 1.0"');
    expect(named.text).toBe(plain.text.replace('"message":"Sign in"', '"message":"[raw] Sign in"'));
    expect(named.text).not.toBe(plain.text);
  });
});
