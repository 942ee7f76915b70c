import { type ServerType, serve } from '@hono/node-server';
import type { HttpBindings } from '@hono/node-server';
import type { AddressInfo } from 'node:net';
import { UndiciHttpClient } from '@omni/node';
import type { MountedFront } from '@omni/ports';
import { exchangeContract, type HttpRuntime } from '@omni/testing/contracts';
import { describe, it } from '@jest/globals';
import { fetchHandler } from './fetch-handler.ts';

const runtime: HttpRuntime = {
  async startOrigin(handle) {
    const front: MountedFront = { handle, authenticates: true };
    const handler = fetchHandler(front, {
      peerOf: (_request, { incoming: { socket } }: HttpBindings) => ({
        listener: { kind: 'http', host: socket.localAddress ?? '', port: socket.localPort ?? 0 },
        peerAddress: socket.remoteAddress,
      }),
    });
    let server: ServerType | undefined;
    const port = await new Promise<number>((resolve) => {
      server = serve(
        {
          fetch: (request, bindings) => handler(request, bindings as HttpBindings),
          hostname: '127.0.0.1',
          port: 0,
        },
        (address: AddressInfo) => resolve(address.port),
      );
    });
    return {
      url: `http://127.0.0.1:${port}`,
      close: async () => {
        if (server !== undefined && 'closeAllConnections' in server) server.closeAllConnections();
        await new Promise((resolve) => server?.close(resolve));
      },
    };
  },
  createClient: () => new UndiciHttpClient(),
  // Port 1 (tcpmux) is served nowhere.
  deadUrl: 'http://127.0.0.1:1',
};

describe('FetchExchange as Exchange', () => {
  exchangeContract(it, runtime);
});
