import { connect, type Socket } from 'node:net';
import type { Exchange } from '@omni/ports';
import { SmallBudget } from '@omni/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { NodeHttpListener, type NodeHttpListenerOptions } from './http-listener.ts';

const POST = 'POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';

describe('NodeHttpListener', () => {
  const listeners: NodeHttpListener[] = [];

  afterEach(async () => {
    for (const listener of listeners.splice(0)) await listener.drain(0);
  });

  async function start(
    options: Partial<NodeHttpListenerOptions> = {},
  ): Promise<{ port: number; listener: NodeHttpListener; seen: string[] }> {
    const seen: string[] = [];
    const listener = new NodeHttpListener({
      handler: async (exchange) => {
        seen.push(`${exchange.method} ${exchange.path}`);
        const body = await readOrCode(exchange, 10);
        exchange.respond(body.startsWith('OMNI_') ? 400 : 200, [], body);
      },
      ...options,
    });
    listeners.push(listener);
    const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
    return { port, listener, seen };
  }

  it('names the address that it listens on', async () => {
    const listener = new NodeHttpListener({ handler: () => {} });
    listeners.push(listener);
    const address = await listener.listen({ host: '127.0.0.1', port: 0 });
    expect(address).toEqual({ host: '127.0.0.1', port: expect.any(Number) });
    expect(address.port).toBeGreaterThan(0);
  });

  it('says when an address is in use', async () => {
    const { port, listener } = await start();
    await expect(listener.listen({ host: '127.0.0.1', port })).rejects.toMatchObject({
      code: 'OMNI_LISTEN_IN_USE',
    });
  });

  it('says when an address cannot be had', async () => {
    const { listener } = await start();
    await expect(listener.listen({ host: '192.0.2.1', port: 0 })).rejects.toMatchObject({
      code: 'OMNI_LISTEN_DENIED',
    });
  });

  it.each([
    ['of origin form', '/mcp?a=b?c', 'localhost', '/mcp a=b?c localhost'],
    ['of absolute form', 'http://omni.example:8080/mcp/x?a=b', 'localhost', '/mcp/x a=b omni.example:8080'],
    ['of absolute form in capitals', 'HTTPS://[::1]/mcp', 'localhost', '/mcp  [::1]'],
    ['of absolute form without a path', 'http://omni.example?q', 'localhost', '/ q omni.example'],
    ['of another scheme', 'ftp://omni.example/mcp', 'localhost', 'ftp://omni.example/mcp  localhost'],
    [
      'with a URL in its path',
      '/http://omni.example/mcp',
      'localhost',
      '/http://omni.example/mcp  localhost',
    ],
    ['of absolute form and two hosts', 'http://omni.example/mcp', 'a\r\nHost: b', '/mcp  a, b'],
  ])(
    'takes a target %s apart, which names the host where it is absolute',
    async (_what, target, host, expected) => {
      const { port } = await start({
        handler: (exchange) =>
          exchange.respond(200, [], `${exchange.path} ${exchange.query} ${exchange.header('host')}`),
      });
      const client = await dial(port);
      client.send(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      expect((await client.ended()).split('\r\n\r\n')[1]).toBe(expected);
    },
  );

  it('answers pipelined requests in order, whatever order they finish in', async () => {
    const releases: (() => void)[] = [];
    const { port } = await start({
      handler: async (exchange) => {
        await new Promise<void>((resolve) => releases.push(resolve));
        exchange.respond(200, [], exchange.path);
      },
    });
    const client = await dial(port);
    client.send(
      'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    );
    await client.until(() => releases.length === 3);
    for (const release of releases.reverse()) release();
    expect((await client.ended()).match(/^\/\d/gm)).toEqual(['/1', '/2', '/3']);
  });

  it.each([
    ['no HTTP', 'hello\r\n\r\n'],
    ['both lengths', `${POST}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}`],
    ['two lengths', `${POST}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`],
    ['an unknown transfer encoding', `${POST}Transfer-Encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`],
    ['chunked twice', `${POST}Transfer-Encoding: chunked, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`],
    ['a space before the colon', 'POST / HTTP/1.1\r\nHost : a\r\n\r\n'],
    ['a folded header', 'GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n'],
    ['a chunk size that overflows', `${POST}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}`],
  ])('refuses %s with 400 and closes the connection', async (_name, bytes) => {
    const { port } = await start();
    const client = await dial(port);
    client.send(bytes);
    const answer = await client.ended();
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toMatch(/connection: close/i);
    expect(answer.match(/HTTP\/1\.1 \d{3}/g)?.length).toBe(1);
  });

  // guard: http/header-bytes, http/header-count
  it('refuses headers beyond 16 KiB and beyond 256 with 431', async () => {
    const { port, seen } = await start();
    const long = await dial(port);
    long.send(`GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`);
    expect(await long.ended()).toMatch(/^HTTP\/1\.1 431 [^]*OMNI_HEADERS_TOO_LARGE/);
    const many = await dial(port);
    many.send(`GET / HTTP/1.1\r\nHost: a\r\n${'a:b\r\n'.repeat(2_001)}Connection: close\r\n\r\n`);
    expect(await many.ended()).toMatch(/^HTTP\/1\.1 431 [^]*OMNI_HEADERS_TOO_LARGE/);
    expect(seen).toEqual([]);
  });

  it('lets the handler see a request without Host', async () => {
    const { port, seen } = await start();
    const client = await dial(port);
    client.send('GET /x HTTP/1.1\r\nConnection: close\r\n\r\n');
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 200 /);
    expect(seen).toEqual(['GET /x']);
  });

  it('cuts headers that do not arrive in time with 408', async () => {
    const { port, seen } = await start({ headersTimeoutMs: 50, requestTimeoutMs: 100 });
    const client = await dial(port);
    client.send('GET / HTTP/1.1\r\nHo');
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 408 [^]*OMNI_REQUEST_TIMEOUT/);
    expect(seen).toEqual([]);
  });

  // guard: http/body-timeout
  it('cuts a body that does not arrive in time', async () => {
    const { port } = await start({ headersTimeoutMs: 50, requestTimeoutMs: 100 });
    const client = await dial(port);
    client.send(`${POST}Content-Length: 5\r\n\r\n{`);
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 408 /);
  });

  // guard: http/stall
  it.each([
    ['body', (exchange: Exchange, answer: string) => exchange.respond(200, [], answer)],
    [
      'stream',
      (exchange: Exchange, answer: string) => {
        const stream = exchange.stream(200, []);
        stream.write(answer);
        stream.end();
      },
    ],
  ])('cuts a client that does not read its complete answer: %s', async (_how, respond) => {
    const { port, listener } = await start({
      writeTimeoutMs: 100,
      handler: (exchange) => respond(exchange, 'x'.repeat(32_000_000)),
    });
    const client = connect(port, '127.0.0.1').pause();
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    while (listener.openExchanges === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    while (listener.openExchanges > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    client.destroy();
  });

  // guard: http/room
  it('refuses a body for which others leave no room, and takes it when they have gone', async () => {
    const budget = new SmallBudget(250_000);
    const { port } = await start({
      budget,
      handler: async (exchange) => {
        const body = await readOrCode(exchange, 1_000_000);
        exchange.respond(body.startsWith('OMNI_') ? 503 : 200, [], body.slice(0, 20));
      },
    });
    const body = 'x'.repeat(200_000);
    const idle = connect(port, '127.0.0.1');
    idle.write(`${POST}Content-Length: 200001\r\n\r\n${body}`);
    while (budget.held < 200_000) await new Promise((next) => setImmediate(next));
    const refused = await dial(port);
    refused.send(`${POST}Content-Length: 200000\r\n\r\n${body}`);
    expect(await refused.ended()).toMatch(/^HTTP\/1\.1 503 [^]*OMNI_OVERLOADED$/);
    idle.destroy();
    while (budget.held > 0) await new Promise((next) => setImmediate(next));
    const taken = await dial(port);
    taken.send(`${POST}Connection: close\r\nContent-Length: 200000\r\n\r\n${body}`);
    expect(await taken.ended()).toMatch(/^HTTP\/1\.1 200 /);
    expect(budget.held).toBe(0);
  });

  it('cuts a client that does not read an open stream, and says that it is gone', async () => {
    let isGone = false;
    const { port, listener } = await start({
      writeTimeoutMs: 100,
      handler: (exchange) => {
        exchange.onGone(() => (isGone = true));
        exchange.stream(200, []).write('x'.repeat(32_000_000));
      },
    });
    const client = connect(port, '127.0.0.1').pause();
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    while (listener.openExchanges === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    while (listener.openExchanges > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(isGone).toBe(true);
    client.destroy();
  });

  it('leaves an open stream alone whose client has read all there is', async () => {
    let write: (text: string) => void = () => {};
    const { port, listener } = await start({
      writeTimeoutMs: 100,
      handler: (exchange) => {
        const stream = exchange.stream(200, []);
        write = (text) => void stream.write(text);
        write('x'.repeat(32_000_000));
      },
    });
    const client = connect(port, '127.0.0.1');
    let received = 0;
    client.on('data', (chunk) => (received += chunk.length));
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    while (received < 32_000_000) await new Promise((resolve) => setTimeout(resolve, 5));
    // Longer than the limit.
    await new Promise((resolve) => setTimeout(resolve, 300));
    write('y');
    const before = received;
    while (received === before) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(listener.openExchanges).toBe(1);
    client.destroy();
  });

  it('serves on for a client that took its time to read', async () => {
    const { port } = await start({
      writeTimeoutMs: 100,
      handler: (exchange) => exchange.respond(200, [], 'x'.repeat(8_000_000)),
    });
    const client = connect(port, '127.0.0.1').pause();
    let received = 0;
    client.on('data', (chunk) => {
      received += chunk.length;
      client.pause();
      setTimeout(() => client.resume(), 1);
    });
    for (const expected of [8_000_000, 16_000_000]) {
      client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      client.resume();
      while (received < expected) await new Promise((resolve) => setTimeout(resolve, 5));
      // Longer than the limit: it must not go on counting behind the answer.
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(client.destroyed).toBe(false);
    client.destroy();
  });

  // guard: http/declared-length, http/unread-body
  it('refuses a declared length beyond the limit before the body comes, and closes the connection', async () => {
    const { port } = await start();
    const client = await dial(port);
    client.send(`${POST}Content-Length: 10737418240\r\n\r\n`);
    const answer = await client.ended();
    expect(answer).toMatch(/^HTTP\/1\.1 400 [^]*OMNI_BODY_TOO_LARGE$/);
    expect(answer).toMatch(/connection: close/i);
  });

  it('does not invite a body beyond the limit', async () => {
    const { port } = await start();
    const client = await dial(port);
    client.send(`${POST}Expect: 100-continue\r\nContent-Length: 11\r\n\r\n`);
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 400 [^]*OMNI_BODY_TOO_LARGE$/);
    const small = await dial(port);
    small.send(`${POST}Expect: 100-continue\r\nConnection: close\r\nContent-Length: 2\r\n\r\n`);
    await small.until(() => small.text().includes('100 Continue'));
    small.send('{}');
    expect(await small.ended()).toMatch(/HTTP\/1\.1 200 [^]*\{\}$/);
  });

  // guard: http/chunked-length
  it('cuts a chunked body at the limit', async () => {
    const { port } = await start();
    for (const [length, code] of [
      [10, '200'],
      [11, '400'],
    ] as const) {
      const client = await dial(port);
      client.send(
        `${POST}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n${'1\r\nx\r\n'.repeat(length)}0\r\n\r\n`,
      );
      expect([length, (await client.ended()).slice(9, 12)]).toEqual([length, code]);
    }
  });

  it('reads a body of one-byte chunks without an object for each', async () => {
    let length = 0;
    const { port } = await start({
      handler: async (exchange) => {
        length = (await exchange.readBody(1_000_000)).byteLength;
        exchange.respond(200, []);
      },
    });
    const client = await dial(port);
    client.send(
      `${POST}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n${'1\r\nx\r\n'.repeat(200_000)}0\r\n\r\n`,
    );
    await client.ended();
    expect(length).toBe(200_000);
  });

  it('says when a client stops in the middle of the body', async () => {
    let failure = '';
    let isGone = false;
    const { port } = await start({
      handler: async (exchange) => {
        exchange.onGone(() => (isGone = true));
        failure = await readOrCode(exchange, 10);
      },
    });
    const client = await dial(port);
    client.send(`${POST}Content-Length: 5\r\n\r\n{`);
    await client.until(() => listeners[0]?.openExchanges === 1);
    client.socket.destroy();
    await client.until(() => failure !== '' && isGone);
    expect(failure).toBe('OMNI_BODY_INCOMPLETE');
  });

  it('keeps the connection after a small body that nobody read', async () => {
    const { port } = await start({ handler: (exchange) => exchange.respond(401, []) });
    const client = await dial(port);
    client.send(`${POST}Content-Length: 5\r\n\r\n12345`);
    await client.until(() => client.text().includes('401'));
    client.send(`GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    expect((await client.ended()).match(/HTTP\/1\.1 401/g)?.length).toBe(2);
  });

  it('serves every one of many that come at once', async () => {
    const served: string[] = [];
    const { port, listener } = await start({ handler: ({ path }) => void served.push(path) });
    const clients = await Promise.all(Array.from({ length: 200 }, () => dial(port)));
    for (const [at, client] of clients.entries())
      client.send(`${at % 2 === 0 ? 'GET' : 'POST'} /${at} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`);
    await clients[0]?.until(() => served.length === 200);
    expect(new Set(served).size).toBe(200);
    for (const { socket } of clients) socket.destroy();
    await clients[0]?.until(() => listener.openExchanges === 0);
  });

  it('tells pipelined requests that wait behind another when the client goes', async () => {
    let gone = 0;
    const { port } = await start({ handler: (exchange) => exchange.onGone(() => (gone += 1)) });
    const client = await dial(port);
    client.send('GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.until(() => listeners[0]?.openExchanges === 2);
    client.socket.destroy();
    await client.until(() => gone === 2);
  });

  // guard: http/pipelined
  it('cuts a client that pipelines more than 1,024 requests, and serves no further one of them', async () => {
    let served = 0;
    const handler = (exchange: Exchange): void => {
      served += 1;
      exchange.respond(200, []);
    };
    const { port, listener } = await start({ handler });
    const request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
    const patient = await dial(port);
    patient.send(request.repeat(1_024));
    await patient.until(() => patient.text().match(/HTTP\/1\.1 200/g)?.length === 1_024);
    const greedy = await dial(port);
    greedy.send(request.repeat(3_000));
    await greedy.ended();
    expect(served).toBe(2_048);
    patient.send(request);
    await patient.until(() => served === 2_049);
    await patient.until(() => listener.openExchanges === 0);
  });

  // guard: http/connect
  it('refuses CONNECT, and serves a request that asks for an upgrade as an ordinary one', async () => {
    const { port, seen } = await start();
    const tunnel = await dial(port);
    tunnel.send('CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n');
    expect(await tunnel.ended()).toMatch(/^HTTP\/1\.1 400 [^]*OMNI_HTTP_INVALID/);
    const upgrade = await dial(port);
    upgrade.send('GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n');
    expect(await upgrade.ended()).toMatch(/^HTTP\/1\.1 200 /);
    expect(seen).toEqual(['GET /ws']);
  });

  // guard: http/error-into-answer
  it('never writes an error into an answer that has begun', async () => {
    const { port } = await start({
      handler: (exchange) => void exchange.stream(200, []).write('data: 1\n\n'),
    });
    const client = await dial(port);
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.until(() => client.text().includes('data: 1'));
    client.send('garbage\r\n\r\n');
    expect((await client.ended()).match(/HTTP\/1\.1 \d{3}/g)?.length).toBe(1);
  });

  it('answers 500 when the handler answers with a header that HTTP forbids', async () => {
    const { port } = await start({
      handler: (exchange) => exchange.respond(200, ['X-Bad', 'a\r\nInjected: 1']),
    });
    const client = await dial(port);
    client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 500 (?![^]*Injected)/);
  });

  // guard: http/second-answer
  it('refuses a second answer and keeps the first', async () => {
    let failure = '';
    const { port } = await start({
      handler: (exchange) => {
        exchange.respond(200, [], 'first');
        try {
          exchange.respond(200, [], 'second');
        } catch (error) {
          failure = error instanceof Error && 'code' in error ? String(error.code) : 'none';
        }
      },
    });
    const client = await dial(port);
    client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(await client.ended()).toMatch(/first$/);
    expect(failure).toBe('OMNI_INTERNAL');
  });

  it.each([
    ['short', 'plain'],
    ['short, beyond ASCII', 'ä ✓ 😀'],
    ['short, of ISO 8859-1', 'äöü'],
    ['long', 'x'.repeat(100_000)],
    ['long, beyond ASCII', '✓'.repeat(50_000)],
  ])('sends a text in UTF-8 with its length in bytes: %s', async (_kind, text) => {
    const { port } = await start({ handler: (exchange) => exchange.respond(200, [], text) });
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    expect(answer.headers.get('content-length')).toBe(String(Buffer.byteLength(text)));
    expect(await answer.text()).toBe(text);
  });

  it('sends a stream of known length without chunks, and its head with the first chunk', async () => {
    const { port } = await start({
      handler: (exchange) => {
        const stream = exchange.stream(200, ['Content-Length', '8']);
        for (const chunk of ['half', 'done']) stream.write(chunk);
        stream.end();
      },
    });
    const client = await dial(port);
    client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    const answer = await client.ended();
    expect(answer).toMatch(/\r\n\r\nhalfdone$/);
    expect(answer).not.toContain('chunked');
  });

  // guard: http/doubled-headers
  it('joins and shows doubled headers that Node would drop', async () => {
    let host: string | undefined;
    const { port } = await start({
      handler: (exchange) => {
        host = exchange.header('host');
        exchange.respond(200, []);
      },
    });
    const client = await dial(port);
    client.send('GET / HTTP/1.1\r\nHost: good\r\nHost: evil\r\nConnection: close\r\n\r\n');
    await client.ended();
    expect(host).toBe('good, evil');
  });

  // guard: http/idle-only
  it('closes the connection that was idle longest when a further one comes', async () => {
    let respond: () => void = () => {};
    const { port, listener } = await start({
      maxConnections: 3,
      handler: (exchange) => {
        if (exchange.path === '/quick') exchange.respond(200, [], 'quick');
        else respond = () => exchange.respond(200, [], 'slow');
      },
    });
    const quick = async (client: Awaited<ReturnType<typeof dial>>): Promise<void> => {
      const before = client.text().length;
      client.send('GET /quick HTTP/1.1\r\nHost: a\r\n\r\n');
      await client.until(() => client.text().length > before);
    };
    const busy = await dial(port);
    busy.send('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
    await busy.until(() => listener.openExchanges === 1);
    const [first, second] = [await dial(port), await dial(port)];
    for (const client of [first, second, first]) await quick(client);
    const late = await dial(port);
    await quick(late);
    await second.ended();
    await quick(first);
    respond();
    await busy.until(() => busy.text().endsWith('slow'));
  });

  // guard: http/connections
  it('refuses a further connection with 503 when none is idle', async () => {
    const { port, listener } = await start({ maxConnections: 2, handler: () => {} });
    for (const count of [1, 2]) {
      const busy = await dial(port);
      busy.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      await busy.until(() => listener.openExchanges === count);
    }
    const answer = await (await dial(port)).ended();
    expect(answer).toMatch(/^HTTP\/1\.1 503 /);
    expect(answer).toContain('All 2 connections are in use');
    expect(listener.openExchanges).toBe(2);
  });

  it('stops: closes idle connections, lets running exchanges end and then closes theirs [S003-XP-07]', async () => {
    let respond: () => void = () => {};
    const { port, listener } = await start({
      handler: (exchange) => {
        if (exchange.path === '/quick') exchange.respond(200, [], 'quick');
        else respond = () => exchange.respond(200, [], 'slow');
      },
    });
    const idle = await dial(port);
    idle.send('GET /quick HTTP/1.1\r\nHost: a\r\n\r\n');
    await idle.until(() => idle.text().includes('quick'));
    const busy = await dial(port);
    busy.send('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
    await busy.until(() => listener.openExchanges === 1);
    const drained = listener.drain(10_000);
    await idle.ended();
    await expect(dial(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    respond();
    expect(await busy.ended()).toMatch(/slow$/);
    expect(await drained).toBe(0);
  });

  // guard: listener/answers-being-read
  it('stops: lets a client end that still reads an answer that is complete', async () => {
    const answer = 'x'.repeat(20_000_000);
    const { port, listener } = await start({ handler: (exchange) => exchange.respond(200, [], answer) });
    const client = await dial(port);
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.until(() => client.text() !== '');
    client.socket.pause();
    await client.until(() => listener.openExchanges === 1);
    const drained = listener.drain(10_000);
    await client.until(() => true);
    client.socket.resume();
    expect((await client.ended()).endsWith(`\r\n\r\n${answer}`)).toBe(true);
    expect(await drained).toBe(0);
  });

  it('cuts what is still open at the deadline', async () => {
    const { port, listener } = await start({
      handler: (exchange) => void exchange.stream(200, []).write('x'),
    });
    const client = await dial(port);
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.until(() => client.text().includes('200'));
    const patient = listener.drain(60_000);
    expect(await listener.drain(20)).toBe(1);
    await client.ended();
    expect(await patient).toBe(0);
  });
});

async function readOrCode(exchange: Exchange, maxBytes: number): Promise<string> {
  try {
    return new TextDecoder().decode(await exchange.readBody(maxBytes));
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'none';
  }
}

interface RawClient {
  readonly socket: Socket;
  send(text: string): void;
  /** What has come so far. */
  text(): string;
  /** Resolves when the condition holds, looked at after every turn of the event loop. */
  until(isMet: () => boolean): Promise<void>;
  /** Resolves with everything when the server has closed. */
  ended(): Promise<string>;
}

function dial(port: number): Promise<RawClient> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect({ host: '127.0.0.1', port });
    const closed = new Promise<void>((done) => socket.on('close', () => done()));
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => (received += text));
    socket.on('error', reject);
    socket.on('connect', () =>
      resolve({
        socket,
        send: (text) => void socket.write(text),
        text: () => received,
        until: async (isMet) => {
          while (!isMet()) await new Promise((next) => setImmediate(next));
        },
        ended: async () => {
          await closed;
          return received;
        },
      }),
    );
  });
}
