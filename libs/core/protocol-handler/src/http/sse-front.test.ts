import { endpointOf } from '@omni/model';
import { GatewayError } from '@omni/ports';
import type { RecordingExchange, RecordedRequest } from '@omni/testing';
import { describe, expect, it } from '@jest/globals';
import { FrontFixture, initializeText, legacyText } from '../front.fixture.ts';

const MIB = 1024 * 1024;
const PROGRESS =
  '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":1}}';

function headersOf(token: string, more: readonly string[]): readonly string[] {
  return ['Host', 'localhost', 'Authorization', `Bearer ${token}`, ...more];
}

/** A client of HTTP+SSE: its stream, and what it posts. */
class SseClient {
  readonly stream: RecordingExchange;
  readonly query: string;
  readonly #front: FrontFixture;

  constructor(front: FrontFixture, stream: RecordingExchange) {
    this.#front = front;
    this.stream = stream;
    this.query =
      /^event: endpoint\ndata: \/messages\?(sessionId=[0-9a-f]{32})\n\n/.exec(stream.text())?.[1] ?? '';
  }

  post(
    body: RecordedRequest['body'],
    { token = 'owner', more = ['Content-Type', 'application/json'], query = this.query }: PostOptions = {},
  ): Promise<RecordingExchange> {
    return this.#front.raw({
      path: '/messages',
      query,
      headers: headersOf(token, more),
      ...(body === undefined ? {} : { body }),
    });
  }

  /** The messages so far. */
  get messages(): readonly unknown[] {
    return this.stream
      .events()
      .slice(1)
      .map((text): unknown => JSON.parse(text));
  }
}

interface PostOptions {
  readonly token?: string;
  readonly more?: readonly string[];
  readonly query?: string;
}

function front(limits: ConstructorParameters<typeof FrontFixture>[0] = {}): FrontFixture {
  return new FrontFixture(limits, { legacySse: true });
}

function listen(
  fixture: FrontFixture,
  { path = '/sse', token = 'owner', method = 'GET', more = ['Accept', 'text/event-stream'] } = {},
): Promise<RecordingExchange> {
  return fixture.raw({ method, path, headers: headersOf(token, more) });
}

async function connect(
  fixture: FrontFixture,
  path = '/sse',
  version = '2024-11-05',
  capabilities = '{}',
): Promise<SseClient> {
  const client = new SseClient(fixture, await listen(fixture, { path }));
  await client.post(initializeText(version, capabilities));
  return client;
}

const call = (id: string): string => legacyText('tools/call', { id, params: '"name":"files__read"' });

describe('HTTP+SSE', () => {
  it('is off unless it is switched on', async () => {
    const fixture = new FrontFixture();
    const answers = [
      await listen(fixture),
      await listen(fixture, { path: '/sse/files' }),
      await fixture.raw({ path: '/messages', headers: headersOf('owner', []) }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
  });

  it('begins with the address to post to', async () => {
    const { stream, query } = new SseClient(front(), await listen(front()));
    expect(stream.status).toBe(200);
    expect(stream.responseHeader('content-type')).toBe('text/event-stream');
    expect(query).toMatch(/^sessionId=/);
  });

  it('takes messages with 202 and answers them on the stream', async () => {
    const fixture = front();
    const client = await connect(fixture);
    const posted = await client.post(call('7'));
    fixture.dispatch.last.notify(PROGRESS);
    fixture.dispatch.last.result('{"done":true}');
    expect(posted.status).toBe(202);
    expect(posted.text()).toBe('');
    expect(client.messages).toMatchObject([
      { id: 'hello', result: { protocolVersion: '2024-11-05' } },
      { method: 'notifications/progress' },
      { id: 7, result: { done: true } },
    ]);
  });

  it.each(['2024-10-07', '2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'])(
    'speaks version %s, without ids of events',
    async (version) => {
      const client = await connect(front(), '/sse', version);
      expect(client.messages).toMatchObject([{ result: { protocolVersion: version } }]);
      expect(client.stream.identifiedEvents().every(({ id }) => id === undefined)).toBe(true);
    },
  );

  it('serves one server at an address of its own', async () => {
    const fixture = front();
    const client = await connect(fixture, '/sse/files');
    await client.post(call('1'));
    const { endpoint, era, principal, session } = fixture.dispatch.last.request.client;
    expect(endpoint).toEqual(endpointOf('files'));
    expect(era).toBe('legacy');
    expect(principal.id).toBe('owner');
    expect(session?.key).toBe('channel-1');
    expect((await listen(fixture, { path: '/sse/none' })).status).toBe(404);
  });

  it('asks the client on the same stream', async () => {
    const fixture = front();
    const client = await connect(fixture, '/sse', '2024-11-05', '{"roots":{}}');
    await client.post(call('1'));
    const answers: unknown[] = [];
    fixture.dispatch.last.ask('{"jsonrpc":"2.0","id":5,"method":"roots/list"}', (answer) =>
      answers.push(answer),
    );
    await client.post('{"jsonrpc":"2.0","id":"omni-1","result":{"roots":[]}}');
    expect(client.messages[1]).toMatchObject({ id: 'omni-1', method: 'roots/list' });
    expect(answers).toMatchObject([{ id: '"omni-1"' }]);
  });

  it('announces changes', async () => {
    const fixture = front();
    const client = await connect(fixture);
    fixture.views.change(['tools']);
    expect(client.messages[1]).toEqual({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
  });

  it('ends with its stream, and what runs with it', async () => {
    const fixture = front();
    const client = await connect(fixture);
    await client.post(call('1'));
    client.stream.leave();
    expect(fixture.dispatch.last.cancels).toEqual(['the connection was closed']);
    expect(fixture.handler.getStatus().details).toMatchObject({ connections: 0, inFlight: 0 });
    expect(fixture.clock.pendingTimers).toBe(1);
    expect((await client.post(call('2'))).status).toBe(404);
    fixture.clock.advance(1_000);
    expect(fixture.clock.pendingTimers).toBe(0);
  });

  // guard: sse/principal
  it('looks unknown to everybody else, and takes nothing from them', async () => {
    const fixture = front();
    const client = await connect(fixture);
    const [stranger, forged] = [
      await client.post(call('1'), { token: 'other' }),
      await client.post(call('1'), { query: 'sessionId=forged' }),
    ];
    expect(stranger.status).toBe(404);
    expect(stranger.text()).toBe(forged.text());
    expect(fixture.dispatch.calls).toHaveLength(0);
    expect((await client.post(call('1'))).status).toBe(202);
  });

  it.each(['', 'sessionId=', 'sessionid=1', 'x'.repeat(1_000)])(
    'takes no message for the query "%.20s"',
    async (query) => {
      const client = await connect(front());
      const refused = await client.post(call('1'), { query });
      expect(refused.status).toBe(400);
      expect(refused.json()).toMatchObject({ error: { data: { code: 'OMNI_SESSION_REQUIRED' } } });
    },
  );

  // guard: request/body-limit-on-sse
  it.each([
    ['no JSON', '{', 400, 'OMNI_JSON_INVALID'],
    ['bytes that are not UTF-8', new Uint8Array([0x22, 0xff, 0x22]), 400, 'OMNI_JSON_INVALID'],
    ['no message', '{"jsonrpc":"2.0"}', 400, 'OMNI_MESSAGE_INVALID'],
    ['too much', `"${'x'.repeat(20_000)}"`, 413, 'OMNI_BODY_TOO_LARGE'],
  ])('refuses %s', async (_what, body, status, code) => {
    const client = await connect(front());
    const refused = await client.post(body);
    expect(refused.status).toBe(status);
    expect(refused.json()).toMatchObject({ error: { data: { code } } });
    expect(client.messages).toHaveLength(1);
  });

  // guard: sse/content-type
  it('refuses bodies of another type, and does not ask what is accepted', async () => {
    const client = await connect(front());
    const statuses = [
      await client.post(call('1'), { more: ['Content-Type', 'text/plain'] }),
      await client.post(call('2'), {
        more: ['Content-Type', 'application/json', 'Content-Encoding', 'gzip'],
      }),
      await client.post(call('3'), {
        more: ['Content-Type', 'application/json; charset=utf-8', 'Accept', 'text/plain'],
      }),
    ].map(({ status }) => status);
    expect(statuses).toEqual([415, 415, 202]);
  });

  it.each([
    ['POST', '/sse', 'GET'],
    ['DELETE', '/sse/files', 'GET'],
    ['GET', '/messages', 'POST'],
  ])('answers %s %s with 405', async (method, path, allowed) => {
    const refused = await listen(front(), { method, path });
    expect(refused.status).toBe(405);
    expect(refused.responseHeader('allow')).toBe(allowed);
  });

  it('checks Host, Origin, token and Accept as elsewhere', async () => {
    const fixture = front();
    const get = (headers: readonly string[], path = '/sse', method = 'GET'): Promise<RecordingExchange> =>
      fixture.raw({ method, path, headers });
    const events = ['Accept', 'text/event-stream'];
    const owner = ['Authorization', 'Bearer owner'];
    const answers = [
      await get(['Host', 'evil', ...owner, ...events]),
      await get(['Host', 'localhost', 'Origin', 'https://evil', ...owner, ...events]),
      await get(['Host', 'localhost', ...events]),
      await get(['Host', 'localhost', ...owner, 'Accept', 'application/json']),
      await get(['Host', 'evil', ...owner], '/messages', 'POST'),
      await get(['Host', 'localhost'], '/messages', 'POST'),
      await get(['Host', 'localhost', ...owner, ...events]),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 401, 406, 403, 401, 200]);
    expect(answers[2]?.responseHeader('www-authenticate')).toBe('Bearer realm="omni"');
  });

  // guard: sse/count
  it('counts against the limit of sessions', async () => {
    const fixture = front({ maxSessions: 2 });
    await (await fixture.session()).listen();
    const first = await listen(fixture);
    const refused = await listen(fixture);
    first.leave();
    const second = await listen(fixture);
    expect(first.status).toBe(200);
    expect(refused.status).toBe(503);
    expect(second.status).toBe(200);
  });

  it('takes the place of an idle session, and leaves places to others', async () => {
    const fixture = front({ maxSessions: 2 });
    const [left, listening] = [await fixture.session(), await fixture.session()];
    await listening.listen();
    expect((await listen(fixture)).status).toBe(200);
    expect((await left.request('ping')).status).toBe(404);
    expect((await listen(fixture)).status).toBe(503);
    expect((await listen(fixture, { token: 'other' })).status).toBe(200);
    expect((await listening.request('ping')).status).toBe(200);
  });

  it('is kept alive', async () => {
    const fixture = front();
    const client = await connect(fixture);
    fixture.clock.advance(14_000);
    fixture.views.change(['tools']);
    fixture.clock.advance(14_000);
    expect(client.stream.text()).not.toContain(': keep-alive');
    fixture.clock.advance(1_000);
    expect(client.stream.text()).toContain(': keep-alive\n\n');
  });

  // guard: sse/slow-reader
  it('gives up a client that does not read', async () => {
    const fixture = front();
    const client = await connect(fixture);
    await client.post(call('1'));
    client.stream.backlogBytes = 64 * MIB;
    fixture.dispatch.last.notify(PROGRESS);
    expect(client.stream.state).toBe('streaming');
    client.stream.backlogBytes++;
    fixture.dispatch.last.notify(PROGRESS);
    expect(client.stream.state).toBe('destroyed');
    expect(fixture.dispatch.last.cancels).toEqual(['the connection was closed']);
    expect(fixture.handler.getStatus().details).toMatchObject({ connections: 0 });
    expect(fixture.complaints).toHaveLength(1);
  });

  // guard: sse/ended-meanwhile
  it('drops a message that comes when the stream has ended meanwhile', async () => {
    const fixture = front();
    const client = await connect(fixture);
    const posting = client.post(call('1'));
    client.stream.leave();
    expect((await posting).status).toBe(404);
    expect(fixture.dispatch.calls).toHaveLength(0);
  });

  it('answers what runs and ends when Omni stops, and takes nobody after', async () => {
    const fixture = front();
    const client = await connect(fixture);
    await client.post(call('1'));
    const stopping = fixture.handler.stop({ deadlineMs: 0 });
    const late = await listen(fixture);
    await fixture.clock.advanceAsync(0);
    await stopping;
    expect(late.status).toBe(503);
    expect(client.messages[1]).toMatchObject({ id: 1, error: { data: { code: 'OMNI_SHUTTING_DOWN' } } });
    expect(client.stream.state).toBe('ended');
  });

  it('answers a handshake that fails inside', async () => {
    const fixture = front();
    fixture.views.failure = new GatewayError('OMNI_INTERNAL', 'secret');
    const client = await connect(fixture);
    expect(client.messages).toMatchObject([{ id: 'hello', error: { code: -32603 } }]);
  });
});
