import type { Exchange, HttpClient, HttpRequest } from '@omni/ports';
import { afterEach, expect, it } from '@jest/globals';
import type { HttpRuntime } from './http-client-contract.ts';
import { RecordingResponse } from './recording-response.ts';

/**
 * What every implementation of `Exchange` must do, seen from a client; each adapter's test file calls this.
 */
export function exchangeContract(runtime: HttpRuntime): void {
  const opened: { close(): Promise<void> }[] = [];

  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one.close();
  });

  async function start(
    handle: (exchange: Exchange) => void | Promise<void>,
  ): Promise<{ url: string; client: HttpClient }> {
    const origin = await runtime.startOrigin(handle);
    const client = runtime.createClient();
    opened.push(origin, client);
    return { url: origin.url, client };
  }

  async function ask(
    handle: (exchange: Exchange) => void | Promise<void>,
    request: Partial<HttpRequest> & { path?: string } = {},
  ): Promise<RecordingResponse> {
    const { url, client } = await start(handle);
    const response = new RecordingResponse();
    client.send(
      { method: 'POST', headers: [], ...request, url: `${url}${request.path ?? '/mcp'}` },
      response,
    );
    await response.finished();
    return response;
  }

  it('shows method, path and query as sent', async () => {
    let seen: unknown;
    await ask(
      (exchange) => {
        seen = [exchange.method, exchange.path, exchange.query];
        exchange.respond(200, []);
      },
      { path: '/a%2Fb/../c?q=%20&r' },
    );
    // Clients may resolve dot segments before sending; what is encoded stays encoded.
    expect(seen).toEqual(['POST', expect.stringMatching(/^(\/a%2Fb\/\.\.\/c|\/c)$/), 'q=%20&r']);
  });

  it('shows an empty query when there is none', async () => {
    let seen: unknown;
    await ask((exchange) => {
      seen = [exchange.path, exchange.query];
      exchange.respond(200, []);
    });
    expect(seen).toEqual(['/mcp', '']);
  });

  it('finds headers in any case, joined when there are several, absent when there are none', async () => {
    let seen: unknown;
    await ask(
      (exchange) => {
        seen = [exchange.header('x-one'), exchange.header('x-two'), exchange.header('x-three')];
        exchange.respond(200, []);
      },
      { headers: ['X-One', ' padded ', 'x-TWO', 'a', 'X-Two', 'b'] },
    );
    expect(seen).toEqual(['padded', 'a, b', undefined]);
  });

  it('shows where the request came in and from whom, as data', async () => {
    let seen: unknown;
    const { url, client } = await start((exchange) => {
      const { listener, peerAddress, peerCertificate } = exchange;
      seen = { listener, peerAddress, peerCertificate };
      exchange.respond(200, []);
    });
    const response = new RecordingResponse();
    client.send({ method: 'POST', url: `${url}/mcp`, headers: [], body: '{}' }, response);
    await response.finished();
    const { hostname, port } = new URL(url);
    expect(seen).toEqual({
      listener: { kind: 'http', host: hostname, port: Number(port) },
      peerAddress: '127.0.0.1',
      peerCertificate: undefined,
    });
    expect(JSON.parse(JSON.stringify(seen))).toMatchObject({ listener: { kind: 'http', host: hostname } });
  });

  it('reads a body up to the limit', async () => {
    let length = -1;
    await ask(
      async (exchange) => {
        length = (await exchange.readBody(10)).byteLength;
        exchange.respond(200, []);
      },
      { body: '0123456789' },
    );
    expect(length).toBe(10);
  });

  it('reads a long body that comes in many chunks', async () => {
    const body = 'äbc'.repeat(200_000);
    let text = '';
    await ask(
      async (exchange) => {
        text = new TextDecoder().decode(await exchange.readBody(2_000_000));
        exchange.respond(200, []);
      },
      { body },
    );
    expect(text === body).toBe(true);
  });

  it('reads an absent body as empty', async () => {
    let length = -1;
    await ask(
      async (exchange) => {
        length = (await exchange.readBody(10)).byteLength;
        exchange.respond(200, []);
      },
      { method: 'GET' },
    );
    expect(length).toBe(0);
  });

  it('refuses a body beyond the limit and still delivers the answer', async () => {
    const response = await ask(
      async (exchange) => {
        try {
          await exchange.readBody(10);
        } catch (error) {
          exchange.respond(
            413,
            ['Content-Type', 'text/plain'],
            String(error instanceof Error && 'code' in error && error.code),
          );
        }
      },
      { body: '0123456789x' },
    );
    expect(response.status).toBe(413);
    expect(response.text()).toBe('OMNI_BODY_TOO_LARGE');
  });

  it('answers in one chunk with the length in bytes', async () => {
    const response = await ask((exchange) =>
      exchange.respond(200, ['Content-Type', 'application/json'], '{"ü":"🦜"}'),
    );
    expect(response.header('content-length')).toBe('13');
    expect(response.text()).toBe('{"ü":"🦜"}');
  });

  it('answers with bytes as they are', async () => {
    const response = await ask((exchange) => exchange.respond(200, [], new TextEncoder().encode('bytes ✓')));
    expect(response.text()).toBe('bytes ✓');
  });

  it('answers without a body', async () => {
    const response = await ask((exchange) => exchange.respond(202, []));
    expect(response.status).toBe(202);
    expect(response.receivedBytes).toBe(0);
  });

  it('streams text and bytes in order', async () => {
    const response = await ask((exchange) => {
      const stream = exchange.stream(200, ['Content-Type', 'text/event-stream']);
      stream.write('data: ä\n\n');
      stream.write(new TextEncoder().encode('data: ✓\n\n'));
      stream.end();
    });
    expect(response.header('content-type')).toBe('text/event-stream');
    expect(response.text()).toBe('data: ä\n\ndata: ✓\n\n');
  });

  it('sends the head of a stream before its first chunk', async () => {
    let end: () => void = () => {};
    const { url, client } = await start((exchange) => {
      const stream = exchange.stream(200, []);
      end = () => stream.end();
    });
    const response = new RecordingResponse();
    client.send({ method: 'GET', url: `${url}/`, headers: [] }, response);
    await response.head();
    expect(response.events).toEqual(['head']);
    end();
    await response.finished();
  });

  it('tells a writer to wait for a slow reader, and when to go on', async () => {
    let drained = 0;
    let writtenBytes = 0;
    const { url, client } = await start((exchange) => {
      const stream = exchange.stream(200, []);
      const fill = (): void => {
        if (drained >= 2) return stream.end();
        do writtenBytes += 65_536;
        while (stream.write('x'.repeat(65_536)) && writtenBytes < 200_000_000);
        if (stream.backlogBytes === 0) return stream.destroy();
        stream.onDrain(() => {
          drained += 1;
          fill();
        });
      };
      fill();
    });
    const response = new RecordingResponse();
    client.send({ method: 'GET', url: `${url}/`, headers: [] }, response);
    await response.finished();
    expect(response.events.at(-1)).toBe('end');
    expect(drained).toBe(2);
    expect(response.receivedBytes).toBe(writtenBytes);
  });

  // guard: response/given-back-when-sent
  it('passes bytes on to a slow reader as they were, and leaves what stands beside them', async () => {
    const PIECES = 200;
    const beside = new Uint8Array(100_000).fill(7);
    const { url, client } = await start((exchange) => {
      const stream = exchange.stream(200, []);
      for (let index = 0; index < PIECES; index += 1) {
        stream.pass(new Uint8Array(65_536).fill(index));
        stream.pass(beside.subarray(index, index + 20_000));
      }
      stream.end();
    });
    const response = new RecordingResponse();
    const call = client.send({ method: 'GET', url: `${url}/`, headers: [] }, response);
    await response.head();
    call.pause();
    await new Promise((resolve) => setImmediate(resolve));
    call.resume();
    await response.finished();
    const expected = new Uint8Array(PIECES * 85_536);
    for (let index = 0; index < PIECES; index += 1)
      expected.fill(index, index * 85_536).fill(7, index * 85_536 + 65_536, (index + 1) * 85_536);
    expect(response.bytes().every((byte, at) => byte === expected[at])).toBe(true);
    expect(response.receivedBytes).toBe(expected.byteLength);
    expect(beside.every((byte) => byte === 7)).toBe(true);
  });

  it('says that the client has gone, once', async () => {
    let goneCalls = 0;
    let gone: () => void = () => {};
    const isGone = new Promise<void>((resolve) => (gone = resolve));
    const { url, client } = await start((exchange) => {
      if (exchange.path === '/other') return exchange.respond(200, []);
      // A later listener takes the place of an earlier one.
      exchange.onGone(() => (goneCalls += 10));
      exchange.onGone(() => {
        goneCalls += 1;
        gone();
        // Calls after the client has gone do nothing.
        exchange.respond(200, [], 'late');
      });
      aborting();
    });
    let aborting: () => void = () => {};
    const isAsked = new Promise<void>((resolve) => (aborting = resolve));
    const call = client.send(
      { method: 'POST', url: `${url}/mcp`, headers: [], body: '{}' },
      new RecordingResponse(),
    );
    await isAsked;
    call.abort();
    await isGone;
    const response = new RecordingResponse();
    client.send({ method: 'GET', url: `${url}/other`, headers: [] }, response);
    await response.finished();
    expect(goneCalls).toBe(1);
  });

  it('does not call a client gone that has its answer', async () => {
    let goneCalls = 0;
    const { url, client } = await start((exchange) => {
      exchange.onGone(() => (goneCalls += 1));
      exchange.respond(200, [], 'complete');
    });
    for (let round = 0; round < 2; round += 1) {
      const response = new RecordingResponse();
      client.send({ method: 'POST', url: `${url}/mcp`, headers: [], body: '{}' }, response);
      await response.finished();
    }
    for (const one of opened.splice(0).reverse()) await one.close();
    expect(goneCalls).toBe(0);
  });

  it('cuts the connection when a stream is destroyed', async () => {
    const response = await ask((exchange) => {
      const stream = exchange.stream(200, []);
      stream.write('half');
      stream.destroy();
    });
    expect(response.error?.code).toBe('OMNI_UPSTREAM_UNREACHABLE');
    expect(response.events).not.toContain('end');
  });

  it('answers 500 when the handler throws or rejects, and lives on', async () => {
    const { url, client } = await start((exchange) => {
      if (exchange.path === '/sync') throw new RangeError('planted secret');
      if (exchange.path === '/async') return Promise.reject(new RangeError('planted secret'));
      return exchange.respond(200, []);
    });
    const statuses: number[] = [];
    for (const path of ['/sync', '/async', '/fine']) {
      const response = new RecordingResponse();
      client.send({ method: 'POST', url: `${url}${path}`, headers: [], body: '{}' }, response);
      await response.finished();
      statuses.push(response.status);
      expect(response.text()).not.toContain('planted');
      if (response.status === 500)
        expect(JSON.parse(response.text())).toMatchObject({
          error: { code: -32603, data: { code: 'OMNI_INTERNAL' } },
        });
    }
    expect(statuses).toEqual([500, 500, 200]);
  });
}
