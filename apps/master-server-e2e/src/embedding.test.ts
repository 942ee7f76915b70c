import { afterAll, describe, expect, it } from '@jest/globals';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { createMasterServer, inProcessUpstream } from '@omni/container';
import { parseConfigurationText } from '@omni/container/node';
import type { OpenChannel } from '@omni/ports';
import { transportOf } from './harness/embedded-client.ts';
import { endEverything } from './harness/end-everything.ts';
import { createSdk1Server } from './harness/sdk1-server.ts';

afterAll(endEverything);

/** A server of the SDK 1.x in this process, as a channel. */
const openSdk1: OpenChannel = (listener) => {
  const [near, far] = InMemoryTransport.createLinkedPair();
  near.onmessage = (message) => listener.onMessage(JSON.stringify(message));
  near.onclose = () => listener.onClose(undefined);
  void createSdk1Server({ cancelled: 0, noteVersion: 1 }).connect(far);
  return {
    send: (text) => {
      // Omni sends JSON-RPC messages.
      void near.send(JSON.parse(text) as Parameters<typeof near.send>[0]);
      return true;
    },
    close: () => near.close(),
  };
};

describe('MasterServer in a host of its own', () => {
  it('serves a server in the same process, without a listener and without a child [S003-AR-01]', async () => {
    const configuration = {
      ...parseConfigurationText('{}', 'host.json', {}),
      upstreams: [inProcessUpstream('notes', openSdk1)],
    };
    const server = createMasterServer({ configuration });
    await server.start();
    const client = new Client({ name: 'host', version: '1.0.0' });
    await client.connect(transportOf(server.connect()));
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('notes__add');
    expect(await client.callTool({ name: 'notes__add', arguments: { a: 1, b: 2 } })).toMatchObject({
      structuredContent: { sum: 3 },
    });
    expect(server.upstreams()).toMatchObject([{ name: 'notes', state: 'ready', era: 'legacy' }]);
    expect(server.readiness().ready).toBe(true);
    await client.close();
    await server.stop();
    expect(server.upstreams()).toMatchObject([{ name: 'notes', state: 'stopped' }]);
  });

  it('shows one server alone, under its own names, to a connection of that scope [PROTO-R17]', async () => {
    const configuration = {
      ...parseConfigurationText('{}', 'host.json', {}),
      upstreams: [inProcessUpstream('notes', openSdk1), inProcessUpstream('more', openSdk1)],
    };
    const server = createMasterServer({ configuration });
    await server.start();
    const client = new Client({ name: 'host', version: '1.0.0' });
    await client.connect(transportOf(server.connect('more')));
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('add');
    await server.stop();
  });
});
