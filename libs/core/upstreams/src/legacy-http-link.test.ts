import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '@omni/ports';
import { RecordingCall, RecordingPieces, ScriptedHttpClient, upstreamSpecOf, VirtualClock } from '@omni/testing';
import { ownCall, parseMessage, type RpcMessage, type SessionOwner, type UpstreamCall } from '@omni/wire';
import { linkContextOf } from './link-context.fixture.ts';
import { ClientOwner } from './client-owner.ts';
import { connect } from './connect.ts';
import type { OpenLink } from './open-link.ts';
import { DEFAULT_UPSTREAM_LIMITS } from './upstream-limits.ts';

describe('LegacyHttpLink', () => {
  it('shakes hands, keeps the session and opens the stream for what belongs to no request', async () => {
    const { http } = await open();
    expect(
      http.exchanges.map((exchange) => [exchange.request.method, exchange.request.body === undefined ? '' : exchange.member('method')]),
    ).toEqual([
      ['POST', 'initialize'],
      ['POST', 'notifications/initialized'],
      ['GET', ''],
    ]);
    const [initialize, initialized, get] = http.exchanges;
    expect(initialize?.member('params')).toEqual({
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'omni', version: '1' },
    });
    expect(initialize?.headers('mcp-session-id')).toEqual([]);
    expect([initialized, get].map((exchange) => [exchange?.headers('mcp-session-id'), exchange?.headers('mcp-protocol-version')])).toEqual([
      [['s1'], ['2025-06-18']],
      [['s1'], ['2025-06-18']],
    ]);
    expect(get?.headers('x-key')).toEqual(['k']);
  });

  it('sends calls under ids of its own, with the token of the client', async () => {
    const { link, http } = await open();
    const call = new RecordingCall<RpcMessage>();
    const text = '{"name":"a","_meta":{"progressToken":"t"}}';
    link.send({ ...callOf('tools/call', text), progressToken: { start: 36, end: 39 }, clientId: '"c"' }, call);
    expect(http.last.body).toBe(`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":${text}}`);
    http.last.stream();
    http.last.event('{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":1}}');
    http.last.event('{"jsonrpc":"2.0","id":2,"result":{}}');
    expect(call.log).toEqual([
      'notification {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":1}}',
      'answer 200 {"jsonrpc":"2.0","id":2,"result":{}}',
    ]);
  });

  it('passes a long answer on while it comes, under the id of the client', async () => {
    for (const [clientId, isDeclared] of [
      ['"ü-1"', true],
      ['1', false],
    ] as const) {
      const { link, http } = await open();
      const { call, pieces } = passing();
      link.send({ ...callOf('tools/call', '{}'), clientId, mayPassBytes: true }, call);
      const rest = `"result":{"text":"${'x'.repeat(100_000)}"}}`;
      const sent = `{"jsonrpc":"2.0","id":2,${rest}`;
      const expected = `{"jsonrpc":"2.0","id":${clientId},${rest}`;
      http.last.head(200, ['content-type', 'application/json', ...(isDeclared ? ['content-length', String(sent.length)] : [])]);
      for (let at = 0; at < sent.length; at += 40_000) http.last.data(sent.slice(at, at + 40_000));
      expect([link.inFlight, pieces.log]).toEqual([
        1,
        [`result 200 of ${isDeclared ? new TextEncoder().encode(expected).byteLength : 'unknown'} bytes`],
      ]);
      http.last.end();
      expect([pieces.text === expected, pieces.log.at(-1), call.log, link.inFlight]).toEqual([true, 'end', [], 0]);
    }
  });

  it('neither ends nor resumes a long answer that breaks off', async () => {
    const { link, http, clock } = await open();
    const { call, pieces } = passing();
    link.send({ ...callOf('tools/call', '{}'), mayPassBytes: true }, call);
    http.last.head(200, ['content-type', 'application/json']);
    http.last.data(`{"jsonrpc":"2.0","id":2,"result":"${'x'.repeat(70_000)}`);
    const before = http.exchanges.length;
    http.last.fail('body');
    clock.advance(60_000);
    expect([call.failure?.code, pieces.log.length, http.exchanges.length]).toEqual(['OMNI_UPSTREAM_UNREACHABLE', 1, before]);
  });

  it('pauses a long answer for a slow reader', async () => {
    const { link, http } = await open();
    const { call, pieces } = passing();
    pieces.isFast = false;
    link.send({ ...callOf('tools/call', '{}'), mayPassBytes: true }, call);
    http.last.head(200, ['content-type', 'application/json']);
    http.last.data(`{"jsonrpc":"2.0","id":2,"result":"${'x'.repeat(70_000)}`);
    http.last.data('y');
    expect(http.last.isPaused).toBe(true);
    call.drain();
    expect(http.last.isPaused).toBe(false);
  });

  it('has long answers whole that it may not pass', async () => {
    const { link, http } = await open();
    const { call, pieces } = passing();
    link.send(callOf('tools/call', '{}'), call);
    const body = `{"jsonrpc":"2.0","id":2,"result":"${'x'.repeat(70_000)}"}`;
    http.last.json(200, body);
    expect([pieces.log, call.log]).toEqual([[], [`answer 200 ${body}`]]);
  });

  it('puts a request on the stream of a call to that call, even when several run, and posts the answer', async () => {
    const { link, http } = await open();
    const calls = [new RecordingCall<RpcMessage>(), new RecordingCall<RpcMessage>()] as const;
    for (const call of calls) link.send(callOf('tools/call', '{}'), call);
    const second = http.last;
    second.stream();
    second.event('{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{}}');
    second.event('{"jsonrpc":"2.0","id":"p","method":"ping"}');
    expect(calls[0].log).toEqual([]);
    expect(http.last.body).toBe('{"jsonrpc":"2.0","id":"p","result":{}}');
    calls[1].questions[0]?.answer(messageOf('{"jsonrpc":"2.0","id":1,"result":{"action":"decline"}}'));
    expect(http.last.body).toBe('{"jsonrpc":"2.0","id":"q","result":{"action":"decline"}}');
    expect(http.last.headers('mcp-session-id')).toEqual(['s1']);
  });

  it('refuses requests without a call on a shared connection, and gives them to the session otherwise', async () => {
    const shared = await open();
    shared.get.stream();
    shared.get.event('{"jsonrpc":"2.0","id":1,"method":"roots/list"}');
    expect(JSON.parse(shared.http.last.body)).toMatchObject({ id: 1, error: { code: -32601 } });
    const log: string[] = [];
    const owner = ownerOf(log);
    const own = await open({ owner });
    own.get.stream();
    own.get.event('{"jsonrpc":"2.0","id":1,"method":"roots/list"}');
    own.get.event('{"jsonrpc":"2.0","method":"notifications/message","params":{}}');
    own.get.event('{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":2}}');
    expect(log).toEqual(['request roots/list', 'notification notifications/message']);
    expect(own.http.exchanges[0]?.member('params')).toMatchObject({
      capabilities: { roots: { listChanged: true }, sampling: {} },
      clientInfo: { name: 'client', version: '3' },
    });
  });

  it('tells whoever asks for it how tasks are getting on, and the session on a connection of its own', async () => {
    const status = '{"jsonrpc":"2.0","method":"notifications/tasks/status","params":{"taskId":"t"}}';
    const log: string[] = [];
    for (const owner of [undefined, new ClientOwner('k', 'legacy', '{"elicitation":{}}'), ownerOf(log)]) {
      const { link, get } = await open(owner === undefined ? {} : { owner });
      get.stream();
      get.event(status);
      link.hearTasks?.((notice) => log.push(`heard ${notice.method}`));
      get.event(status);
    }
    const own = 'notification notifications/tasks/status';
    expect(log).toEqual(['heard notifications/tasks/status', 'heard notifications/tasks/status', own, own]);
  });

  it('puts a request without a call to the only call of those who share it, and is held up until that is answered', async () => {
    const { link, http, get } = await open({ owner: new ClientOwner('k', 'modern', '{"elicitation":{}}') });
    const ask = (id: number): void => get.event(`{"jsonrpc":"2.0","id":${id},"method":"elicitation/create","params":{}}`);
    get.stream();
    const call = new RecordingCall<RpcMessage>();
    link.send(callOf('tools/call', '{}'), call);
    ask(7);
    expect([call.questions.length, link.isHeldUp]).toEqual([1, true]);
    call.questions[0]?.answer(messageOf('{"jsonrpc":"2.0","id":1,"result":{"action":"decline"}}'));
    expect(http.last.body).toBe('{"jsonrpc":"2.0","id":7,"result":{"action":"decline"}}');
    expect(link.isHeldUp).toBe(false);
    link.send(callOf('tools/call', '{}'), new RecordingCall<RpcMessage>());
    ask(8);
    expect(call.questions).toHaveLength(1);
    expect(JSON.parse(http.last.body)).toMatchObject({ id: 8, error: { code: -32603 } });
  });

  it('puts a request without a call to nobody while it may be about the call of another session that is over', async () => {
    const { link, get, clock } = await open({ owner: new ClientOwner('k', 'legacy', '{"elicitation":{}}') });
    get.stream();
    const ask = (id: number): void => get.event(`{"jsonrpc":"2.0","id":${id},"method":"elicitation/create","params":{}}`);
    link.send({ ...callOf('tools/call', '{}'), asker: 'ada one' }, new RecordingCall<RpcMessage>()).cancel();
    const call = new RecordingCall<RpcMessage>();
    link.send({ ...callOf('tools/call', '{}'), asker: 'ada two' }, call);
    link.send(ownCall('tools/list', ''), new RecordingCall<RpcMessage>());
    ask(7);
    expect(call.questions).toHaveLength(0);
    await clock.advanceAsync(30_000);
    ask(8);
    expect(call.questions).toHaveLength(1);
  });

  it('announces changed lists of either stream', async () => {
    const { link, http, get, events } = await open();
    get.stream();
    get.event('{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}');
    link.send(callOf('tools/call', '{}'), new RecordingCall<RpcMessage>());
    http.last.stream();
    http.last.event('{"jsonrpc":"2.0","method":"notifications/prompts/list_changed"}');
    expect(events).toEqual(['tools', 'prompts']);
  });

  it('opens a new session once when the old one is unknown, and sends again what did not run [PROTO-R13]', async () => {
    const { link, http, clock, events } = await open();
    const calls = [new RecordingCall<RpcMessage>(), new RecordingCall<RpcMessage>(), new RecordingCall<RpcMessage>()] as const;
    link.send(callOf('tools/call', '{"n":0}'), calls[0]);
    const [first] = http.of('tools/call');
    link.send(callOf('tools/call', '{"n":1}'), calls[1]);
    const [, second] = http.of('tools/call');
    first?.json(404, '{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}');
    second?.respond(404, 'text/plain', 'gone');
    link.send(callOf('tools/call', '{"n":2}'), calls[2]);
    expect(http.of('tools/call')).toHaveLength(2);
    await clock.advanceAsync(0);
    expect(http.of('initialize')).toHaveLength(2);
    expect(events).toEqual(['reinitialized']);
    const again = http.of('tools/call').slice(2);
    expect(again.map((exchange) => [exchange.member('params'), exchange.headers('mcp-session-id')])).toEqual([
      [{ n: 0 }, ['s2']],
      [{ n: 1 }, ['s2']],
      [{ n: 2 }, ['s2']],
    ]);
    for (const exchange of again) exchange.result('{}');
    expect(calls.map((call) => call.log)).toEqual([2, 3, 4].map((id) => [`answer 200 {"jsonrpc":"2.0","id":${id},"result":{}}`]));
    expect(http.of('GET').map((exchange) => exchange.headers('mcp-session-id'))).toEqual([['s1'], ['s2']]);
  });

  it('does not send a call a third time', async () => {
    const { link, http, clock } = await open();
    const call = new RecordingCall<RpcMessage>();
    link.send(callOf('tools/call', '{}'), call);
    http.last.respond(404, '', '');
    await clock.advanceAsync(0);
    http.of('tools/call').at(-1)?.respond(404, '', '');
    expect(call.failure).toMatchObject({ code: 'OMNI_UPSTREAM_HTTP_STATUS', data: { status: 404 } });
    expect(http.of('tools/call')).toHaveLength(2);
  });

  it('is closed when the new session is refused', async () => {
    const { link, http, clock, closed, refuseInitialize } = await open();
    const call = new RecordingCall<RpcMessage>();
    link.send(callOf('tools/call', '{}'), call);
    refuseInitialize();
    http.last.respond(404, '', '');
    await clock.advanceAsync(0);
    expect(call.failure?.code).toBe('OMNI_UPSTREAM_HTTP_STATUS');
    expect(closed).toHaveLength(1);
  });

  it('sends along what a call has of its own, also when it is sent or asked for again, and with nothing else', async () => {
    const { link, http, clock } = await open();
    const call = new RecordingCall<RpcMessage>();
    link.send({ ...callOf('tools/call', '{}'), passedHeaders: ['x-tenant', 'acme'] }, call);
    link.send(callOf('prompts/get', '{}'), new RecordingCall<RpcMessage>());
    http.of('tools/call')[0]?.respond(404, '', '');
    await clock.advanceAsync(0);
    const again = http.of('tools/call')[1];
    again?.stream();
    again?.data('id: e1\ndata:\n\n');
    again?.end();
    clock.advance(1_100);
    expect(call.failure).toBeUndefined();
    const told = http.exchanges.filter((exchange) => exchange.headers('x-tenant').length > 0);
    expect(told.map((exchange) => [exchange.request.method, exchange.headers('x-tenant')])).toEqual([
      ['POST', ['acme']],
      ['POST', ['acme']],
      ['GET', ['acme']],
    ]);
    expect(told.at(-1)?.headers('last-event-id')).toEqual(['e1']);
  });

  it('continues a broken stream behind the last event that it has seen', async () => {
    const { link, http, clock } = await open();
    const call = new RecordingCall<RpcMessage>();
    link.send(callOf('tools/call', '{}'), call);
    http.last.stream();
    http.last.data('id: e1\nretry: 2000\ndata:\n\n');
    http.last.end();
    clock.advance(1_900);
    expect(http.of('GET')).toHaveLength(1);
    clock.advance(200);
    expect(http.last.request.method).toBe('GET');
    expect(http.last.headers('last-event-id')).toEqual(['e1']);
    http.last.stream();
    http.last.event('{"jsonrpc":"2.0","method":"notifications/message","params":{}}', 'e2');
    http.last.fail('body');
    clock.advance(1_000);
    expect(http.last.headers('last-event-id')).toEqual(['e2']);
    http.last.stream();
    http.last.event('{"jsonrpc":"2.0","id":2,"result":{}}', 'e3');
    expect(call.log.at(-1)).toBe('answer 200 {"jsonrpc":"2.0","id":2,"result":{}}');
    expect(http.of('tools/call')).toHaveLength(1);
  });

  it('gives a stream up after five attempts, and at once when there is nothing to continue from', async () => {
    const { link, http, clock } = await open();
    const call = new RecordingCall<RpcMessage>();
    link.send(callOf('tools/call', '{}'), call);
    http.last.stream();
    http.last.data('id: e1\ndata:\n\n');
    http.last.fail('body');
    for (let attempt = 0; attempt < 5; attempt++) {
      clock.advance(1_000);
      expect(call.failure).toBeUndefined();
      http.last.fail('connect');
    }
    expect(call.failure?.code).toBe('OMNI_UPSTREAM_UNREACHABLE');
    expect(http.of('GET')).toHaveLength(6);
    const other = new RecordingCall<RpcMessage>();
    link.send(callOf('tools/call', '{}'), other);
    http.last.stream();
    http.last.end();
    expect(other.failure).toMatchObject({ code: 'OMNI_UPSTREAM_UNREACHABLE', data: { phase: 'body' } });
  });

  it('does not send a call again whose stream has begun, when the session is gone meanwhile', async () => {
    const { link, http, clock } = await open();
    const call = new RecordingCall<RpcMessage>();
    link.send(callOf('tools/call', '{}'), call);
    http.last.stream();
    http.last.data('id: e1\ndata:\n\n');
    http.last.fail('body');
    clock.advance(1_000);
    http.last.respond(404, '', '');
    await clock.advanceAsync(0);
    expect([call.failure?.code, http.of('tools/call').length, http.of('initialize').length]).toEqual(['OMNI_UPSTREAM_HTTP_STATUS', 1, 1]);
  });

  it.each([400, 410, 500, 503])('sends nothing again that was answered with %i [PROTO-R13]', async (status) => {
    const { link, http, clock } = await open();
    const call = new RecordingCall<RpcMessage>();
    link.send(callOf('tools/call', '{}'), call);
    http.last.respond(status, '', '');
    await clock.advanceAsync(0);
    expect([call.failure?.code, http.of('tools/call').length, http.of('initialize').length]).toEqual(['OMNI_UPSTREAM_HTTP_STATUS', 1, 1]);
  });

  it('takes no session id that a header cannot hold', async () => {
    for (const sessionId of ['s 1', 's\u00e9', ''])
      await expect(open({ sessionId })).rejects.toMatchObject({ cause: { code: 'OMNI_UPSTREAM_PROTOCOL' } });
  });

  it('reconnects no sooner than after a tenth of a second, whatever the stream asks for', async () => {
    const { link, http, clock } = await open();
    link.send(callOf('tools/call', '{}'), new RecordingCall<RpcMessage>());
    http.last.stream();
    http.last.data('id: e1\nretry: 0\ndata:\n\n');
    http.last.fail('body');
    const before = http.of('GET').length;
    clock.advance(99);
    const within = http.of('GET').length;
    clock.advance(1);
    expect([within - before, http.of('GET').length - before]).toEqual([0, 1]);
  });

  it('takes no answer to another request for its own', async () => {
    const { link, http } = await open();
    const call = new RecordingCall<RpcMessage>();
    link.send(callOf('tools/call', '{}'), call);
    http.last.stream();
    http.last.event('{"jsonrpc":"2.0","id":3,"result":{}}');
    http.last.event('{"jsonrpc":"2.0","id":"2","result":{}}');
    expect([call.log, link.counters.strayAnswers]).toEqual([[], 2]);
  });

  it('refuses calls beyond its limit [PROTO-R12]', async () => {
    const { link } = await open();
    for (let n = 0; n < DEFAULT_UPSTREAM_LIMITS.maxInFlight; n++) link.send(callOf('tools/call', '{}'), new RecordingCall<RpcMessage>());
    const over = new RecordingCall<RpcMessage>();
    link.send(callOf('tools/call', '{}'), over);
    await Promise.resolve();
    expect([over.failure?.code, link.inFlight]).toEqual(['OMNI_OVERLOADED', DEFAULT_UPSTREAM_LIMITS.maxInFlight]);
  });

  it('tells the upstream of a cancelled call, since a closed stream is no cancellation here', async () => {
    const { link, http } = await open();
    const call = new RecordingCall<RpcMessage>();
    const running = link.send(callOf('tools/call', '{}'), call);
    const exchange = http.last;
    running.cancel('enough');
    expect(exchange.isAborted).toBe(true);
    expect(http.last.body).toBe('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2,"reason":"enough"}}');
    expect(call.log).toEqual([]);
  });

  it('does not cancel upstream what waits for a new session and was not sent', async () => {
    const { link, http, clock } = await open();
    const running = link.send(callOf('tools/call', '{}'), new RecordingCall<RpcMessage>());
    http.last.respond(404, '', '');
    running.cancel();
    await clock.advanceAsync(0);
    expect(http.of('notifications/cancelled')).toEqual([]);
    expect(http.of('tools/call')).toHaveLength(1);
  });

  it('cancels upstream and fails what takes too long', async () => {
    const { link, http, clock } = await open();
    const call = new RecordingCall<RpcMessage>();
    link.send(callOf('tools/call', '{}'), call);
    clock.advance(60_300);
    expect(call.failure?.code).toBe('OMNI_UPSTREAM_TIMEOUT');
    expect(http.of('notifications/cancelled')).toHaveLength(1);
  });

  it.each([405, 404])('does without the other stream when the upstream answers %i', async (status) => {
    const { http, get, clock } = await open();
    get.respond(status, '', '');
    clock.advance(120_000);
    expect(http.of('GET')).toHaveLength(1);
  });

  it('opens the other stream again when it ends, more and more slowly', async () => {
    const { http, get, clock } = await open();
    get.stream();
    get.event('', 'g7');
    get.end();
    clock.advance(500);
    expect(http.of('GET')).toHaveLength(2);
    expect(http.last.headers('last-event-id')).toEqual(['g7']);
    http.last.respond(503, '', '');
    clock.advance(900);
    expect(http.of('GET')).toHaveLength(2);
    clock.advance(100);
    expect(http.of('GET')).toHaveLength(3);
  });

  it('subscribes when the other stream is open, or takes long to: an update before would be lost', async () => {
    const { link, http, get } = await open();
    const subscribe = (): unknown => link.send(callOf('resources/subscribe', '{"uri":"a"}'), new RecordingCall<RpcMessage>());
    subscribe();
    link.send(callOf('tools/call', '{}'), new RecordingCall<RpcMessage>());
    expect([http.of('resources/subscribe').length, http.of('tools/call').length]).toEqual([0, 1]);
    get.stream();
    expect(http.of('resources/subscribe').length).toBe(1);
    subscribe();
    expect(http.of('resources/subscribe').length).toBe(2);
    const slow = await open();
    slow.link.send(callOf('resources/subscribe', '{"uri":"a"}'), new RecordingCall<RpcMessage>());
    slow.clock.advance(999);
    expect(slow.http.of('resources/subscribe').length).toBe(0);
    slow.clock.advance(1);
    expect(slow.http.of('resources/subscribe').length).toBe(1);
  });

  it('does not subscribe any more when it was closed meanwhile', async () => {
    const { link, http } = await open();
    const call = new RecordingCall<RpcMessage>();
    link.send(callOf('resources/subscribe', '{"uri":"a"}'), call);
    void link.close();
    expect([call.log, http.of('resources/subscribe').length]).toEqual([['failure OMNI_UPSTREAM_DOWN'], 0]);
  });

  it('ends the session when it is closed, and fails what runs', async () => {
    const { link, http, clock } = await open();
    const call = new RecordingCall<RpcMessage>();
    link.send(callOf('tools/call', '{}'), call);
    const closing = link.close();
    expect(call.log).toEqual(['failure OMNI_UPSTREAM_DOWN']);
    expect(http.last.request.method).toBe('DELETE');
    expect(http.last.headers('mcp-session-id')).toEqual(['s1']);
    http.last.respond(204, '', '');
    await closing;
    expect(clock.pendingTimers).toBe(0);
  });
});

/** A call that takes long answers while they come. */
function passing(): { readonly call: RecordingCall<RpcMessage>; readonly pieces: RecordingPieces } {
  const call = new RecordingCall<RpcMessage>();
  const pieces = new RecordingPieces();
  call.pieces = pieces;
  return { call, pieces };
}

async function open({ owner, sessionId }: { owner?: SessionOwner; sessionId?: string } = {}) {
  const clock = new VirtualClock();
  let isRefused = false;
  let sessions = 0;
  const http = new ScriptedHttpClient((exchange) => {
    if (exchange.request.method !== 'POST') return;
    if (exchange.member('method') === 'initialize') {
      if (isRefused) exchange.respond(500, '', '');
      else
        exchange.result('{"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"s","version":"1"}}', [
          'Mcp-Session-Id',
          sessionId ?? `s${++sessions}`,
        ]);
    }
    if (exchange.member('method') === 'notifications/initialized') exchange.respond(202, '', '');
  });
  const events: string[] = [];
  const closed: GatewayError[] = [];
  let link: OpenLink | GatewayError | undefined;
  connect(
    {
      spec: upstreamSpecOf({ kind: 'http', url: 'http://up.test/mcp', headers: { 'X-Key': 'k' } }, { protocol: 'legacy' }),
      context: linkContextOf(clock, { http }),
      events: {
        onClosed: (_link, reason) => closed.push(reason),
        onListsChanged: (_link, kind) => events.push(kind),
        onResourceUpdated: () => false,
        onReinitialized: () => events.push('reinitialized'),
      },
      owner,
      era: undefined,
    },
    (result) => (link = result),
  );
  await clock.advanceAsync(0);
  if (link === undefined || link instanceof GatewayError)
    throw new GatewayError('OMNI_INTERNAL', 'The handshake of the test failed', { cause: link });
  // The handshake ends with the GET.
  const get = http.last;
  return { link, http, clock, events, closed, get, refuseInitialize: () => (isRefused = true) };
}

function ownerOf(log: string[]): SessionOwner {
  return {
    key: 'k1',
    version: '2025-11-25',
    capabilities: '{"roots":{"listChanged":true},"sampling":{},"unheardOf":{}}',
    clientInfo: '{"name":"client","version":"3"}',
    onNotification: (_upstream, message) => log.push(`notification ${message.method}`),
    onServerRequest: (_upstream, message) => log.push(`request ${message.method}`),
    logLevel() {
      return undefined;
    },
    onClientNotice() {},
    onEnd() {},
  };
}

function messageOf(text: string): RpcMessage {
  const message = parseMessage(text, { maxDepth: 16, maxElements: 1_000 });
  if (message.kind === 'batch' || message.kind === 'rejected') throw new GatewayError('OMNI_INTERNAL', 'The test wrote no message');
  return message;
}

function callOf(method: string, text: string): UpstreamCall {
  return {
    method,
    text,
    paramsStart: 0,
    paramsEnd: text.length,
    edits: [],
    progressToken: undefined,
    name: undefined,
    paramHeaders: [],
    clientId: '1',
    asker: 'client',
    mayPassBytes: false,
  };
}
