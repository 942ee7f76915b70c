import { createServer } from 'node:net';
import { RecordingResponse } from '@omni/testing';
import { describe, expect, it } from '@jest/globals';
import { UndiciHttpClient } from './http-client.ts';
import { NodeHttpListener } from './http-listener.ts';

describe('UndiciHttpClient', () => {
  it('gives up connecting after its time', async () => {
    // TEST-NET-1 (RFC 5737) leads nowhere; some networks refuse it at once, which is as good.
    const client = new UndiciHttpClient({ connectTimeoutMs: 50 });
    const response = new RecordingResponse();
    client.send({ method: 'GET', url: 'http://192.0.2.1:9/', headers: [] }, response);
    await response.finished();
    expect(response.error).toMatchObject({ code: 'OMNI_UPSTREAM_UNREACHABLE', data: { phase: 'connect' } });
    await client.close();
  });

  it('says that a request may have arrived when the connection breaks behind it', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', () => socket.destroy());
    });
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(address !== null && typeof address === 'object' ? address.port : 0);
      });
    });
    const client = new UndiciHttpClient();
    const response = new RecordingResponse();
    client.send({ method: 'POST', url: `http://127.0.0.1:${port}/`, headers: [], body: '{}' }, response);
    await response.finished();
    expect(response.error).toMatchObject({ data: { phase: 'request' } });
    await client.close();
    await new Promise((resolve) => server.close(resolve));
  });

  it('refuses headers that it cannot send, behind the call', async () => {
    const client = new UndiciHttpClient();
    const response = new RecordingResponse();
    client.send(
      { method: 'GET', url: 'http://127.0.0.1:9/', headers: ['X-Bad', 'a\r\nInjected: 1'] },
      response,
    );
    expect(response.events).toEqual([]);
    await response.finished();
    expect(response.error).toMatchObject({ code: 'OMNI_UPSTREAM_UNREACHABLE', data: { phase: 'connect' } });
    await client.close();
  });

  it('takes so much of one answer in a turn that others are served, and all of it in the end', async () => {
    const body = Buffer.alloc(8_000_000, 'x');
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
        socket.write(body);
      });
    });
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(address !== null && typeof address === 'object' ? address.port : 0);
      });
    });
    const client = new UndiciHttpClient();
    let [total, inTurn, mostInTurn, isOver] = [0, 0, 0, false];
    const onTurn = (): void => {
      inTurn = 0;
      if (!isOver) setImmediate(onTurn);
    };
    onTurn();
    await new Promise<void>((resolve, reject) => {
      client.send(
        { method: 'GET', url: `http://127.0.0.1:${port}/`, headers: [] },
        {
          onHead() {},
          onData(chunk) {
            total += chunk.byteLength;
            mostInTurn = Math.max(mostInTurn, (inTurn += chunk.byteLength));
          },
          onEnd: resolve,
          onError: reject,
        },
      );
    });
    isOver = true;
    expect(total).toBe(body.length);
    expect(mostInTurn).toBeLessThanOrEqual(256 * 1024);
    await client.close();
    await new Promise((resolve) => server.close(resolve));
  });

  it('gives each of many requests at once its own answer', async () => {
    const listener = new NodeHttpListener({
      handler: (exchange) => exchange.respond(200, [], exchange.query),
    });
    const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
    const client = new UndiciHttpClient({ connectionsPerOrigin: 4 });
    const responses = Array.from({ length: 200 }, () => new RecordingResponse());
    responses.forEach((response, index) =>
      client.send(
        { method: 'POST', url: `http://127.0.0.1:${port}/?${index}`, headers: [], body: '{}' },
        response,
      ),
    );
    await Promise.all(responses.map((response) => response.finished()));
    expect(responses.map((response) => response.text())).toEqual(responses.map((_, index) => String(index)));
    await client.close();
    await listener.drain(0);
  });
});
