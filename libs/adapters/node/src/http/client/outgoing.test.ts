import { afterEach, describe, expect, it } from '@jest/globals';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import type { Socket } from 'node:net';
import { UndiciHttpClient, type UndiciHttpClientOptions } from '../http-client.ts';
import { post, RawServer, rawAnswer } from './outgoing.fixture.ts';
import { proxyRules } from './proxy-rules.ts';

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

async function serve(answer: (socket: Socket, request: string) => void) {
  const server = new RawServer(answer);
  opened.push(server);
  return { server, port: await server.listen() };
}

function clientOf(options: UndiciHttpClientOptions = {}): UndiciHttpClient {
  const client = new UndiciHttpClient(options);
  opened.push(client);
  return client;
}

describe('what UndiciHttpClient says of itself', () => {
  it('names its program, and asks this machine not to pack', async () => {
    const { server, port } = await serve((socket) => socket.write(rawAnswer('ok')));
    await post(clientOf({ userAgent: 'omni/1.2' }), `http://127.0.0.1:${port}/`);
    expect(server.requests[0]).toMatch(/\r\nuser-agent: omni\/1\.2\r\n/);
    expect(server.requests[0]).toMatch(/\r\naccept-encoding: identity\r\n/);
  });

  it('leaves a request what it says itself', async () => {
    const { server, port } = await serve((socket) => socket.write(rawAnswer('ok')));
    const headers = ['User-Agent', 'mine', 'Accept-Encoding', 'gzip'];
    await post(clientOf({ userAgent: 'omni/1.2' }), `http://127.0.0.1:${port}/`, headers);
    expect(server.requests[0]).toMatch(/\r\nUser-Agent: mine\r\n/);
    expect(server.requests[0]?.match(/user-agent|accept-encoding/gi)).toHaveLength(2);
  });
});

describe('packed answers', () => {
  const text = '{"ü":"täglich"}'.repeat(10_000);

  it.each<[string, Buffer]>([
    ['gzip', gzipSync(text)],
    ['x-gzip', gzipSync(text)],
    ['GZip', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['deflate', deflateRawSync(text)],
    ['br', brotliCompressSync(text)],
    ['identity', Buffer.from(text)],
  ])('are unpacked: %s', async (coding, body) => {
    const { port } = await serve((socket) => socket.write(rawAnswer(body, [`content-encoding: ${coding}`])));
    const response = await post(clientOf(), `http://127.0.0.1:${port}/`);
    expect(response.text() === text).toBe(true);
    // It is that of the packed body.
    if (coding !== 'identity') expect(response.header('content-length')).toBeUndefined();
  });

  it('come out as their bytes come in', async () => {
    const packed = gzipSync('data: 1\n\n');
    let rest: () => void = () => {};
    const { port } = await serve((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n');
      const chunk = (bytes: Buffer): void => {
        socket.write(`${bytes.length.toString(16)}\r\n`);
        socket.write(bytes);
        socket.write('\r\n');
      };
      for (const byte of packed.subarray(0, -8)) chunk(Buffer.from([byte]));
      rest = () => {
        chunk(packed.subarray(-8));
        socket.write('0\r\n\r\n');
      };
    });
    const { RecordingResponse } = await import('@omni/testing');
    const response = new RecordingResponse();
    clientOf().send({ method: 'GET', url: `http://127.0.0.1:${port}/`, headers: [] }, response);
    await response.until(() => response.text() === 'data: 1\n\n');
    rest();
    await response.finished();
    expect(response.events.at(-1)).toBe('end');
  });

  it('give their connection back when more comes behind their end', async () => {
    let closed: () => void = () => {};
    const hasClosed = new Promise<void>((resolve) => (closed = resolve));
    const { port } = await serve((socket) => {
      socket.on('close', closed);
      socket.write('HTTP/1.1 200 OK\r\ncontent-encoding: deflate\r\ncontent-length: 100000\r\n\r\n');
      socket.write(Buffer.concat([deflateSync('{}'), Buffer.from('more')]));
    });
    const response = await post(clientOf(), `http://127.0.0.1:${port}/`);
    expect(response.text()).toBe('{}');
    await hasClosed;
  });

  it('may be empty', async () => {
    const { port } = await serve((socket) => socket.write(rawAnswer('', ['content-encoding: gzip'])));
    const response = await post(clientOf(), `http://127.0.0.1:${port}/`);
    expect(response.events).toEqual(['head', 'end']);
  });

  it.each<[string, string, Buffer]>([
    ['is cut', 'gzip', gzipSync(text).subarray(0, 60)],
    ['is something else', 'gzip', Buffer.from('plain text')],
    ['has a coding that was not offered', 'compress', Buffer.from('x')],
    ['has one coding over another', 'gzip, br', Buffer.from('x')],
  ])('fail with their reason when one %s', async (_what, coding, body) => {
    const { port } = await serve((socket) => socket.write(rawAnswer(body, [`content-encoding: ${coding}`])));
    const response = await post(clientOf(), `http://127.0.0.1:${port}/`);
    expect(response.error?.code).toBe('OMNI_UPSTREAM_PROTOCOL');
  });

  // guard: outgoing/unpacked
  it('end where far more comes out than went in', async () => {
    const bomb = brotliCompressSync(Buffer.alloc(96 * 1024 * 1024));
    const { port } = await serve((socket) => socket.write(rawAnswer(bomb, ['content-encoding: br'])));
    let bytes = 0;
    const error = await new Promise((resolve) => {
      clientOf().send(
        { method: 'GET', url: `http://127.0.0.1:${port}/`, headers: [] },
        {
          onHead: () => {},
          onData: (chunk) => (bytes += chunk.byteLength),
          onEnd: () => resolve(undefined),
          onError: resolve,
        },
      );
    });
    expect(error).toMatchObject({ code: 'OMNI_UPSTREAM_TOO_LARGE' });
    expect(bytes).toBeLessThan(65 * 1024 * 1024);
  });
});

describe('interim answers', () => {
  const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
  const HINTS = 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n';

  it.each<[string, string[]]>([
    ['100', [CONTINUE]],
    ['100 twice', [CONTINUE + CONTINUE]],
    ['103 and 100', [HINTS + CONTINUE]],
    ['100 in pieces', ['HTTP/1.1 1', '00 Contin', 'ue\r\nx: y\r', '\n\r', '\n']],
  ])('are passed over: %s', async (_name, before) => {
    const { port } = await serve((socket) => {
      for (const part of before) socket.write(part);
      socket.write(rawAnswer('the answer'));
    });
    const client = clientOf({ connectionsPerOrigin: 1 });
    for (let round = 0; round < 2; round += 1) {
      const response = await post(client, `http://127.0.0.1:${port}/`);
      expect(response.text()).toBe('the answer');
    }
  });

  it('are told from a body that reads like one', async () => {
    const { port } = await serve((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${CONTINUE.length * 2}\r\n\r\n`);
      setImmediate(() => {
        socket.write(CONTINUE);
        setImmediate(() => socket.write(CONTINUE));
      });
    });
    const response = await post(clientOf(), `http://127.0.0.1:${port}/`);
    expect(response.text()).toBe(CONTINUE + CONTINUE);
  });

  // guard: outgoing/interim-length
  it('end the request when they have no end', async () => {
    const { port } = await serve((socket) => {
      socket.write(`HTTP/1.1 100 Continue\r\nx: ${'y'.repeat(20_000)}`);
    });
    const response = await post(clientOf(), `http://127.0.0.1:${port}/`);
    expect(response.error?.code).toBe('OMNI_UPSTREAM_UNREACHABLE');
  });
});

describe('proxies', () => {
  const proxied = (port: number, secret = ''): UndiciHttpClientOptions => {
    const proxy = `http://${secret}127.0.0.1:${port}`;
    return { proxyOf: proxyRules({ http: proxy, https: proxy, noProxy: 'near.invalid' }) };
  };

  it('are told the whole address of an http server, and who asks', async () => {
    const { server, port } = await serve((socket) => socket.write(rawAnswer('through the proxy')));
    const response = await post(clientOf(proxied(port, 'me:s%20cret@')), 'http://far.invalid:81/mcp?x=1');
    expect(response.text()).toBe('through the proxy');
    expect(server.requests[0]).toMatch(/^POST http:\/\/far\.invalid:81\/mcp\?x=1 HTTP\/1\.1\r\n/);
    expect(server.requests[0]).toMatch(/\r\nhost: far\.invalid:81\r\n/i);
    expect(server.requests[0]).toContain(`proxy-authorization: Basic ${btoa('me:s cret')}\r\n`);
    expect(server.requests[0]).toContain('accept-encoding: gzip, deflate, br\r\n');
  });

  it('are asked for a tunnel to an https server, and told nothing else', async () => {
    const { server, port } = await serve((socket) => socket.end(rawAnswer('', [], '403 Forbidden')));
    const response = await post(clientOf(proxied(port)), 'https://far.invalid/mcp', [
      'authorization',
      'Bearer t',
    ]);
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]).toMatch(/^CONNECT far\.invalid:443 HTTP\/1\.1\r\n/);
    expect(server.requests[0]).not.toContain('Bearer');
    expect(response.error).toMatchObject({ code: 'OMNI_UPSTREAM_UNREACHABLE', data: { phase: 'connect' } });
    expect(response.error?.message).toContain(
      `the proxy http://127.0.0.1:${port} answered with HTTP status 403`,
    );
  });

  it('are named when nobody is there, without their password', async () => {
    const { port, server } = await serve(() => {});
    await server.close();
    const response = await post(clientOf(proxied(port, 'me:secret@')), 'https://far.invalid/');
    expect(response.error?.message).toContain(
      `the proxy http://127.0.0.1:${port} cannot be reached (ECONNREFUSED)`,
    );
    expect(JSON.stringify(response.error?.message)).not.toContain('secret');
  });

  it('are left out for hosts that are reached without', async () => {
    const { server, port } = await serve((socket) => socket.write(rawAnswer('x')));
    const response = await post(clientOf(proxied(port)), 'http://near.invalid/');
    expect(response.error?.code).toBe('OMNI_UPSTREAM_UNREACHABLE');
    await post(clientOf(proxied(port)), `http://127.0.0.1:${port}/`);
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]).toMatch(/^POST \/ HTTP/);
  });
});
