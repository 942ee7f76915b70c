import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { GatewayError } from '@omni/ports';
import { HttpConnection, type HttpConnectionOptions } from './http-connection.ts';

let server: Server;
let url: string;
let answer: (response: ServerResponse, body: string) => void;
let received: IncomingMessage | undefined;

beforeEach(async () => {
  received = undefined;
  server = createServer((request, response) => {
    received = request;
    let body = '';
    request.setEncoding('utf8').on('data', (piece: string) => (body += piece));
    request.on('end', () => answer(response, body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server on an IP address has an address of this form.
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const { signal } = new AbortController();
const RESULT = '{"jsonrpc":"2.0","id":1,"result":{"n":12345678901234567890}}';

function showing(token: string | undefined): HttpConnectionOptions['credential'] {
  return () => Promise.resolve({ token, host: undefined, isWithheld: false });
}

describe('HttpConnection', () => {
  it('reads an answer in JSON, without losing a digit', async () => {
    answer = (response) => response.writeHead(200, { 'Content-Type': 'application/json' }).end(RESULT);
    const result = await new HttpConnection({ url, credential: showing('canary') }).request(
      'tools/call',
      { name: 'Zürich' },
      { signal, headers: { 'Mcp-Param-A': 'b' } },
    );

    expect(JSON.stringify(result)).toBe('{"n":12345678901234567890}');
    expect(received?.headers).toMatchObject({
      authorization: 'Bearer canary',
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': '=?base64?WsO8cmljaA==?=',
      'mcp-param-a': 'b',
    });
  });

  it('reads progress and the answer from an event stream', async () => {
    answer = (response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write(
        'data: {"method":"notifications/progress","params":{"progressToken":1,"progress":1}}\n\n: still here\n\n',
      );
      response.write(`data: ${RESULT}\n\n`);
    };
    const seen: number[] = [];
    const connection = new HttpConnection({ url, credential: showing(undefined) });
    const result = await connection.request(
      'a',
      {},
      { signal, onProgress: ({ progress }) => seen.push(progress) },
    );

    expect(seen).toEqual([1]);
    expect(JSON.stringify(result)).toBe('{"n":12345678901234567890}');
    expect(received?.headers.authorization).toBeUndefined();
  });

  it('follows no redirect, which would take the token along', async () => {
    const paths: (string | undefined)[] = [];
    answer = (response) => {
      paths.push(received?.url);
      response.writeHead(307, { Location: '/elsewhere' }).end();
    };

    await expect(
      new HttpConnection({ url, credential: showing('canary') }).request('a', {}, { signal }),
    ).rejects.toMatchObject({
      code: 'OMNI_GATEWAY_UNREACHABLE',
    });
    expect(paths).toEqual(['/mcp']);
  });

  it.each([
    ['a page', 200, '<html>', 'OMNI_GATEWAY_UNREACHABLE'],
    ['nothing', 200, '', 'OMNI_GATEWAY_UNREACHABLE'],
    ['401 without words', 401, '', 'OMNI_AUTH_REQUIRED'],
    [
      'an error of Omni',
      404,
      '{"id":1,"error":{"code":-32602,"message":"m","data":{"code":"OMNI_SERVER_UNKNOWN"}}}',
      'OMNI_SERVER_UNKNOWN',
    ],
  ])('finds a code for %s', async (_what, status, body, code) => {
    answer = (response) => response.writeHead(status, { 'Content-Type': 'application/json' }).end(body);

    await expect(
      new HttpConnection({ url, credential: showing(undefined) }).request('a', {}, { signal }),
    ).rejects.toMatchObject({ code });
  });

  it('tells when the stream breaks before the answer', async () => {
    answer = (response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write(': here\n\n', () => response.destroy());
    };

    await expect(
      new HttpConnection({ url, credential: showing(undefined) }).request('a', {}, { signal }),
    ).rejects.toMatchObject({
      code: 'OMNI_GATEWAY_UNREACHABLE',
    });
  });

  it('closes the request when the signal gives it up', async () => {
    const giveUp = new AbortController();
    let isClosed: Promise<unknown> | undefined;
    answer = (response) => {
      isClosed = once(response, 'close');
      giveUp.abort(new GatewayError('OMNI_UPSTREAM_TIMEOUT', 'too slow'));
    };

    await expect(
      new HttpConnection({ url, credential: showing(undefined) }).request('a', {}, { signal: giveUp.signal }),
    ).rejects.toMatchObject({
      code: 'OMNI_UPSTREAM_TIMEOUT',
    });
    await isClosed;
  });

  it('says which address does not answer', async () => {
    server.closeAllConnections();
    server.close();

    await expect(
      new HttpConnection({ url, credential: showing(undefined) }).request('a', {}, { signal }),
    ).rejects.toMatchObject({
      code: 'OMNI_GATEWAY_UNREACHABLE',
      message: `No Omni answers at ${new URL(url).origin} (ECONNREFUSED)`,
    });
  });

  it('says that an address speaks no TLS', async () => {
    await expect(
      new HttpConnection({ url: url.replace('http:', 'https:'), credential: showing(undefined) }).request(
        'a',
        {},
        { signal },
      ),
    ).rejects.toMatchObject({
      code: 'OMNI_GATEWAY_UNREACHABLE',
      hint: expect.stringContaining('http://'),
    });
  });

  it.each([
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'ERR_TLS_CERT_ALTNAME_INVALID',
  ])('says how a certificate becomes trusted after %s', async (code) => {
    const fetched = jest
      .spyOn(globalThis, 'fetch')
      .mockRejectedValue(
        new TypeError('fetch failed', { cause: Object.assign(new TypeError('tls'), { code }) }),
      );
    const failure: unknown = await new HttpConnection({ url, credential: showing(undefined) })
      .request('a', {}, { signal })
      .catch((error: unknown) => error);
    fetched.mockRestore();

    expect(failure).toMatchObject({
      message: expect.stringContaining(code),
      hint: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    });
  });
});
