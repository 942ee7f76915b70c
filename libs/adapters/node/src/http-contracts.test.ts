import { exchangeContract, httpClientContract, type HttpRuntime } from '@omni/testing/contracts';
import { describe } from '@jest/globals';
import { UndiciHttpClient } from './http-client.ts';
import { NodeHttpListener } from './http-listener.ts';

const runtime: HttpRuntime = {
  async startOrigin(handler) {
    const listener = new NodeHttpListener({ handler });
    const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
    return {
      url: `http://127.0.0.1:${port}`,
      close: async () => {
        await listener.drain(0);
      },
    };
  },
  createClient: () => new UndiciHttpClient(),
  // Port 1 (tcpmux) is served nowhere.
  deadUrl: 'http://127.0.0.1:1',
};

describe('UndiciHttpClient as HttpClient', () => {
  httpClientContract(runtime);
});

describe('NodeExchange as Exchange', () => {
  exchangeContract(runtime);
});
