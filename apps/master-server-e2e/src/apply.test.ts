import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { ClientChannel } from '@omni/container';
import {
  createNodeMasterServer,
  parseConfigurationText,
  startHttpGateway,
  type Configuration,
} from '@omni/container/node';
import { atEnd, endEverything } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import { startRawHttpUpstream } from './harness/raw-http-upstream.ts';
import { postModern, textOf } from './harness/raw-mcp.ts';
import { scriptedEntry, type UpstreamEntry } from './harness/upstream-entries.ts';

afterAll(endEverything);

const _meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** Calls of a client in this process, each to be answered in any order. */
class Caller {
  readonly #channel: ClientChannel;
  readonly #waiting = new Map<number, (text: string) => void>();
  #calls = 0;

  constructor(channel: ClientChannel) {
    this.#channel = channel;
    channel.onMessage((text) => {
      // The gateway sends JSON-RPC messages.
      const { id } = JSON.parse(text) as { readonly id?: number };
      if (id !== undefined) this.#waiting.get(id)?.(text);
    });
  }

  call(name: string, args: object = {}): Promise<string> {
    const id = ++this.#calls;
    const params = { name, arguments: args, _meta };
    this.#channel.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params }));
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  /** Process of a server, once it can be called. */
  async pid(server: string): Promise<number> {
    return await eventually(`${server} runs`, async () => {
      const pid = Number(textOf(await this.call(`${server}__pid`)));
      return Number.isInteger(pid) && pid > 0 ? pid : undefined;
    });
  }
}

function definitionsOf(mcpServers: Readonly<Record<string, UpstreamEntry>>): Configuration['upstreams'] {
  return parseConfigurationText(JSON.stringify({ mcpServers }), 'apply.json', {}).upstreams;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('MasterServer.apply with processes', () => {
  it('keeps the processes and calls of unchanged servers, lets those of others end, and leaves none behind', async () => {
    const upstreams = definitionsOf({
      stays: scriptedEntry(),
      leaves: scriptedEntry(),
      turns: scriptedEntry(),
    });
    const configuration = { ...parseConfigurationText('{}', 'apply.json', {}), upstreams };
    const server = await createNodeMasterServer({ configuration, logLevel: 'silent' });
    atEnd(() => server.stop({ deadlineMs: 0 }));
    await server.start();
    const client = new Caller(server.connect());
    const [stays, leaves, turns] = [
      await client.pid('stays'),
      await client.pid('leaves'),
      await client.pid('turns'),
    ];
    const slow = ['stays', 'leaves', 'turns'].map((name) => client.call(`${name}__slow`, { ms: 1_000 }));
    // They are on their way before the change: these go through the same connections in order.
    await Promise.all(['stays', 'leaves', 'turns'].map((name) => client.call(`${name}__pid`)));

    const changes = await server.apply(
      definitionsOf({
        comes: scriptedEntry(),
        turns: scriptedEntry([], { env: { OTHER: '1' } }),
        stays: scriptedEntry([], { callTimeout: '40s' }),
      }),
    );
    expect(changes).toEqual({
      added: ['comes'],
      removed: ['leaves'],
      replaced: ['turns'],
      changed: ['stays'],
      unchanged: [],
    });
    const fresh = await client.pid('turns');
    const comes = await client.pid('comes');
    for (const answer of await Promise.all(slow)) expect(answer).toContain('"result"');
    expect(await client.pid('stays')).toBe(stays);
    expect([stays, leaves, turns]).not.toContain(fresh);
    await eventually('the former processes are gone', () => !isAlive(leaves) && !isAlive(turns));
    // Nothing but the order is different.
    await server.apply(
      definitionsOf({
        stays: scriptedEntry([], { callTimeout: '40s' }),
        turns: scriptedEntry([], { env: { OTHER: '1' } }),
        comes: scriptedEntry(),
      }),
    );
    const after = [await client.pid('stays'), await client.pid('turns'), await client.pid('comes')];
    expect(after).toEqual([stays, fresh, comes]);
    await server.stop({ deadlineMs: 0 });
    await eventually('all processes are gone', () => ![stays, fresh, comes].some(isAlive));
  });
});

describe('MasterServer.apply behind HTTP', () => {
  it('tells servers the headers of clients that their definitions name now, on the connections that are open', async () => {
    const home = await mkdtemp(join(tmpdir(), 'omni-apply-'));
    atEnd(() => rm(home, { recursive: true }));
    const upstream = await startRawHttpUpstream('modern');
    const definitions = (forwardHeaders: readonly string[]): Configuration['upstreams'] =>
      definitionsOf({ web: { url: upstream.url, forwardHeaders } });
    const open = parseConfigurationText('{ "auth": { "mode": "open" } }', 'apply.json', {});
    const gateway = await startHttpGateway({
      configuration: { ...open, upstreams: definitions([]) },
      environment: { OMNI_HOME: home },
      listen: '127.0.0.1:0',
      logLevel: 'silent',
    });
    atEnd(() => gateway.stop({ deadlineMs: 0 }));
    await gateway.server.whenSettled();
    const told = async (mark: string): Promise<unknown> => {
      const params = `"name":"web__echo","arguments":{"m":"${mark}"}`;
      const request = { id: '1', method: 'tools/call', name: 'web__echo', params };
      await postModern(gateway.url, request, { headers: { 'x-tenant': 'acme' } });
      return upstream.headers[upstream.bodies.findIndex((body) => body.includes(mark))]?.['x-tenant'];
    };
    expect(await told('before')).toBeUndefined();
    expect(await gateway.server.apply(definitions(['x-tenant']))).toMatchObject({ changed: ['web'] });
    expect(await told('with')).toBe('acme');
    await gateway.server.apply(definitions([]));
    expect(await told('after')).toBeUndefined();
    expect(upstream.bodies.filter((body) => body.includes('server/discover'))).toHaveLength(1);
  });
});
