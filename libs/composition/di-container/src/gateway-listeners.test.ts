import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@omni/ports';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createMasterServer } from './create-master-server.ts';
import { type GatewayListeners, openListeners } from './gateway-listeners.ts';
import { parseConfigurationText } from './node-configuration.ts';

let folder: string;
let listeners: GatewayListeners;
const sockets: Socket[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omni-listeners-'));
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await listeners.close(0);
  await rm(folder, { recursive: true, force: true });
});

describe('openListeners', () => {
  it('takes who comes by the Unix socket for the owner, and who comes by TCP for anybody', async () => {
    const path = process.platform === 'win32' ? String.raw`\\.\pipe\omni-test` : join(folder, 'omni.sock');
    const text = JSON.stringify({
      auth: { mode: 'open' },
      server: { unixSocket: path, tcp: '127.0.0.1:0' },
      mcpServers: {},
    });
    const configuration = parseConfigurationText(text, 'omni.json', {});
    const server = createMasterServer({ configuration });
    const bind = jest.spyOn(server, 'bind');
    const address = { host: '127.0.0.1', port: 0 };
    listeners = await openListeners({
      configuration,
      environment: {},
      address,
      server,
      logger: silentLogger,
    });
    const port = Number(/:(\d+)$/.exec(listeners.sockets[1] ?? '')?.[1]);
    const kinds: (string | undefined)[] = [];
    for (const target of [{ path }, { host: '127.0.0.1', port }]) {
      const before = bind.mock.calls.length;
      const socket = connect(target);
      sockets.push(socket);
      socket.write('{}\n');
      while (bind.mock.calls.length === before) await new Promise((next) => setImmediate(next));
      kinds.push(bind.mock.lastCall?.[1]?.principal?.kind);
    }
    expect(kinds).toEqual(['local', 'anonymous']);
    await server.stop({ deadlineMs: 0 });
  });
});
