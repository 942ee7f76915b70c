import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createMasterServer, inProcessUpstream, type MasterServer } from '@omni/container';
import { parseConfigurationText } from '@omni/container/node';
import type { OpenChannel } from '@omni/ports';
import { readCorpus } from './fidelity/corpus-values.ts';
import { atEnd, endEverything } from './harness/end-everything.ts';
import { modernRequest } from './harness/raw-mcp.ts';

/** Values per list; every one stands in an item of its own. */
const ITEMS = 400;
const LISTS = {
  'tools/list': (index: number) => `"name":"t${index}","inputSchema":{"type":"object"}`,
  'prompts/list': (index: number) => `"name":"p${index}"`,
  'resources/list': (index: number) => `"name":"r${index}","uri":"test://r/${index}"`,
  'resources/templates/list': (index: number) => `"name":"m${index}","uriTemplate":"test://m${index}/{id}"`,
} as const;
type List = keyof typeof LISTS;
const MEMBERS: Readonly<Record<List, string>> = {
  'tools/list': 'tools',
  'prompts/list': 'prompts',
  'resources/list': 'resources',
  'resources/templates/list': 'resourceTemplates',
};
const CAPABILITIES = '"capabilities":{"tools":{},"prompts":{},"resources":{}}';

let values: readonly string[];
let server: MasterServer;

/** A server whose items have a member that no revision knows. */
function strangeServer(era: 'legacy' | 'modern'): OpenChannel {
  return (listener) => ({
    send: (text) => {
      // Omni sends JSON-RPC.
      const { id, method } = JSON.parse(text) as { id?: number; method: string };
      const answer = answerTo(method, era);
      if (id !== undefined)
        queueMicrotask(() => listener.onMessage(`{"jsonrpc":"2.0","id":${id},${answer}}`));
      return true;
    },
    close: () => Promise.resolve(listener.onClose(undefined)),
  });
}

function answerTo(method: string, era: 'legacy' | 'modern'): string {
  const modern = '"resultType":"complete","ttlMs":60000,"cacheScope":"private"';
  if (method in LISTS) {
    // The key was just found.
    const list = method as List;
    const items = values.map(
      (value, index) => `{${LISTS[list](index)},"x-unknown":${value},"_meta":{"com.example/x":${value}}}`,
    );
    return `"result":{${era === 'modern' ? `${modern},` : ''}"${MEMBERS[list]}":[${items.join(',')}]}`;
  }
  if (era === 'legacy' && method === 'initialize')
    return `"result":{"protocolVersion":"2025-11-25",${CAPABILITIES},"serverInfo":{"name":"s","version":"1"}}`;
  if (era === 'modern' && method === 'server/discover')
    return `"result":{${modern},"supportedVersions":["2026-07-28"],${CAPABILITIES}}`;
  return '"error":{"code":-32601,"message":"Method not found"}';
}

beforeAll(async () => {
  const corpus = (await readCorpus()).filter(
    ({ category, text }) => !/beyond|line/.test(category) && text.length < 400,
  );
  const step = Math.floor(corpus.length / ITEMS);
  values = corpus.filter((_, index) => index % step === 0).map(({ text }) => text);
  const configuration = {
    ...parseConfigurationText('{}', 'host.json', {}),
    upstreams: [
      inProcessUpstream('old', strangeServer('legacy')),
      inProcessUpstream('new', strangeServer('modern')),
    ],
  };
  server = createMasterServer({ configuration });
  atEnd(() => server.stop());
  await server.start();
  await server.whenSettled();
});

afterAll(endEverything);

/** Lists something as a client of that era. */
function list(method: List, era: 'legacy' | 'modern', endpoint: string): Promise<string> {
  const client = server.connect(endpoint);
  return new Promise((resolve) => {
    client.onMessage((text) => {
      if (text.includes('"id":1,')) resolve(text);
    });
    if (era === 'modern') return client.send(modernRequest({ id: '1', method }).body);
    const hello =
      '"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"raw","version":"1"}';
    client.send(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":{${hello}}}`);
    client.send('{"jsonrpc":"2.0","method":"notifications/initialized"}');
    client.send(`{"jsonrpc":"2.0","id":1,"method":"${method}"}`);
  });
}

for (const endpoint of ['old', 'new']) {
  for (const era of ['legacy', 'modern'] as const) {
    describe(`items of a ${endpoint === 'old' ? 'legacy' : 'modern'} server for a ${era} client`, () => {
      // The table is what it is made of.
      for (const method of Object.keys(LISTS) as List[]) {
        it(`keep members that no revision knows in ${method}, byte for byte [PROTO-R20]`, async () => {
          const text = await list(method, era, endpoint);
          expect(values.length).toBeGreaterThanOrEqual(ITEMS);
          expect(
            values.filter(
              (value) => !text.includes(`"x-unknown":${value},"_meta":{"com.example/x":${value}`),
            ),
          ).toEqual([]);
        });
      }
    });
  }
}
