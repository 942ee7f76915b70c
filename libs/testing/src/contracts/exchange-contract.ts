import assert from 'node:assert/strict';
import type { DefineTest } from './define-test.ts';
import { onHttp, type HttpRuntime } from './http-scene.ts';
import { RecordingResponse } from '../recording-response.ts';

/**
 * What every implementation of `Exchange` must do, seen from a client; each adapter's test file calls this.
 *
 * @param defineTest - `it` of the runner.
 */
export function exchangeContract(defineTest: DefineTest, runtime: HttpRuntime): void {
  const it = onHttp(defineTest, runtime);

  it('shows method, path and query as sent', async ({ ask }) => {
    let seen: unknown;
    await ask(
      (exchange) => {
        seen = [exchange.method, exchange.path, exchange.query];
        exchange.respond(200, []);
      },
      { path: '/a%2Fb/../c?q=%20&r' },
    );
    // Clients may resolve dot segments before sending; what is encoded stays encoded.
    assert.match(JSON.stringify(seen), /^\["POST","(\/a%2Fb\/\.\.\/c|\/c)","q=%20&r"\]$/);
  });

  it('shows an empty query when there is none', async ({ ask }) => {
    let seen: unknown;
    await ask((exchange) => {
      seen = [exchange.path, exchange.query];
      exchange.respond(200, []);
    });
    assert.deepEqual(seen, ['/mcp', '']);
  });

  it('finds headers in any case, joined when there are several, absent when there are none', async ({
    ask,
  }) => {
    let seen: unknown;
    await ask(
      (exchange) => {
        seen = [exchange.header('x-one'), exchange.header('x-two'), exchange.header('x-three')];
        exchange.respond(200, []);
      },
      { headers: ['X-One', ' padded ', 'x-TWO', 'a', 'X-Two', 'b'] },
    );
    assert.deepEqual(seen, ['padded', 'a, b', undefined]);
  });

  it('shows where the request came in and from whom, as data', async ({ start }) => {
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
    assert.deepEqual(seen, {
      listener: { kind: 'http', host: hostname, port: Number(port) },
      peerAddress: '127.0.0.1',
      peerCertificate: undefined,
    });
    assert.equal(JSON.parse(JSON.stringify(seen)).listener.host, hostname);
  });

  it('reads a body up to the limit', async ({ ask }) => {
    let length = -1;
    await ask(
      async (exchange) => {
        length = (await exchange.readBody(10)).byteLength;
        exchange.respond(200, []);
      },
      { body: '0123456789' },
    );
    assert.equal(length, 10);
  });

  it('reads a long body that comes in many chunks', async ({ ask }) => {
    const body = 'äbc'.repeat(200_000);
    let text = '';
    await ask(
      async (exchange) => {
        text = new TextDecoder().decode(await exchange.readBody(2_000_000));
        exchange.respond(200, []);
      },
      { body },
    );
    assert.ok(text === body);
  });

  it('reads an absent body as empty', async ({ ask }) => {
    let length = -1;
    await ask(
      async (exchange) => {
        length = (await exchange.readBody(10)).byteLength;
        exchange.respond(200, []);
      },
      { method: 'GET' },
    );
    assert.equal(length, 0);
  });

  it('refuses a body beyond the limit and still delivers the answer', async ({ ask }) => {
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
    assert.equal(response.status, 413);
    assert.equal(response.text(), 'OMNI_BODY_TOO_LARGE');
  });

  it('answers in one chunk with the length in bytes', async ({ ask }) => {
    const response = await ask((exchange) =>
      exchange.respond(200, ['Content-Type', 'application/json'], '{"ü":"🦜"}'),
    );
    assert.equal(response.header('content-length'), '13');
    assert.equal(response.text(), '{"ü":"🦜"}');
  });

  it('answers with bytes as they are', async ({ ask }) => {
    const response = await ask((exchange) => exchange.respond(200, [], new TextEncoder().encode('bytes ✓')));
    assert.equal(response.text(), 'bytes ✓');
  });

  it('answers without a body', async ({ ask }) => {
    const response = await ask((exchange) => exchange.respond(202, []));
    assert.equal(response.status, 202);
    assert.equal(response.receivedBytes, 0);
  });

  it('streams text and bytes in order', async ({ ask }) => {
    const response = await ask((exchange) => {
      const stream = exchange.stream(200, ['Content-Type', 'text/event-stream']);
      stream.write('data: ä\n\n');
      stream.write(new TextEncoder().encode('data: ✓\n\n'));
      stream.end();
    });
    assert.equal(response.header('content-type'), 'text/event-stream');
    assert.equal(response.text(), 'data: ä\n\ndata: ✓\n\n');
  });

  it('sends the head of a stream before its first chunk', async ({ start }) => {
    let end: () => void = () => {};
    const { url, client } = await start((exchange) => {
      const stream = exchange.stream(200, []);
      end = () => stream.end();
    });
    const response = new RecordingResponse();
    client.send({ method: 'GET', url: `${url}/`, headers: [] }, response);
    await response.head();
    assert.deepEqual(response.events, ['head']);
    end();
    await response.finished();
  });

  it('tells a writer to wait for a slow reader, and when to go on', async ({ start }) => {
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
    assert.equal(response.events.at(-1), 'end');
    assert.equal(drained, 2);
    assert.equal(response.receivedBytes, writtenBytes);
  });

  // guard: response/given-back-when-sent
  it('passes bytes on to a slow reader as they were, and leaves what stands beside them', async ({
    start,
  }) => {
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
    assert.ok(response.bytes().every((byte, at) => byte === expected[at]));
    assert.equal(response.receivedBytes, expected.byteLength);
    assert.ok(beside.every((byte) => byte === 7));
  });

  it('says that the client has gone, once', async ({ start }) => {
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
    assert.equal(goneCalls, 1);
  });

  it('does not call a client gone that has its answer', async ({ start, close }) => {
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
    await close();
    assert.equal(goneCalls, 0);
  });

  it('cuts the connection when a stream is destroyed', async ({ ask }) => {
    const response = await ask((exchange) => {
      const stream = exchange.stream(200, []);
      stream.write('half');
      stream.destroy();
    });
    assert.equal(response.error?.code, 'OMNI_UPSTREAM_UNREACHABLE');
    assert.ok(!response.events.includes('end'));
  });

  it('answers 500 when the handler throws or rejects, and lives on', async ({ start }) => {
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
      assert.doesNotMatch(response.text(), /planted/);
      if (response.status !== 500) continue;
      const { error } = JSON.parse(response.text());
      assert.deepEqual([error.code, error.data.code], [-32603, 'OMNI_INTERNAL']);
    }
    assert.deepEqual(statuses, [500, 500, 200]);
  });
}
