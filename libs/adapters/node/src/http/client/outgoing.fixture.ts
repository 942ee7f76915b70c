import { createServer, type Server, type Socket } from 'node:net';
import type { HttpClient } from '@omni/ports';
import { RecordingResponse } from '@omni/testing';

/** A server that answers each request, once it is there, with bytes of its own. */
export class RawServer {
  readonly requests: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(answer: (socket: Socket, request: string) => void) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        const request = chunk.toString('latin1');
        this.requests.push(request);
        answer(socket, request);
      });
    });
  }

  /** @returns Its port on loopback. */
  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** An answer with a body that is framed by its length. */
export function rawAnswer(
  body: Uint8Array | string,
  headers: readonly string[] = [],
  status = '200 OK',
): Buffer {
  const bytes = Buffer.from(body);
  const head = [`HTTP/1.1 ${status}`, `content-length: ${bytes.length}`, ...headers].join('\r\n');
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`), bytes]);
}

/** Sends a POST and waits for its end. */
export async function post(
  client: HttpClient,
  url: string,
  headers: readonly string[] = [],
): Promise<RecordingResponse> {
  const response = new RecordingResponse();
  client.send({ method: 'POST', url, headers, body: '{}' }, response);
  await response.finished();
  return response;
}
