import { RecordingExchange, RecordingListener } from '@omni/testing';
import type { ChannelListener, MessageChannel, OpenChannel } from '@omni/ports';
import { ALL_SERVERS, createChannelPair, endpointOf } from '@omni/model';
import { describe, expect, it } from '@jest/globals';
import type { EndpointRequest } from './http/endpoint-request.ts';
import { FrontFixture, initializeText, legacyText, LOCAL, modernText } from './front.fixture.ts';

const CALL = { params: '"name":"x"', name: 'x' };
const PROGRESS =
  '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}';

/** A channel that can break. */
class BreakablePipe implements MessageChannel {
  readonly received: string[] = [];
  isBroken = false;
  #listener: ChannelListener | undefined;

  readonly open: OpenChannel = (listener) => {
    this.#listener = listener;
    return this;
  };

  say(text: string): void {
    this.#listener?.onMessage(text);
  }

  send(text: string): boolean {
    if (this.isBroken) throw new RangeError('EPIPE');
    this.received.push(text);
    return true;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** A good request but for what is given. */
function asking(path: string, headers: Readonly<Record<string, string>> = {}): EndpointRequest {
  const all = { host: 'localhost', authorization: 'Bearer owner', ...headers };
  return new RecordingExchange({ method: 'GET', path, headers: Object.entries(all).flat() });
}

describe('ProtocolHandler', () => {
  it('advertises what the offer says [S003-PH-02]', () => {
    const front = new FrontFixture();
    expect(front.handler.advertise()).toEqual({
      supportedVersions: ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05', '2024-10-07'],
      capabilities: front.views.of({ endpoint: ALL_SERVERS, era: 'modern', capabilities: '{}' }).capabilities,
    });
  });

  it.each([
    ['/mcp', { kind: 'admitted', principal: { id: 'owner' }, endpoint: ALL_SERVERS }],
    ['/mcp/files', { kind: 'admitted', endpoint: endpointOf('files') }],
    ['/mcp/nowhere', { kind: 'refused', error: { code: 'OMNI_SERVER_UNKNOWN' } }],
    ['/health/live', { kind: 'refused', error: { code: 'OMNI_PATH_UNKNOWN' } }],
  ])('decides about a channel to %s as about a request', (path, decision) => {
    const front = new FrontFixture();
    expect(front.handler.admitChannel(asking(path))).toMatchObject(decision);
  });

  it.each([
    ['host', 'evil.example', 'OMNI_HOST_FORBIDDEN', []],
    ['origin', 'https://evil.example', 'OMNI_ORIGIN_FORBIDDEN', []],
    ['authorization', 'Bearer wrong', 'OMNI_AUTH_REQUIRED', ['WWW-Authenticate', expect.any(String)]],
  ])('refuses a channel by its %s', (name, value, code, headers) => {
    const front = new FrontFixture();
    expect(front.handler.admitChannel(asking('/mcp', { [name]: value }))).toMatchObject({
      kind: 'refused',
      error: { code },
      headers,
    });
    expect(front.handler.admitChannel(asking('/mcp'))).toMatchObject({ kind: 'admitted' });
  });

  it('admits no channel once it stops', async () => {
    const front = new FrontFixture();
    await front.handler.stop({ deadlineMs: 0 });
    expect(front.handler.admitChannel(asking('/mcp'))).toMatchObject({
      kind: 'refused',
      error: { code: 'OMNI_SHUTTING_DOWN' },
    });
  });

  it('says what is open', async () => {
    const front = new FrontFixture();
    await front.session();
    await front.modern('tools/call', CALL);
    await front.modern('subscriptions/listen', { params: '"notifications":{}' });
    front.handler.bind(createChannelPair()[0], { principal: LOCAL });
    expect(front.handler.getStatus()).toMatchObject({
      level: 'ok',
      details: { sessions: 1, connections: 1, listens: 1, inFlight: 1 },
    });
  });

  it('logs and counts what is refused after it was read, and nothing that was not', async () => {
    const outcomes: unknown[] = [];
    const front = new FrontFixture({}, { debug: ({ outcome }) => outcomes.push(outcome) });
    await front.post('{');
    await front.raw({ path: '/mcp', headers: ['Host', 'localhost'], body: initializeText() });
    expect(outcomes).toEqual([]);
    await front.post(legacyText('ping'), ['Mcp-Session-Id', 'nobody']);
    await front.post(modernText('ping'), ['MCP-Protocol-Version', '1999-01-01']);
    await front.modern('tools/call', { ...CALL, name: 'another' });
    await front.post(legacyText('initialize'));
    expect(outcomes).toEqual([
      'OMNI_SESSION_UNKNOWN',
      'OMNI_HEADER_MISMATCH',
      'OMNI_HEADER_MISMATCH',
      'OMNI_PARAMS_INVALID',
    ]);
    expect(front.handler.getStatus().details).toMatchObject({ requests: 4, settled: 4, inFlight: 0 });
  });

  it('logs a legacy call whose client leaves when it ends, and not when the client leaves', async () => {
    const outcomes: unknown[] = [];
    const front = new FrontFixture({}, { debug: ({ outcome }) => outcomes.push(outcome) });
    const { exchange, call } = await (await front.session()).call();
    exchange.leave();
    expect(call.cancels).toEqual([]);
    expect(outcomes).toEqual(['ok']);
    call.result('{}');
    expect(outcomes).toEqual(['ok', 'ok']);
    expect(front.handler.getStatus().details).toMatchObject({ inFlight: 0 });
  });

  // guard: admission/closing
  it('takes nothing new once it stops', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    await front.modern('tools/call', CALL);
    const stopped = front.handler.stop({ deadlineMs: 1_000 });
    const answers = [
      await front.modern('tools/call', CALL),
      await front.modern('subscriptions/listen', { params: '"notifications":{}' }),
      await front.post(initializeText()),
      await session.request('ping'),
    ];
    expect(answers.map((exchange) => exchange.status)).toEqual([503, 503, 503, 503]);
    expect(answers[0]?.json()).toMatchObject({ error: { code: -31021 } });
    expect(front.handler.getStatus().level).toBe('warn');
    front.dispatch.last.result('{}');
    await stopped;
  });

  it('waits for what runs, and for no longer', async () => {
    const front = new FrontFixture();
    const exchange = await front.modern('tools/call', CALL);
    let isStopped = false;
    const stopped = front.handler.stop({ deadlineMs: 30_000 }).then(() => (isStopped = true));
    await front.clock.advanceAsync(29_999);
    expect(isStopped).toBe(false);
    front.dispatch.last.result('{}');
    await stopped;
    expect(exchange.status).toBe(200);
    expect(front.dispatch.last.cancels).toEqual([]);
  });

  it('stops at once when nothing runs, and leaves no timer behind', async () => {
    const front = new FrontFixture();
    await (await front.session()).listen();
    await front.handler.stop({ deadlineMs: 30_000 });
    front.clock.advance(1_000);
    expect(front.clock.pendingTimers).toBe(0);
    expect(front.views.watchers).toBe(0);
  });

  it('cancels and answers at the deadline what still runs [S003-SD-02]', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    const json = await front.modern('tools/call', CALL);
    const events = await front.modern('tools/call', CALL);
    front.dispatch.last.notify(PROGRESS);
    const legacy = await session.request('tools/call', { id: '"l"', params: '"name":"x"' });
    const stream = await session.listen();
    const stopped = front.handler.stop({ deadlineMs: 1_000 });
    await front.clock.advanceAsync(1_000);
    await stopped;
    expect(json.status).toBe(503);
    expect(json.json()).toMatchObject({ error: { code: -31021 } });
    expect(events.status).toBe(200);
    expect(JSON.parse(events.events()[1] ?? '')).toMatchObject({ error: { code: -31021 } });
    expect(legacy.status).toBe(200);
    expect(legacy.json()).toMatchObject({ id: 'l', error: { code: -31021 } });
    expect(stream.state).toBe('ended');
    expect(front.dispatch.calls.map(({ cancels }) => cancels.length)).toEqual([1, 1, 1]);
    expect(front.handler.getStatus().details).toMatchObject({ sessions: 0, inFlight: 0 });
  });

  it('waits no longer when it is told to forceStop', async () => {
    const front = new FrontFixture();
    front.handler.forceStop();
    const exchange = await front.modern('tools/call', CALL);
    const stopped = front.handler.stop({ deadlineMs: 30_000 });
    front.handler.forceStop();
    await stopped;
    expect(exchange.status).toBe(503);
    expect(front.dispatch.last.cancels).toHaveLength(1);
  });

  it('closes its connections when it stops, with an answer for what still runs', async () => {
    const front = new FrontFixture();
    const [near, far] = createChannelPair();
    const client = new RecordingListener();
    const channel = far(client);
    front.handler.bind(near, { principal: LOCAL });
    channel.send(initializeText());
    channel.send(modernText('tools/call', { id: '5', params: '"name":"x"' }));
    channel.send('{"jsonrpc":"2.0","id":6,"method":"tools/call","params":{"name":"x"}}');
    await front.settle();
    const stopped = front.handler.stop({ deadlineMs: 1_000 });
    await front.clock.advanceAsync(1_000);
    await stopped;
    expect((await client.received(3)).slice(1).map((text) => JSON.parse(text))).toMatchObject([
      { id: 6, error: { code: -31021 } },
      { id: 5, error: { code: -31021 } },
    ]);
    expect(client.closes).toEqual([undefined]);
    expect(front.handler.getStatus().details).toMatchObject({ connections: 0 });
  });

  it('counts the sessions of both transports together [PROTO-R12]', async () => {
    const front = new FrontFixture({ maxSessions: 2 }, { legacySse: true });
    const headers = ['Host', 'localhost', 'Authorization', 'Bearer owner', 'Accept', 'text/event-stream'];
    for (let session = 0; session < 2; session++) await front.raw({ method: 'GET', path: '/sse', headers });
    expect((await front.post(initializeText())).status).toBe(503);
  });

  it('tells the others when one client cannot be written to', async () => {
    const front = new FrontFixture();
    const [broken, whole] = [new BreakablePipe(), new BreakablePipe()];
    for (const pipe of [broken, whole]) {
      front.handler.bind(pipe.open, { principal: LOCAL });
      pipe.say(initializeText());
    }
    broken.isBroken = true;
    expect(() => front.views.change(['tools'])).not.toThrow();
    expect(whole.received.at(-1)).toContain('notifications/tools/list_changed');
  });

  it('answers once and stops whole though the log fails', async () => {
    let isFull = false;
    const front = new FrontFixture(
      {},
      {
        debug: () => {
          if (isFull) throw new RangeError('disk full');
        },
      },
    );
    const pipe = new BreakablePipe();
    front.handler.bind(pipe.open, { principal: LOCAL });
    pipe.say(initializeText());
    for (const id of ['1', '2']) pipe.say(legacyText('tools/call', { id, params: '"name":"x"' }));
    isFull = true;
    pipe.say(modernText('tools/call', { id: '9', version: '1999-01-01' }));
    expect(pipe.received.filter((text) => text.includes('"id":9'))).toHaveLength(1);
    const stopped = front.handler.stop({ deadlineMs: 1 });
    await front.clock.advanceAsync(1_000);
    await stopped;
    expect(front.dispatch.calls.map(({ cancels }) => cancels.length)).toEqual([1, 1]);
    expect(front.handler.getStatus().details).toMatchObject({ inFlight: 0 });
  });

  it('forgets a closed connection whose answers go on', async () => {
    const front = new FrontFixture();
    const pipe = new BreakablePipe();
    await front.handler.bind(pipe.open, { principal: LOCAL, answersAfterEnd: true }).close();
    expect(front.handler.getStatus().details).toMatchObject({ connections: 0 });
  });

  it('gives a subscription back that was cancelled while its server was asked', async () => {
    const front = new FrontFixture();
    front.updates.isImmediate = false;
    const session = await front.session();
    const cancel = (id: number) =>
      session.post(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${id}}}`);
    await session.request('resources/subscribe', { id: '7', params: '"uri":"file:///a"' });
    await cancel(7);
    let released = 0;
    front.updates.subscriptions[0]?.done(() => released++);
    expect(released).toBe(1);
    front.views.isSettled = false;
    await session.request('resources/subscribe', { id: '8', params: '"uri":"file:///b"' });
    await cancel(8);
    front.views.settle();
    expect(front.updates.subscriptions).toHaveLength(1);
  });
});
