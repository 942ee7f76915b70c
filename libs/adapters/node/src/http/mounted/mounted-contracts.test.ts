import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MountedFront } from '@omni/ports';
import { exchangeContract, type HttpRuntime } from '@omni/testing/contracts';
import { describe, it } from '@jest/globals';
import { UndiciHttpClient } from '../http-client.ts';
import { nodeHandler } from './node-handler.ts';

const runtime: HttpRuntime = {
  async startOrigin(handle) {
    const front: MountedFront = { handle, authenticates: true };
    const server = createServer(nodeHandler(front));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // Holds: it listens on an address.
    const { port } = server.address() as AddressInfo;
    return {
      url: `http://127.0.0.1:${port}`,
      close: async () => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  },
  createClient: () => new UndiciHttpClient(),
  // Port 1 (tcpmux) is served nowhere.
  deadUrl: 'http://127.0.0.1:1',
};

// guard: response/given-back-when-sent
describe('a mounted exchange of Node as Exchange', () => {
  exchangeContract(it, runtime);
});
