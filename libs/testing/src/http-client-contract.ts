import type { Exchange, GatewayError, HttpClient } from '@omni/ports';
import { afterEach, expect, it } from '@jest/globals';
import { emptyBuffer } from './empty-buffer.ts';
import { RecordingResponse } from './recording-response.ts';

/** A running server whose every request goes to one function. */
export interface RunningOrigin {
  /** E.g. `http://127.0.0.1:4711`; no slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

/** What the HTTP contracts run on: a front and a client of the same runtime. */
export interface HttpRuntime {
  startOrigin(handle: (exchange: Exchange) => void | Promise<void>): Promise<RunningOrigin>;
  createClient(): HttpClient;
  /** An address where nothing listens. */
  readonly deadUrl: string;
}

/** What every `HttpClient` must do; each adapter's test file calls this. */
export function httpClientContract(runtime: HttpRuntime): void {
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

  it('sends method, path, query, headers and body, and gives the answer in order', async () => {
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
    expect(seen).toEqual(['POST', '/mcp/a%2Fb', 'x=1&y=', 'hello', '{"ü":1}']);
    expect(response.status).toBe(201);
    expect(response.header('content-type')).toBe('text/plain');
    expect(response.header('x-twice')).toBe('a, b');
    expect(response.text()).toBe('täglich');
    expect(response.events[0]).toBe('head');
    expect(response.events.at(-1)).toBe('end');
  });

  // guard: outgoing/redirect
  it('does not follow redirects', async () => {
    const { url, client } = await start((exchange) => exchange.respond(307, ['Location', '/elsewhere']));
    const response = new RecordingResponse();
    client.send({ method: 'POST', url: `${url}/`, headers: [], body: '{}' }, response);
    await response.finished();
    expect(response.status).toBe(307);
    expect(response.header('location')).toBe('/elsewhere');
  });

  it('gives the chunks of a stream as they come', async () => {
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
    expect(response.text()).toBe('data: 1\n\ndata: 2\n\n');
  });

  it('says nothing before sending has returned, and nothing after an abort', async () => {
    let gone: () => void = () => {};
    const isGone = new Promise<void>((resolve) => (gone = resolve));
    const { url, client } = await start((exchange) => {
      exchange.onGone(gone);
      exchange.stream(200, []).write('x');
    });
    const response = new RecordingResponse();
    const call = client.send({ method: 'GET', url: `${url}/`, headers: [] }, response);
    expect(response.events).toEqual([]);
    await response.head();
    const before = response.events.length;
    call.abort();
    call.abort();
    await isGone;
    expect(response.events.length).toBe(before);
  });

  it('sends nothing when it is aborted at once', async () => {
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
    expect(aborted.events).toEqual([]);
    expect(requests).toBe(1);
  });

  it.each(['keep-alive', 'close'])(
    'gives chunks away once the next one has come, also while it is paused (%s)',
    async (connection) => {
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
      expect(await ended).toBeUndefined();
      expect(text === body).toBe(true);
    },
  );

  it('stops reading while paused', async () => {
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
    expect(response.receivedBytes).toBe(paused);
    call.resume();
    await response.until(() => response.receivedBytes > paused + 1_000_000);
    call.abort();
  });

  it('names a server that cannot be connected, without query and credentials', async () => {
    const client = runtime.createClient();
    opened.push(client);
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
    expect(response.error).toMatchObject({ code: 'OMNI_UPSTREAM_UNREACHABLE', data: { phase: 'connect' } });
    expect(response.error?.message).toContain(new URL(runtime.deadUrl).host);
    expect(response.error?.message).not.toContain('hidden');
  });

  it('names a server that hangs up without an answer', async () => {
    const { url, client } = await start((exchange) => exchange.stream(200, []).destroy());
    const response = new RecordingResponse();
    client.send({ method: 'POST', url: `${url}/`, headers: [], body: '{}' }, response);
    await response.finished();
    expect(response.error).toMatchObject({ code: 'OMNI_UPSTREAM_UNREACHABLE' });
  });

  it('names an answer that breaks off', async () => {
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
    expect(response.error).toMatchObject({ code: 'OMNI_UPSTREAM_UNREACHABLE', data: { phase: 'body' } });
    expect(response.events).not.toContain('end');
  });

  // guard: outgoing/scheme
  it('refuses a URL that is not HTTP', async () => {
    const client = runtime.createClient();
    opened.push(client);
    const response = new RecordingResponse();
    client.send({ method: 'GET', url: 'file:///etc/hostname', headers: [] }, response);
    expect(response.events).toEqual([]);
    await response.finished();
    expect(response.error).toMatchObject({ code: 'OMNI_UPSTREAM_UNREACHABLE', data: { phase: 'connect' } });
  });

  it('ends what runs when it is closed', async () => {
    const { url, client } = await start((exchange) => void exchange.stream(200, []).write('x'));
    const response = new RecordingResponse();
    client.send({ method: 'GET', url: `${url}/`, headers: [] }, response);
    await response.head();
    await client.close();
    await response.finished();
    expect(response.error).toMatchObject({ code: 'OMNI_UPSTREAM_UNREACHABLE' });
    const late = new RecordingResponse();
    client.send({ method: 'GET', url: `${url}/`, headers: [] }, late);
    await late.finished();
    expect(late.error).toMatchObject({ code: 'OMNI_UPSTREAM_UNREACHABLE', data: { phase: 'connect' } });
  });
}

/** One more exchange beside the one under test; the origin streams, so one byte is enough. */
async function oneByte(client: HttpClient, url: string): Promise<void> {
  const response = new RecordingResponse();
  const call = client.send({ method: 'GET', url: `${url}/`, headers: [] }, response);
  await response.until(() => response.receivedBytes > 0);
  call.abort();
}
