import { describe, expect, it } from '@jest/globals';
import { RecordingCall } from '@omni/testing';
import type { RpcMessage } from '@omni/jsonrpc';
import { NO_SESSION, open } from './legacy-http-connection.fixture.ts';
import { callOf } from '../connection/upstream-call.fixture.ts';

describe('LegacyHttpConnection', () => {
  it('opens a new session once when the old one is unknown, and sends again what did not run [PROTO-R13]', async () => {
    const { connection, http, clock, events } = await open();
    const calls = [
      new RecordingCall<RpcMessage>(),
      new RecordingCall<RpcMessage>(),
      new RecordingCall<RpcMessage>(),
    ] as const;
    connection.send(callOf('tools/call', '{"n":0}'), calls[0]);
    const [first] = http.of('tools/call');
    connection.send(callOf('tools/call', '{"n":1}'), calls[1]);
    const [, second] = http.of('tools/call');
    first?.json(404, '{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}');
    second?.respond(404, 'text/plain', 'gone');
    connection.send(callOf('tools/call', '{"n":2}'), calls[2]);
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
    expect(calls.map((call) => call.log)).toEqual(
      [2, 3, 4].map((id) => [`answer 200 {"jsonrpc":"2.0","id":${id},"result":{}}`]),
    );
    expect(http.of('GET').map((exchange) => exchange.headers('mcp-session-id'))).toEqual([['s1'], ['s2']]);
  });

  // guard: http/third-time
  it('does not send a call a third time', async () => {
    const { connection, http, clock } = await open();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    http.last.respond(404, '', '');
    await clock.advanceAsync(0);
    http.of('tools/call').at(-1)?.respond(404, '', '');
    expect(call.failure).toMatchObject({ code: 'OMNI_UPSTREAM_HTTP_STATUS', data: { status: 404 } });
    expect(http.of('tools/call')).toHaveLength(2);
  });

  it('is closed when the new session is refused', async () => {
    const { connection, http, clock, closed, refuseInitialize } = await open();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    refuseInitialize();
    http.last.respond(404, '', '');
    await clock.advanceAsync(0);
    expect(call.failure?.code).toBe('OMNI_UPSTREAM_HTTP_STATUS');
    expect(closed).toHaveLength(1);
  });

  it('continues a broken stream behind the last event that it has seen', async () => {
    const { connection, http, clock } = await open();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
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
    // The pause that it has asked for holds from then on.
    clock.advance(2_000);
    expect(http.last.headers('last-event-id')).toEqual(['e2']);
    http.last.stream();
    http.last.event('{"jsonrpc":"2.0","id":2,"result":{}}', 'e3');
    expect(call.log.at(-1)).toBe('answer 200 {"jsonrpc":"2.0","id":2,"result":{}}');
    expect(http.of('tools/call')).toHaveLength(1);
  });

  it('continues a stream for as long as the upstream lets it, and when it has not noticed the break yet', async () => {
    const { connection, http, clock } = await open();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    http.last.stream();
    http.last.data('id: e1\ndata:\n\n');
    http.last.end();
    for (let poll = 0; poll < 10; poll++) {
      clock.advance(1_000);
      http.last.stream();
      http.last.end();
    }
    clock.advance(1_000);
    http.last.respond(409, 'text/plain', 'there is one');
    clock.advance(1_000);
    http.last.stream();
    http.last.event('{"jsonrpc":"2.0","id":2,"result":{}}');
    expect(call.log).toEqual(['answer 200 {"jsonrpc":"2.0","id":2,"result":{}}']);
    expect(http.of('GET')).toHaveLength(13);
  });

  // guard: http/resumes
  it('gives a stream up after five attempts, and at once when there is nothing to continue from', async () => {
    const { connection, http, clock } = await open();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
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
    connection.send(callOf('tools/call', '{}'), other);
    http.last.stream();
    http.last.end();
    expect(other.failure).toMatchObject({ code: 'OMNI_UPSTREAM_UNREACHABLE', data: { phase: 'body' } });
  });

  // guard: http/resumed-twice
  it('does not send a call again whose stream has begun, when the session is gone meanwhile', async () => {
    const { connection, http, clock } = await open();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    http.last.stream();
    http.last.data('id: e1\ndata:\n\n');
    http.last.fail('body');
    clock.advance(1_000);
    http.last.respond(404, '', '');
    await clock.advanceAsync(0);
    expect(call.failure?.code).toBe('OMNI_UPSTREAM_HTTP_STATUS');
    expect(http.of('tools/call')).toHaveLength(1);
    expect(http.of('initialize')).toHaveLength(1);
  });

  // guard: http/sent-twice, http/session-stands
  it.each([400, 410, 500, 503])(
    'sends nothing again that was answered with %i [PROTO-R13]',
    async (status) => {
      const { connection, http, clock, lose } = await open();
      // What else is said does not ask for it.
      if (status !== 400) lose('s1');
      const call = new RecordingCall<RpcMessage>();
      connection.send(callOf('tools/call', '{}'), call);
      http.last.respond(status, '', '');
      await clock.advanceAsync(0);
      expect(call.failure?.code).toBe('OMNI_UPSTREAM_HTTP_STATUS');
      expect(http.of('tools/call')).toHaveLength(1);
      // Where the session is lost the next call finds a new one.
      expect(http.of('initialize')).toHaveLength(status === 400 ? 1 : 2);
    },
  );

  it.each([
    ['without an id', NO_SESSION, 'application/json'],
    ['under the id of the call', NO_SESSION.replace('}}', '},"id":2}'), 'application/json'],
    [
      'for its revision',
      '{"jsonrpc":"2.0","id":2,"error":{"code":-32022,"message":"","data":{"supported":["2026-07-28"]}}}',
      'application/json',
    ],
    ['as text', 'Invalid or missing session ID', 'text/plain'],
  ])(
    'opens a new session when the old one is refused with 400 %s, and ping is refused, too [PROTO-R13]',
    async (_how, body, type) => {
      const { connection, http, clock, lose } = await open();
      const call = new RecordingCall<RpcMessage>();
      connection.send(callOf('tools/call', '{}'), call);
      lose('s1');
      http.last.respond(400, type, body);
      await clock.advanceAsync(0);
      const [, again] = http.of('tools/call');
      expect(http.of('ping')).toHaveLength(1);
      expect(again?.headers('mcp-session-id')).toEqual(['s2']);
      again?.result('{}');
      expect(call.log).toEqual(['answer 200 {"jsonrpc":"2.0","id":2,"result":{}}']);
      expect(clock.pendingTimers).toBe(2);
    },
  );

  it('passes an answer with 400 on when the session stands, or nobody says anything about it', async () => {
    const { connection, http, clock } = await open();
    const [call, other] = [new RecordingCall<RpcMessage>(), new RecordingCall<RpcMessage>()];
    const answer = '{"jsonrpc":"2.0","id":2,"error":{"code":-32000,"message":"no"}}';
    connection.send(callOf('tools/call', '{}'), call);
    http.last.json(400, answer);
    await clock.advanceAsync(0);
    connection.send(callOf('tools/call', '{}'), other);
    http.last.json(400, NO_SESSION);
    http.last.fail('connect');
    expect(call.log).toEqual([`answer 400 ${answer}`]);
    expect(other.log).toHaveLength(1);
    expect(http.of('tools/call')).toHaveLength(2);
    expect(http.of('initialize')).toHaveLength(1);
  });

  // guard: http/answered-twice, http/no-ping
  it('sends nothing again that was answered by its method, whatever the server says of ping [PROTO-R13]', async () => {
    const { connection, http, clock, lose } = await open();
    lose('s1');
    const calls = [new RecordingCall<RpcMessage>(), new RecordingCall<RpcMessage>()] as const;
    connection.send(callOf('tools/call', '{}'), calls[0]);
    http.last.json(400, '{"jsonrpc":"2.0","id":2,"error":{"code":-32602,"message":"no"}}');
    connection.send(callOf('tools/call', '{}'), calls[1]);
    http.last.json(400, NO_SESSION);
    http.last.json(
      400,
      '{"jsonrpc":"2.0","id":"omni-session","error":{"code":-32601,"message":"Method not found"}}',
    );
    await clock.advanceAsync(0);
    expect(calls.map(({ log }) => log.length)).toEqual([1, 1]);
    expect(http.of('tools/call')).toHaveLength(2);
    expect(http.of('ping')).toHaveLength(1);
  });

  it('keeps the session when a method answers with 404, as long as the session stands', async () => {
    const { connection, http, clock } = await open();
    const call = new RecordingCall<RpcMessage>();
    const answer = '{"jsonrpc":"2.0","id":2,"error":{"code":-32002,"message":"no such resource"}}';
    connection.send(callOf('resources/read', '{}'), call);
    http.last.json(404, answer);
    await clock.advanceAsync(0);
    expect(call.log).toEqual([`answer 404 ${answer}`]);
    expect(http.of('initialize')).toHaveLength(1);
    expect(http.of('resources/read')).toHaveLength(1);
  });

  it('asks for the session no more when the call is cancelled meanwhile', async () => {
    const { connection, http, clock } = await open();
    const call = new RecordingCall<RpcMessage>();
    const running = connection.send(callOf('tools/call', '{}'), call);
    http.last.json(400, NO_SESSION);
    running.cancel();
    await clock.advanceAsync(10_000);
    expect(http.of('ping').map(({ isAborted }) => isAborted)).toEqual([true]);
    expect(call.log).toEqual([]);
    expect(http.of('initialize')).toHaveLength(1);
  });

  // guard: http/renewals
  it('waits before a new session when the last one was lost at once', async () => {
    const { connection, http, clock } = await open();
    const lose = async (): Promise<void> => {
      connection.send(callOf('tools/call', '{}'), new RecordingCall<RpcMessage>());
      http.last.respond(404, '', '');
      await clock.advanceAsync(0);
    };
    await lose();
    await lose();
    expect(http.of('initialize')).toHaveLength(2);
    await clock.advanceAsync(1_000);
    expect(http.of('initialize')).toHaveLength(3);
    await clock.advanceAsync(1_000);
    await lose();
    expect(http.of('initialize')).toHaveLength(4);
  });

  // guard: http/relists
  it('has the lists read again in a new session, at once and then more and more seldom', async () => {
    const { connection, http, clock, events } = await open();
    const told: number[] = [];
    for (let round = 0; round < 4; round++) {
      connection.send(callOf('tools/call', '{}'), new RecordingCall<RpcMessage>());
      http.last.respond(404, '', '');
      await clock.advanceAsync(0);
      const before = events.length;
      let waitedMs = 0;
      for (; events.length === before; waitedMs += 100) await clock.advanceAsync(100);
      expect(events.slice(before)).toEqual(['tools', 'prompts', 'resources']);
      told.push(waitedMs);
      await clock.advanceAsync(1_000);
    }
    expect(told).toEqual([500, 1_000, 2_000, 5_000]);
  });

  it('begins nothing when it breaks while it waits for a new session', async () => {
    const { connection, http, clock, closed } = await open();
    const [waits, ...others] = Array.from({ length: 4 }, () => new RecordingCall<RpcMessage>());
    for (const call of others) connection.send(callOf('prompts/get', '{}'), call);
    connection.send(callOf('tools/call', '{}'), waits ?? new RecordingCall());
    http.last.respond(404, '', '');
    for (const exchange of http.of('prompts/get')) exchange.fail('connect');
    await clock.advanceAsync(60_000);
    expect(closed).toHaveLength(1);
    expect(waits?.failure?.code).toBe('OMNI_UPSTREAM_UNREACHABLE');
    expect(http.of('initialize')).toHaveLength(2);
    expect(http.of('GET')).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  // guard: http/session-id
  it('takes no session id that a header cannot hold', async () => {
    for (const sessionId of ['s 1', 's\u00e9', ''])
      await expect(open({ sessionId })).rejects.toMatchObject({ cause: { code: 'OMNI_UPSTREAM_PROTOCOL' } });
  });

  // guard: http/retry
  it('reconnects no sooner than after a tenth of a second, whatever the stream asks for', async () => {
    const { connection, http, clock } = await open();
    connection.send(callOf('tools/call', '{}'), new RecordingCall<RpcMessage>());
    http.last.stream();
    http.last.data('id: e1\nretry: 0\ndata:\n\n');
    http.last.fail('body');
    const before = http.of('GET').length;
    clock.advance(99);
    const within = http.of('GET').length;
    clock.advance(1);
    expect(within - before).toBe(0);
    expect(http.of('GET').length - before).toBe(1);
  });

  it('does not cancel upstream what waits for a new session and was not sent', async () => {
    const { connection, http, clock } = await open();
    const running = connection.send(callOf('tools/call', '{}'), new RecordingCall<RpcMessage>());
    http.last.respond(404, '', '');
    running.cancel();
    await clock.advanceAsync(0);
    expect(http.of('notifications/cancelled')).toEqual([]);
    expect(http.of('tools/call')).toHaveLength(1);
  });

  it.each([405, 404])('does without the other stream when the upstream answers %i', async (status) => {
    const { http, get, clock } = await open();
    get.respond(status, '', '');
    clock.advance(120_000);
    expect(http.of('GET')).toHaveLength(1);
  });

  it('does without the other stream when there is a page in its place, unless there was one before', async () => {
    const { http, get, clock } = await open();
    get.respond(200, 'text/html', '<html>');
    clock.advance(120_000);
    expect(http.of('GET')).toHaveLength(1);

    const other = await open();
    other.get.stream();
    other.get.end();
    other.clock.advance(500);
    other.http.of('GET').at(-1)?.respond(200, 'text/html', 'Back in a minute');
    other.clock.advance(2_000);
    expect(other.http.of('GET')).toHaveLength(3);
  });

  // guard: http/stream-backoff
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

  it('has lists read again that may have changed while the other stream was closed, unless it is continued', async () => {
    const { http, get, clock, events } = await open();
    get.stream();
    get.end();
    clock.advance(500);
    http.last.stream();
    expect(events).toEqual(['tools']);
    http.last.event('', 'g1');
    http.last.end();
    clock.advance(1_000);
    http.last.stream();
    expect(events).toEqual(['tools']);
  });

  it.each([404, 400])(
    'opens a new session when the other stream, which was open, is refused with %i, without any call',
    async (status) => {
      const { connection, http, get, clock, lose, events } = await open();
      get.stream();
      get.fail('body');
      lose('s1');
      await clock.advanceAsync(500);
      http.of('GET').at(-1)?.respond(status, '', '');
      await clock.advanceAsync(0);
      expect(http.of('GET').map((exchange) => exchange.headers('mcp-session-id')[0])).toEqual([
        's1',
        's1',
        's2',
      ]);
      expect(events).toEqual(['reinitialized']);
      void connection.close();
    },
  );

  it.each([404, 409])(
    'asks for the other stream again when it was open and is refused with %i in a session that stands',
    async (status) => {
      const { http, get, clock } = await open();
      get.stream();
      get.event('', 'g1');
      get.fail('body');
      await clock.advanceAsync(500);
      http.of('GET').at(-1)?.respond(status, '', '');
      await clock.advanceAsync(1_000);
      expect(http.of('GET').map((exchange) => exchange.headers('last-event-id'))).toEqual([
        [],
        ['g1'],
        status === 404 ? [] : ['g1'],
      ]);
      expect(http.of('initialize')).toHaveLength(1);
    },
  );

  it('subscribes when the other stream is open, or takes long to: an update before would be lost', async () => {
    const { connection, http, get } = await open();
    const subscribe = (): unknown =>
      connection.send(callOf('resources/subscribe', '{"uri":"a"}'), new RecordingCall<RpcMessage>());
    subscribe();
    connection.send(callOf('tools/call', '{}'), new RecordingCall<RpcMessage>());
    expect(http.of('resources/subscribe')).toHaveLength(0);
    expect(http.of('tools/call')).toHaveLength(1);
    get.stream();
    expect(http.of('resources/subscribe').length).toBe(1);
    subscribe();
    expect(http.of('resources/subscribe').length).toBe(2);
    const slow = await open();
    slow.connection.send(callOf('resources/subscribe', '{"uri":"a"}'), new RecordingCall<RpcMessage>());
    slow.clock.advance(999);
    expect(slow.http.of('resources/subscribe').length).toBe(0);
    slow.clock.advance(1);
    expect(slow.http.of('resources/subscribe').length).toBe(1);
  });

  it('does not subscribe any more when it was closed meanwhile', async () => {
    const { connection, http } = await open();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('resources/subscribe', '{"uri":"a"}'), call);
    void connection.close();
    expect(call.log).toEqual(['failure OMNI_UPSTREAM_DOWN']);
    expect(http.of('resources/subscribe')).toHaveLength(0);
  });
});
