import assert from 'node:assert/strict';
import type { GatewayError, HttpClient } from '@omni/ports';
import type { DefineTest } from './define-test.ts';
import { emptyBuffer } from '../empty-buffer.ts';
import { onHttp, type HttpRuntime } from './http-scene.ts';
import { RecordingResponse } from '../recording-response.ts';

/**
 * What every `HttpClient` must do; each adapter's test file calls this.
 *
 * @param defineTest - `it` of the runner.
 */
export function httpClientContract(defineTest: DefineTest, runtime: HttpRuntime): void {
  const it = onHttp(defineTest, runtime);

  it('sends method, path, query, headers and body, and gives the answer in order', async ({ start }) => {
    const seen: unknown[] = [];
    const { url, client } = await start(async (exchange) => {
      const body = new TextDecoder().decode(await exchange.readBody(1_000));
      seen.push(exchange.method, exchange.path, exchange.query, exchange.header('x-note'), body);
      exchange.respond(201, ['Content-Type', 'text/plain', 'X-Twice', 'a', 'X-Twice', 'b'], 'täglich');
    });
    const response = new RecordingResponse();
    client.send(
      { method: 'POST', url: `${url}/mcp/a%2Fb?x=1&y=`, headers: ['X-Note', 'hello'], body: '{"ü":1}' },
      response,
    );
    await response.finished();
    assert.deepEqual(seen, ['POST', '/mcp/a%2Fb', 'x=1&y=', 'hello', '{"ü":1}']);
    assert.equal(response.status, 201);
    assert.equal(response.header('content-type'), 'text/plain');
    assert.equal(response.header('x-twice'), 'a, b');
    assert.equal(response.text(), 'täglich');
    assert.equal(response.events[0], 'head');
    assert.equal(response.events.at(-1), 'end');
  });

  // guard: outgoing/redirect
  it('does not follow redirects', async ({ start }) => {
    const { url, client } = await start((exchange) => exchange.respond(307, ['Location', '/elsewhere']));
    const response = new RecordingResponse();
    client.send({ method: 'POST', url: `${url}/`, headers: [], body: '{}' }, response);
    await response.finished();
    assert.equal(response.status, 307);
    assert.equal(response.header('location'), '/elsewhere');
  });

  it('gives the chunks of a stream as they come', async ({ start }) => {
    let sendRest: () => void = () => {};
    const { url, client } = await start((exchange) => {
      const stream = exchange.stream(200, ['Content-Type', 'text/event-stream']);
      stream.write('data: 1\n\n');
      sendRest = () => {
        stream.write('data: 2\n\n');
        stream.end();
      };
    });
    const response = new RecordingResponse();
    client.send({ method: 'GET', url: `${url}/`, headers: [] }, response);
    await response.until(() => response.text() === 'data: 1\n\n');
    sendRest();
    await response.finished();
    assert.equal(response.text(), 'data: 1\n\ndata: 2\n\n');
  });

  it('says nothing before sending has returned, and nothing after an abort', async ({ start }) => {
    let gone: () => void = () => {};
    const isGone = new Promise<void>((resolve) => (gone = resolve));
    const { url, client } = await start((exchange) => {
      exchange.onGone(gone);
      exchange.stream(200, []).write('x');
    });
    const response = new RecordingResponse();
    const call = client.send({ method: 'GET', url: `${url}/`, headers: [] }, response);
    assert.deepEqual(response.events, []);
    await response.head();
    const before = response.events.length;
    call.abort();
    call.abort();
    await isGone;
    assert.equal(response.events.length, before);
  });

  it('sends nothing when it is aborted at once', async ({ start }) => {
    let requests = 0;
    const { url, client } = await start((exchange) => {
      requests += 1;
      exchange.respond(200, []);
    });
    const aborted = new RecordingResponse();
    client.send({ method: 'POST', url: `${url}/aborted`, headers: [], body: '{}' }, aborted).abort();
    const response = new RecordingResponse();
    client.send({ method: 'GET', url: `${url}/`, headers: [] }, response);
    await response.finished();
    assert.deepEqual(aborted.events, []);
    assert.equal(requests, 1);
  });

  for (const connection of ['keep-alive', 'close'])
    it(`gives chunks away once the next one has come, also while it is paused (${connection})`, async ({
      start,
    }) => {
      const body = 'ä'.repeat(1_000_000);
      const { url, client } = await start((exchange) =>
        exchange.respond(200, ['Connection', connection], body),
      );
      let text = '';
      let last: Uint8Array | undefined;
      const decoder = new TextDecoder();
      const ended = new Promise<GatewayError | undefined>((resolve) => {
        const call = client.send(
          { method: 'GET', url: `${url}/`, headers: [] },
          {
            onHead: () => {},
            onData: (chunk) => {
              text += decoder.decode(chunk, { stream: true });
              if (last !== undefined) emptyBuffer(last);
              last = chunk;
              call.pause();
              setTimeout(() => call.resume(), 0);
            },
            onEnd: () => resolve(undefined),
            onError: resolve,
          },
        );
      });
      assert.equal(await ended, undefined);
      assert.ok(text === body);
    });

  it('stops reading while paused', async ({ start }) => {
    const { url, client } = await start((exchange) => {
      const stream = exchange.stream(200, []);
      const fill = (): void => {
        while (stream.write('x'.repeat(16_384)));
        stream.onDrain(fill);
      };
      exchange.onGone(() => {});
      stream.write('x');
      stream.onDrain(fill);
    });
    const response = new RecordingResponse();
    const call = client.send({ method: 'GET', url: `${url}/`, headers: [] }, response);
    await response.until(() => response.receivedBytes > 1_000_000);
    call.pause();
    // Another exchange's round trips give data in flight time to arrive.
    for (let round = 0; round < 5; round += 1) await oneByte(client, url);
    const paused = response.receivedBytes;
    for (let round = 0; round < 20; round += 1) await oneByte(client, url);
    assert.equal(response.receivedBytes, paused);
    call.resume();
    await response.until(() => response.receivedBytes > paused + 1_000_000);
    call.abort();
  });

  it('names a server that cannot be connected, without query and credentials', async ({ createClient }) => {
    const client = createClient();
    const response = new RecordingResponse();
    client.send(
      {
        method: 'POST',
        url: `${runtime.deadUrl}/mcp?key=hidden`,
        headers: ['Authorization', 'Bearer hidden'],
        body: '{}',
      },
      response,
    );
    await response.finished();
    assertUnreachable(response, 'connect');
    const said = response.error?.message ?? '';
    assert.ok(said.includes(new URL(runtime.deadUrl).host), said);
    assert.doesNotMatch(said, /hidden/);
  });

  it('names a server that hangs up without an answer', async ({ start }) => {
    const { url, client } = await start((exchange) => exchange.stream(200, []).destroy());
    const response = new RecordingResponse();
    client.send({ method: 'POST', url: `${url}/`, headers: [], body: '{}' }, response);
    await response.finished();
    assertUnreachable(response);
  });

  it('names an answer that breaks off', async ({ start }) => {
    let cut: () => void = () => {};
    const { url, client } = await start((exchange) => {
      const stream = exchange.stream(200, []);
      stream.write('half');
      cut = () => stream.destroy();
    });
    const response = new RecordingResponse();
    client.send({ method: 'GET', url: `${url}/`, headers: [] }, response);
    await response.until(() => response.text() === 'half');
    cut();
    await response.finished();
    assertUnreachable(response, 'body');
    assert.ok(!response.events.includes('end'));
  });

  // guard: outgoing/scheme
  it('refuses a URL that is not HTTP', async ({ createClient }) => {
    const client = createClient();
    const response = new RecordingResponse();
    client.send({ method: 'GET', url: 'file:///etc/hostname', headers: [] }, response);
    assert.deepEqual(response.events, []);
    await response.finished();
    assertUnreachable(response, 'connect');
  });

  it('ends what runs when it is closed', async ({ start }) => {
    const { url, client } = await start((exchange) => void exchange.stream(200, []).write('x'));
    const response = new RecordingResponse();
    client.send({ method: 'GET', url: `${url}/`, headers: [] }, response);
    await response.head();
    await client.close();
    await response.finished();
    assertUnreachable(response);
    const late = new RecordingResponse();
    client.send({ method: 'GET', url: `${url}/`, headers: [] }, late);
    await late.finished();
    assertUnreachable(late, 'connect');
  });
}

/** One more exchange beside the one under test; the origin streams, so one byte is enough. */
async function oneByte(client: HttpClient, url: string): Promise<void> {
  const response = new RecordingResponse();
  const call = client.send({ method: 'GET', url: `${url}/`, headers: [] }, response);
  await response.until(() => response.receivedBytes > 0);
  call.abort();
}

/** @param phase - How far the call had come, where that is promised. */
function assertUnreachable({ error }: RecordingResponse, phase?: 'connect' | 'body'): void {
  assert.equal(error?.code, 'OMNI_UPSTREAM_UNREACHABLE');
  if (phase !== undefined) assert.equal(error?.data?.['phase'], phase);
}
