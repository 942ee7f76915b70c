import { describe, expect, it } from '@jest/globals';
import { FrontFixture, initializeText, legacyText, messageOf } from '../front.fixture.ts';

const GET = ['Host', 'localhost', 'Authorization', 'Bearer owner'];
const LOG = '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}}';
const CHANGED = '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}';

describe('legacy sessions over HTTP', () => {
  it('begin with initialize, which names version, capabilities and server', async () => {
    const front = new FrontFixture();
    front.views.instructionsText = 'Say "please"';
    const exchange = await front.post(initializeText());
    expect(exchange.status).toBe(200);
    expect(exchange.json()).toEqual({
      jsonrpc: '2.0',
      id: 'hello',
      result: {
        protocolVersion: '2025-11-25',
        capabilities: { tools: { listChanged: true }, experimental: { all: { era: 'legacy' } } },
        serverInfo: { name: 'omni', version: '1.2.3' },
        instructions: 'Say "please"',
      },
    });
    expect(exchange.responseHeader('mcp-session-id')).toMatch(/^[0-9a-f]{32}$/);
  });

  // guard: session/random-id
  it('have ids of their own', async () => {
    const front = new FrontFixture();
    expect((await front.session()).id).not.toBe((await front.session()).id);
  });

  it.each([
    ['2025-11-25', '2025-11-25'],
    ['2025-06-18', '2025-06-18'],
    ['2025-03-26', '2025-03-26'],
    ['2024-11-05', '2024-11-05'],
    ['2024-10-07', '2024-10-07'],
    ['2026-07-28', '2025-11-25'],
    ['1.0', '2025-11-25'],
    ['', '2025-11-25'],
  ])('that ask for version %s speak %s', async (asked, spoken) => {
    const exchange = await new FrontFixture().post(initializeText(asked));
    expect(exchange.json()).toMatchObject({ result: { protocolVersion: spoken } });
  });

  it.each([
    ['no parameters', ''],
    ['no version', '"capabilities":{},"clientInfo":{}'],
    ['a number as version', '"protocolVersion":1,"capabilities":{},"clientInfo":{}'],
    ['no capabilities', '"protocolVersion":"2025-11-25","clientInfo":{}'],
    ['capabilities of another type', '"protocolVersion":"2025-11-25","capabilities":[],"clientInfo":{}'],
    ['no client info', '"protocolVersion":"2025-11-25","capabilities":{}'],
  ])('do not begin with %s', async (_what, params) => {
    const front = new FrontFixture();
    const exchange = await front.post(legacyText('initialize', { params }));
    expect(exchange.status).toBe(400);
    expect(exchange.json()).toMatchObject({ id: 1, error: { code: -32602 } });
    expect(exchange.responseHeader('mcp-session-id')).toBeUndefined();
    expect(front.handler.getStatus().details).toMatchObject({ sessions: 0 });
  });

  it.each(['ping', 'tools/list', 'tools/call'])('are needed for %s', async (method) => {
    const exchange = await new FrontFixture().post(legacyText(method));
    expect(exchange.status).toBe(400);
    expect(exchange.json()).toMatchObject({
      id: 1,
      error: { code: -32600, data: { code: 'OMNI_SESSION_REQUIRED' } },
    });
  });

  it('are looked up for notifications and responses too', async () => {
    const front = new FrontFixture();
    const notification = await front.post('{"jsonrpc":"2.0","method":"notifications/initialized"}');
    const response = await front.post('{"jsonrpc":"2.0","id":1,"result":{}}', ['Mcp-Session-Id', 'forged']);
    expect(notification.status).toBe(400);
    expect(response.status).toBe(404);
  });

  it.each([
    'forged',
    '00000000-0000-4000-8000-000000000000',
    '../../etc/passwd',
    "' OR 1=1",
    'x'.repeat(10_000),
    '__proto__',
    'constructor',
  ])('are not found by the id %.40s', async (id) => {
    const front = new FrontFixture();
    await front.session();
    const exchange = await front.post(legacyText('ping'), ['Mcp-Session-Id', id]);
    expect(exchange.status).toBe(404);
    expect(exchange.json()).toMatchObject({ error: { code: -32001 } });
    expect(front.handler.getStatus().details).toMatchObject({ sessions: 1 });
  });

  // guard: session/principal
  it('look unknown to everybody else [PROTO-R06]', async () => {
    const front = new FrontFixture();
    const { id } = await front.session();
    const [stranger, unknown] = [
      await front.post(legacyText('ping'), ['Mcp-Session-Id', id], '/mcp', 'other'),
      await front.post(legacyText('ping'), ['Mcp-Session-Id', 'forged']),
    ];
    expect(stranger.status).toBe(404);
    expect(stranger.text()).toBe(unknown.text());
  });

  // guard: session/scope
  it('belong to the endpoint where they began', async () => {
    const front = new FrontFixture();
    const ofAll = await front.session();
    const ofFiles = await front.session({ path: '/mcp/files' });
    const statuses = [
      await front.post(legacyText('ping'), ['Mcp-Session-Id', ofAll.id], '/mcp/files'),
      await front.post(legacyText('ping'), ['Mcp-Session-Id', ofFiles.id], '/mcp/mail'),
      await front.post(legacyText('ping'), ['Mcp-Session-Id', ofFiles.id]),
      await ofFiles.request('ping'),
    ].map((exchange) => exchange.status);
    expect(statuses).toEqual([404, 404, 404, 200]);
  });

  it('take notifications and responses with 202 and no body', async () => {
    const session = await new FrontFixture().session();
    const answers = [
      await session.post('{"jsonrpc":"2.0","method":"notifications/initialized"}'),
      await session.post('{"jsonrpc":"2.0","id":"omni-1","result":{}}'),
      await session.post('{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"?"}}'),
    ];
    expect(answers.map((exchange) => [exchange.status, exchange.text()])).toEqual([
      [202, ''],
      [202, ''],
      [202, ''],
    ]);
  });

  it('end by DELETE, with all that belongs to them', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    const { exchange, call } = await session.call();
    const stream = await session.listen();
    const ended = await session.end();
    expect(ended.status).toBe(200);
    expect(call.cancels).toEqual(['the session has ended']);
    expect(exchange.events()).toEqual([]);
    expect(stream.state).toBe('ended');
    expect((await session.request('ping')).status).toBe(404);
    expect((await session.end()).status).toBe(404);
    expect(front.handler.getStatus().details).toMatchObject({ sessions: 0, inFlight: 0 });
  });

  it('are not ended by DELETE without or with a foreign id', async () => {
    const front = new FrontFixture();
    const { id } = await front.session();
    const none = await front.raw({ method: 'DELETE', headers: GET });
    const foreign = await front.raw({
      method: 'DELETE',
      headers: ['Host', 'localhost', 'Authorization', 'Bearer other', 'Mcp-Session-Id', id],
    });
    expect(none.status).toBe(400);
    expect(foreign.status).toBe(404);
    expect(front.handler.getStatus().details).toMatchObject({ sessions: 1 });
  });

  it('stop watching the offer when they end', async () => {
    const front = new FrontFixture();
    const before = front.views.watchers;
    const session = await front.session();
    expect(front.views.watchers).toBe(before + 1);
    await session.end();
    expect(front.views.watchers).toBe(before);
  });

  // guard: session/idle
  it('expire when they are idle [S003-RM-03]', async () => {
    const front = new FrontFixture({ sessionIdleMs: 1_000 });
    const [idle, used] = [await front.session(), await front.session()];
    front.clock.advance(900);
    await used.request('ping');
    front.clock.advance(100);
    expect((await idle.request('ping')).status).toBe(404);
    expect((await used.request('ping')).status).toBe(200);
  });

  // guard: session/busy
  it('do not expire while a call runs or a stream is open', async () => {
    const front = new FrontFixture({ sessionIdleMs: 1_000 });
    const [calling, listening] = [await front.session(), await front.session()];
    const { call } = await calling.call();
    const stream = await listening.listen();
    front.clock.advance(10_000);
    expect(front.handler.getStatus().details).toMatchObject({ sessions: 2 });
    call.result('{}');
    stream.leave();
    // Their time begins when they are no longer busy, whenever it was that they last asked.
    front.clock.advance(999);
    expect(front.handler.getStatus().details).toMatchObject({ sessions: 2 });
    front.clock.advance(501);
    expect(front.handler.getStatus().details).toMatchObject({ sessions: 0 });
    front.clock.advance(1_000);
    expect(front.clock.pendingTimers).toBe(0);
  });

  // guard: session/count
  it('are at most so many when all have a stream or a call', async () => {
    const front = new FrontFixture({ maxSessions: 1, sessionIdleMs: 1_000 });
    await (await front.session()).listen();
    const refused = await front.post(initializeText());
    expect(refused.status).toBe(503);
    expect(refused.json()).toMatchObject({
      id: 'hello',
      error: {
        code: -31020,
        message: '"owner" has 1 of 1 sessions and gets no more now (limits.maxSessions is 1)',
        data: { retryAfterS: 1 },
      },
    });
    expect(refused.responseHeader('retry-after')).toBe('1');
  });

  it('make room when they have been idle for their time, whoever they belong to', async () => {
    const front = new FrontFixture({ maxSessions: 1, sessionIdleMs: 1_000 });
    await front.session();
    front.clock.advance(1_000);
    expect((await front.post(initializeText(), [], '/mcp', 'other')).status).toBe(200);
  });

  it('make room for their own user with the one that is idle longest, at once, and the log hears of it', async () => {
    const front = new FrontFixture({ maxSessions: 3, sessionIdleMs: 1_800_000 });
    const [forgotten, used, listening] = [
      await front.session(),
      await front.session(),
      await front.session(),
    ];
    await listening.listen();
    front.clock.advance(10);
    await used.request('ping');
    expect((await front.post(initializeText())).status).toBe(200);
    expect((await forgotten.request('ping')).status).toBe(404);
    expect((await used.request('ping')).status).toBe(200);
    expect((await listening.request('ping')).status).toBe(200);
    expect(front.handler.getStatus().details).toMatchObject({ sessions: 3 });
    expect(front.infos).toContainEqual([
      'an idle session was ended to make room for others',
      { sessionId: 'http-1', user: 'owner', idleMs: 10 },
    ]);
  });

  it('make room for another user when theirs has more than an equal part', async () => {
    const front = new FrontFixture({ maxSessions: 4, sessionIdleMs: 1_800_000 });
    const many = [];
    for (let session = 0; session < 4; session++) many.push(await front.session());
    const opened = [];
    for (let session = 0; session < 2; session++) {
      const other = await front.session({ token: 'other' });
      await other.listen();
      opened.push(other);
    }
    // A third one would be more than half.
    expect((await front.post(initializeText(), [], '/mcp', 'other')).status).toBe(503);
    const alive = [];
    for (const session of [...many, ...opened]) alive.push((await session.request('ping')).status);
    expect(alive).toEqual([404, 404, 200, 200, 200, 200]);
  });

  it('leave room for others when one user listens with as many as there may be', async () => {
    const front = new FrontFixture({ maxSessions: 4 });
    for (let session = 0; session < 4; session++) await (await front.session()).listen();
    expect((await front.post(initializeText())).status).toBe(503);
    expect((await front.post(initializeText(), [], '/mcp', 'other')).status).toBe(200);
  });

  it('open no stream without an id', async () => {
    const exchange = await new FrontFixture().raw({
      method: 'GET',
      headers: [...GET, 'Accept', 'text/event-stream'],
    });
    expect(exchange.status).toBe(405);
    expect(exchange.responseHeader('allow')).toBe('POST');
  });

  it.each(['', 'application/json', 'text/html'])('open no stream for Accept "%s"', async (accept) => {
    const session = await new FrontFixture().session();
    expect((await session.listen(accept)).status).toBe(406);
  });

  it('open no stream for an id that is unknown [PROTO-R06]', async () => {
    const front = new FrontFixture();
    const exchange = await front.raw({
      method: 'GET',
      headers: [...GET, 'Accept', 'text/event-stream', 'Mcp-Session-Id', 'forged'],
    });
    expect(exchange.status).toBe(404);
  });

  it('have one stream at a time: a second one takes the place of the first, whose client may be gone', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    const first = await session.listen();
    const second = await session.listen();
    expect([first.status, second.status]).toEqual([200, 200]);
    front.views.change(['tools']);
    expect(second.events()).toEqual([CHANGED]);
    expect(first.events()).toEqual([]);
  });

  it('send what belongs to no request on their stream', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    const stream = await session.listen();
    front.views.change(['tools', 'prompts']);
    expect(stream.events()).toEqual([CHANGED, CHANGED.replace('tools', 'prompts')]);
  });

  // guard: session/changes
  it('announce changes of their own endpoint only [S003-PH-02]', async () => {
    const front = new FrontFixture();
    const [ofAll, ofFiles] = [
      await (await front.session()).listen(),
      await (await front.session({ path: '/mcp/files' })).listen(),
    ];
    front.views.change(['tools']);
    front.views.change(['prompts'], 'files');
    front.views.change(['resources'], 'mail');
    expect(ofAll.events()).toEqual([CHANGED]);
    expect(ofFiles.events()).toEqual([CHANGED.replace('tools', 'prompts')]);
  });

  it('announce changes to those only who are offered something else now', async () => {
    const front = new FrontFixture();
    const [plain, capable] = [
      await (await front.session()).listen(),
      await (await front.session({ capabilities: '{"roots":{}}' })).listen(),
    ];
    front.views.change(['tools'], undefined, ({ capabilities }) => capabilities !== '{}');
    expect(plain.events()).toEqual([]);
    expect(capable.events()).toEqual([CHANGED]);
  });

  // guard: stream/waiting-count
  it('keep messages for the stream that opens later, the newest hundred', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    const { call } = await session.call();
    const owner = call.request.client.session;
    for (let n = 0; n < 101; n++) owner?.onNotification('files', messageOf(LOG.replace('1}', `${n}}`)));
    const stream = await session.listen();
    expect(stream.events()).toHaveLength(100);
    expect(stream.events()[0]).toBe(LOG);
    expect(stream.events()[99]).toBe(LOG.replace('1}', '100}'));
  });

  // guard: stream/waiting-length
  it('keep no more than a million characters for the stream that opens later', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    const { call } = await session.call();
    const owner = call.request.client.session;
    const long = messageOf(LOG.replace('1}', `"${'x'.repeat(300_000)}"}`));
    for (let n = 0; n < 5; n++) owner?.onNotification('files', long);
    expect((await session.listen()).events()).toHaveLength(3);
  });

  it('keep their stream alive', async () => {
    const front = new FrontFixture();
    const stream = await (await front.session()).listen();
    front.clock.advance(15_000);
    front.views.change(['tools']);
    front.clock.advance(14_000);
    expect(stream.text().split(': keep-alive\n\n')).toHaveLength(2);
    front.clock.advance(1_000);
    expect(stream.text().split(': keep-alive\n\n')).toHaveLength(3);
  });

  it('do not ask later what a client was too far behind to be asked', async () => {
    const front = new FrontFixture();
    const session = await front.session({ capabilities: '{"roots":{}}' });
    const { call } = await session.call();
    const stream = await session.listen();
    stream.backlogBytes = 1024 * 1024 + 1;
    const answers: unknown[] = [];
    call.request.client.session?.onServerRequest(
      'files',
      messageOf('{"jsonrpc":"2.0","id":1,"method":"roots/list"}'),
      (answer) => answers.push(answer),
    );
    expect(stream.state).toBe('destroyed');
    expect((await session.listen()).events()).toEqual([]);
    expect(answers).toMatchObject([{ code: 'OMNI_METHOD_UNKNOWN' }]);
  });

  // guard: stream/slow-reader
  it('give a stream up whose client reads nothing, and keep what comes for the next', async () => {
    const front = new FrontFixture({ sessionIdleMs: 1_000 });
    const session = await front.session();
    const stream = await session.listen();
    front.clock.advance(60_000);
    stream.backlogBytes = 1024 * 1024 + 1;
    front.views.change(['tools']);
    expect(stream.state).toBe('destroyed');
    // The session was in use until now.
    front.clock.advance(999);
    expect((await session.listen()).events()).toEqual([CHANGED]);
  });

  it('do not give a stream up for one big message', async () => {
    const front = new FrontFixture();
    const stream = await (await front.session()).listen();
    stream.backlogBytes = 1024 * 1024;
    front.views.change(['tools']);
    expect(stream.state).toBe('streaming');
    expect(stream.events()).toEqual([CHANGED]);
  });

  it('open no second session for initialize in a batch', async () => {
    const front = new FrontFixture();
    const session = await front.session({ version: '2025-03-26' });
    const batch = await session.post(`[${initializeText()}]`);
    expect(batch.json()).toMatchObject([{ id: 'hello', error: { code: -32600 } }]);
    expect(front.handler.getStatus().details).toMatchObject({ sessions: 1 });
  });
});
