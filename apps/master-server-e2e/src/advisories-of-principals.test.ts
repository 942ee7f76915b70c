import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createMasterServer, inProcessUpstream, type MasterServer } from '@omni/container';
import { parseConfigurationText } from '@omni/container/node';
import { createChannelPair } from '@omni/wire';
import { SECRET, taskServer } from './advisories/task-server.ts';
import { atEnd, endEverything } from './harness/end-everything.ts';
import { modernRequest } from './harness/raw-mcp.ts';

/** Advisories that need several principals or a look at the gateway alone: it runs in this process. */

type Era = 'legacy' | 'modern';

let server: MasterServer;
const received: Record<Era, string[]> = { legacy: [], modern: [] };

beforeAll(async () => {
  const upstreams = (['legacy', 'modern'] as const).map((era) => inProcessUpstream(era, taskServer(era, received[era])));
  server = createMasterServer({ configuration: { ...parseConfigurationText('{}', 'host.json', {}), upstreams } });
  atEnd(() => server.stop());
  await server.start();
  await server.whenSettled();
}, 10_000);

afterAll(endEverything, 10_000);

/** Asks as a principal on a connection of its own, and gives the text of the answer. */
type Ask = (method: string, params: string) => Promise<string>;

function connect(principal: string, era: Era, scope?: string): Ask {
  const [near, far] = createChannelPair();
  server.bind(far, { principal: { id: principal, kind: 'token' }, scope });
  const waiting = new Map<string, (text: string) => void>();
  const channel = near({
    // The gateway sends JSON-RPC.
    onMessage: (text) => waiting.get(String((JSON.parse(text) as { id?: number }).id))?.(text),
    onGarbage() {},
    onClose() {},
  });
  let last = 0;
  if (era === 'legacy') {
    const hello = '"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"raw","version":"1"}';
    channel.send(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":{${hello}}}`);
    channel.send('{"jsonrpc":"2.0","method":"notifications/initialized"}');
  }
  return (method, params) => {
    const id = String(++last);
    const answer = new Promise<string>((resolve) => waiting.set(id, resolve));
    const capabilities = '{"extensions":{"io.modelcontextprotocol/tasks":{}}}';
    const modern = (): string => modernRequest({ id, method, params, capabilities }).body;
    channel.send(era === 'modern' ? modern() : `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":{${params}}}`);
    return answer;
  };
}

const TASK_METHODS: Readonly<Record<Era, readonly string[]>> = {
  legacy: ['tasks/get', 'tasks/result', 'tasks/cancel', 'tasks/list'],
  modern: ['tasks/get', 'tasks/update', 'tasks/cancel'],
};

describe('CVE-2026-111767: a task can be read and cancelled by whoever knows its id', () => {
  for (const era of ['legacy', 'modern'] as const) {
    for (const method of TASK_METHODS[era]) {
      it(`keeps ${method} of a ${era} server from another principal`, async () => {
        const owner = connect('first', era, era);
        const created = await owner('tools/call', '"name":"long","arguments":{},"task":{"ttl":60000}');
        expect(created).toContain(SECRET);
        const params = method === 'tasks/list' ? '' : '"taskId":"t-1"';
        expect(await owner(method, params)).toContain(SECRET);
        const before = received[era].length;
        const foreign = await connect('second', era, era)(method, params);
        expect(foreign).not.toContain(SECRET);
        // Of a list only the items are somebody's.
        if (method === 'tasks/list') expect(foreign).toContain('"tasks":[]');
        else expect(received[era].slice(before).filter((text) => text.includes('tasks/'))).toEqual([]);
      }, 10_000);
    }
  }
});

describe('CVE-2026-0621: matching an address with a template takes exponential time', () => {
  const addresses = {
    'many expressions side by side': `slow://${'a'.repeat(8_000)}!`,
    'lists and reserved expansions': `list://${'a,b/'.repeat(2_000)}`,
    escapes: `slow://${'%41'.repeat(3_000)}`,
  };
  for (const [what, uri] of Object.entries(addresses)) {
    it(`takes less than 10 ms for ${what}`, async () => {
      const ask = connect('reader', 'modern');
      await ask('resources/read', '"uri":"slow://warm-up"');
      const times: number[] = [];
      for (let round = 0; round < 5; round++) {
        const begin = performance.now();
        await ask('resources/read', `"uri":"${uri}"`);
        times.push(performance.now() - begin);
      }
      // The quickest of five: whatever else this machine does is not the gateway's.
      expect(Math.min(...times)).toBeLessThan(10);
    }, 10_000);
  }
});
