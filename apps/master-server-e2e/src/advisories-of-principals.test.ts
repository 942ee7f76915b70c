import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createMasterServer, inProcessUpstream, type MasterServer } from '@omni/container';
import { parseConfigurationText } from '@omni/container/node';
import { createChannelPair, endpointOf } from '@omni/model';
import { SECRET, taskServer } from './advisories/task-server.ts';
import { atEnd, endEverything } from './harness/end-everything.ts';
import { modernRequest } from './harness/raw-mcp.ts';

/** Advisories that need several principals or a look at the gateway alone: it runs in this process. */

type Era = 'legacy' | 'modern';

let server: MasterServer;
const received: Record<Era, string[]> = { legacy: [], modern: [] };

beforeAll(async () => {
  const upstreams = (['legacy', 'modern'] as const).map((era) =>
    inProcessUpstream(era, taskServer(era, received[era])),
  );
  server = createMasterServer({
    configuration: { ...parseConfigurationText('{}', 'host.json', {}), upstreams },
  });
  atEnd(() => server.stop());
  await server.start();
  await server.whenSettled();
});

afterAll(endEverything);

/** Asks as a principal on a connection of its own, and gives the text of the answer. */
type Ask = (method: string, params: string) => Promise<string>;

/** @param heard - Takes the notifications. */
function connect(principal: string, era: Era, only?: string, heard: string[] = []): Ask {
  const [near, far] = createChannelPair();
  server.bind(far, { principal: { id: principal, kind: 'token' }, endpoint: endpointOf(only) });
  const waiting = new Map<string, (text: string) => void>();
  const channel = near({
    onMessage: (text) => {
      // The gateway sends JSON-RPC.
      const { id } = JSON.parse(text) as { id?: number };
      if (id === undefined) heard.push(text);
      else waiting.get(String(id))?.(text);
    },
    onFramingError() {},
    onClose() {},
  });
  let last = 0;
  if (era === 'legacy') {
    const hello =
      '"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"raw","version":"1"}';
    channel.send(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":{${hello}}}`);
    channel.send('{"jsonrpc":"2.0","method":"notifications/initialized"}');
  }
  return (method, params) => {
    const id = String(++last);
    const answer = new Promise<string>((resolve) => waiting.set(id, resolve));
    const capabilities = '{"extensions":{"io.modelcontextprotocol/tasks":{}}}';
    const modern = (): string => modernRequest({ id, method, params, capabilities }).body;
    channel.send(
      era === 'modern' ? modern() : `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":{${params}}}`,
    );
    return answer;
  };
}

const TASK_METHODS: Readonly<Record<Era, readonly string[]>> = {
  legacy: ['tasks/get', 'tasks/result', 'tasks/cancel', 'tasks/list'],
  modern: ['tasks/get', 'tasks/update', 'tasks/cancel'],
};

/** Starts a task and gives the id that its owner sees. */
async function startTask(owner: Ask, name = 'long'): Promise<string> {
  const created = await owner('tools/call', `"name":"${name}","arguments":{},"task":{"ttl":60000}`);
  expect(created).toContain(SECRET);
  const id = /"taskId":"([^"]+)"/.exec(created)?.[1] ?? '';
  expect(id).not.toContain('t-1');
  return id;
}

function paramsOf(method: string, taskId: string): string {
  return method === 'tasks/list' ? '' : `"taskId":"${taskId}"`;
}

describe('CVE-2026-111767: a task can be read and cancelled by whoever knows its id', () => {
  for (const era of ['legacy', 'modern'] as const) {
    for (const method of TASK_METHODS[era]) {
      // guard: advisory/CVE-2026-111767-legacy, advisory/CVE-2026-111767-modern, advisory/CVE-2026-111767-list
      it(`keeps ${method} of a ${era} server from another principal`, async () => {
        const owner = connect('first', era, era);
        const taskId = await startTask(owner);
        const own = await owner(method, paramsOf(method, taskId));
        expect(own).toContain(SECRET);
        // The id of the server is nobody's.
        expect(own).not.toContain('"t-1"');
        const before = received[era].length;
        for (const shown of [taskId, 't-1', `${taskId.slice(0, -1)}${taskId.endsWith('A') ? 'B' : 'A'}`]) {
          const foreign = await connect('second', era, era)(method, paramsOf(method, shown));
          expect(foreign).not.toContain(SECRET);
          // Of a list only the items are somebody's.
          if (method === 'tasks/list') expect(foreign).toContain('"tasks":[]');
          else expect(foreign).toContain('"code":-32602');
        }
        if (method !== 'tasks/list')
          expect(received[era].slice(before).filter((text) => text.includes('tasks/'))).toEqual([]);
      });
    }

    it(`leads from the endpoint of all to the task of the ${era} server, and there alone`, async () => {
      const owner = connect('first', era);
      const taskId = await startTask(owner, `${era}__long`);
      const before = { legacy: received.legacy.length, modern: received.modern.length };
      expect(await owner('tasks/get', `"taskId":"${taskId}"`)).toContain(`"taskId":"${taskId}"`);
      // The modern era has no such list.
      expect(await owner('tasks/list', '')).toContain(era === 'legacy' ? `"${taskId}"` : '"code":-32601');
      if (era === 'legacy') expect(await connect('second', era)('tasks/list', '')).toContain('"tasks":[]');
      expect(
        await connect(
          'first',
          era,
          era === 'legacy' ? 'modern' : 'legacy',
        )('tasks/get', `"taskId":"${taskId}"`),
      ).toContain('-32602');
      const asked = (['legacy', 'modern'] as const).map((name) =>
        received[name].slice(before[name]).filter((text) => text.includes('tasks/get')),
      );
      expect(asked.map(({ length }) => length)).toEqual(era === 'legacy' ? [1, 0] : [0, 1]);
      expect(asked.flat()[0]).toContain('"taskId":"t-1"');
    });
  }

  it('tells its owner alone how it is getting on, on a connection to the server that all share', async () => {
    const heard: Record<string, string[]> = { first: [], again: [], second: [] };
    const [owner, again, other] = [
      connect('first', 'legacy', undefined, heard['first']),
      connect('first', 'legacy', 'legacy', heard['again']),
      connect('second', 'legacy', undefined, heard['second']),
    ];
    await other('tools/list', '');
    const taskId = await startTask(owner, 'legacy__long');
    await owner('tasks/cancel', `"taskId":"${taskId}"`);
    // Whoever of the principal's sessions has asked last is told.
    await again('tasks/cancel', `"taskId":"${taskId}"`);
    await other('tools/list', '');
    const notice = expect.stringContaining(
      `"method":"notifications/tasks/status","params":{"taskId":"${taskId}"`,
    );
    expect(heard).toEqual({ first: [notice], again: [notice], second: [] });
  });

  it('does not let a task cross the eras', async () => {
    const taskId = await startTask(connect('first', 'legacy', 'legacy'));
    expect(await connect('first', 'modern', 'legacy')('tasks/get', `"taskId":"${taskId}"`)).toContain(
      '"code":-32602',
    );
    expect(
      await connect('first', 'modern', 'legacy')('tools/call', '"name":"long","arguments":{},"task":{}'),
    ).toContain('"content":[]');
    expect(received.legacy.at(-1)).not.toContain('"task"');
  });
});

describe('CVE-2026-0621: matching an address with a template takes exponential time', () => {
  const addresses = {
    'many expressions side by side': `slow://${'a'.repeat(8_000)}!`,
    'lists and reserved expansions': `list://${'a,b/'.repeat(2_000)}`,
    escapes: `slow://${'%41'.repeat(3_000)}`,
  };
  for (const [what, uri] of Object.entries(addresses)) {
    // guard: advisory/CVE-2026-0621
    it(`takes less than 30 ms for ${what}`, async () => {
      const ask = connect('reader', 'modern');
      await ask('resources/read', '"uri":"slow://warm-up"');
      const times: number[] = [];
      for (let round = 0; round < 5; round++) {
        const begin = performance.now();
        await ask('resources/read', `"uri":"${uri}"`);
        times.push(performance.now() - begin);
      }
      // The quickest of five: whatever else this machine does is not the gateway's.
      expect(Math.min(...times)).toBeLessThan(30);
    });
  }
});
