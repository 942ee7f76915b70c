import { NodeHttpListener, UndiciHttpClient } from '@omni/node';
import type { Exchange, HttpClient } from '@omni/ports';
import type { HttpRuntime } from '@omni/testing/contracts';

/**
 * Listeners and clients of Node.
 *
 * @param client, exchange - Stand in for what would be used.
 */
export function nodeHttp(
  client: (real: HttpClient) => HttpClient = (real) => real,
  exchange: (real: Exchange) => Exchange = (real) => real,
): HttpRuntime {
  return {
    async startOrigin(handle) {
      const listener = new NodeHttpListener({ handler: (real) => handle(exchange(real)) });
      const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
      return {
        url: `http://127.0.0.1:${port}`,
        close: async () => {
          await listener.drain(0);
        },
      };
    },
    createClient: () => client(new UndiciHttpClient()),
    // Port 1 (tcpmux) is served nowhere.
    deadUrl: 'http://127.0.0.1:1',
  };
}
