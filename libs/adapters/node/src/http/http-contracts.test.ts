import { RecordingResponse } from '@omni/testing';
import { exchangeContract, httpClientContract, type HttpRuntime } from '@omni/testing/contracts';
import { describe, expect, it } from '@jest/globals';
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

// guard: outgoing/redirect, outgoing/scheme
describe('UndiciHttpClient as HttpClient', () => {
  httpClientContract(it, runtime);
});

// guard: response/given-back-when-sent
describe('NodeExchange as Exchange', () => {
  exchangeContract(it, runtime);

  it('has given the memory of passed bytes back when the answer is there', async () => {
    const chunks = Array.from({ length: 20 }, () => new Uint8Array(65_536));
    const origin = await runtime.startOrigin((exchange) => {
      const stream = exchange.stream(200, []);
      for (const chunk of chunks) stream.pass(chunk);
      stream.end();
    });
    const client = runtime.createClient();
    const response = new RecordingResponse();
    client.send({ method: 'GET', url: origin.url, headers: [] }, response);
    await response.finished();
    await client.close();
    await origin.close();
    expect(response.receivedBytes).toBe(20 * 65_536);
    expect(chunks.every(({ byteLength }) => byteLength === 0)).toBe(true);
  });
});
