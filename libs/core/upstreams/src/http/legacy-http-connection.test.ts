import { describe, expect, it } from '@jest/globals';
import { RecordingCall } from '@omni/testing';
import type { RpcMessage } from '@omni/jsonrpc';
import { internalCall } from '@omni/model';
import type { Era } from '@omni/ports';
import { SharedClientBinding } from '../instances/shared-client-binding.ts';
import { messageOf, open, ownerOf, passing, spanOf } from './legacy-http-connection.fixture.ts';
import { oneAtATime } from '../connection/connection-context.fixture.ts';
import { callOf } from '../connection/upstream-call.fixture.ts';

function sharedBinding(era: Era, capabilities: string): SharedClientBinding {
  return new SharedClientBinding({ key: 'k', principal: { id: 'ada', kind: 'token' }, era, capabilities });
}

describe('LegacyHttpConnection', () => {
  // guard: instance/others-capabilities
  it('shakes hands, keeps the session and opens the stream for what belongs to no request', async () => {
    const { http } = await open();
    expect(
      http.exchanges.map((exchange) => [
        exchange.request.method,
        exchange.request.body === undefined ? '' : exchange.member('method'),
      ]),
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
    expect(
      [initialized, get].map((exchange) => [
        exchange?.headers('mcp-session-id'),
        exchange?.headers('mcp-protocol-version'),
      ]),
    ).toEqual([
      [['s1'], ['2025-06-18']],
      [['s1'], ['2025-06-18']],
    ]);
    expect(get?.headers('x-key')).toEqual(['k']);
  });

  it('sends calls under ids and tokens of its own', async () => {
    const { connection, http } = await open();
    const call = new RecordingCall<RpcMessage>();
    const text = '{"name":"a","_meta":{"progressToken":"t"}}';
    connection.send(
      { ...callOf('tools/call', text), progressToken: spanOf(text, '"t"'), clientId: '"c"' },
      call,
    );
    expect(http.last.body).toBe(
      `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":${text.replace('"t"', '2')}}`,
    );
    http.last.stream();
    http.last.event(
      '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":2,"progress":1}}',
    );
    http.last.event(
      '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":2}}',
    );
    http.last.event('{"jsonrpc":"2.0","id":2,"result":{}}');
    expect(call.log).toEqual([
      'notification {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":1}}',
      'answer 200 {"jsonrpc":"2.0","id":2,"result":{}}',
    ]);
  });

  it('tells a call of the progress that comes on the other stream, and nobody else', async () => {
    const { connection, http, get } = await open();
    const calls = ['"t"', '7', undefined].map((token) => {
      const call = new RecordingCall<RpcMessage>();
      const text = token === undefined ? '{}' : `{"_meta":{"progressToken":${token}}}`;
      const progressToken = token === undefined ? undefined : spanOf(text, token);
      connection.send({ ...callOf('tools/call', text), progressToken }, call);
      return call;
    });
    get.stream();
    for (const token of ['3', '2', '4', '7', '"2"'])
      get.event(
        `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${token}, "progress":1.0}}`,
      );
    expect(calls.map(({ log }) => log)).toEqual([
      [
        'notification {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t", "progress":1.0}}',
      ],
      [
        'notification {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":7, "progress":1.0}}',
      ],
      [],
    ]);
    expect(connection.counters.droppedNotifications).toBe(3);
    expect(http.of('tools/call')).toHaveLength(3);
  });

  it.each([
    ['while it comes, where it declares its length', '"ü-1"', true],
    ['when all of it is there, where it does not', '1', false],
  ])('passes a long answer on %s, under the id of the client', async (_when, clientId, isDeclared) => {
    const { connection, http } = await open();
    const { call, chunks } = passing();
    connection.send({ ...callOf('tools/call', '{}'), clientId, allowPassthrough: true }, call);
    const rest = `"result":{"text":"${'x'.repeat(100_000)}"}}`;
    const sent = `{"jsonrpc":"2.0","id":2,${rest}`;
    const expected = `{"jsonrpc":"2.0","id":${clientId},${rest}`;
    http.last.head(200, [
      'content-type',
      'application/json',
      ...(isDeclared ? ['content-length', String(sent.length)] : []),
    ]);
    for (let at = 0; at < sent.length; at += 40_000) http.last.data(sent.slice(at, at + 40_000));
    expect(connection.inFlight).toBe(1);
    const head = `result 200 of ${new TextEncoder().encode(expected).byteLength} bytes`;
    expect(chunks.log).toEqual(isDeclared ? [head] : []);
    http.last.end();
    expect(chunks.text === expected).toBe(true);
    expect(chunks.log).toEqual([head, 'end']);
    expect(call.log).toEqual([]);
    expect(connection.inFlight).toBe(0);
  });

  it('neither ends nor resumes a long answer that breaks off', async () => {
    const { connection, http, clock } = await open();
    const { call, chunks } = passing();
    connection.send({ ...callOf('tools/call', '{}'), allowPassthrough: true }, call);
    http.last.head(200, ['content-type', 'application/json', 'content-length', '200000']);
    http.last.data(`{"jsonrpc":"2.0","id":2,"result":"${'x'.repeat(70_000)}`);
    const before = http.exchanges.length;
    http.last.fail('body');
    clock.advance(60_000);
    expect(call.failure?.code).toBe('OMNI_UPSTREAM_UNREACHABLE');
    expect(chunks.log).toHaveLength(1);
    expect(http.exchanges.length).toBe(before);
  });

  it('pauses a long answer for a slow reader', async () => {
    const { connection, http } = await open();
    const { call, chunks } = passing();
    chunks.isFast = false;
    connection.send({ ...callOf('tools/call', '{}'), allowPassthrough: true }, call);
    http.last.head(200, ['content-type', 'application/json', 'content-length', '200000']);
    http.last.data(`{"jsonrpc":"2.0","id":2,"result":"${'x'.repeat(70_000)}`);
    http.last.data('y'.repeat(20_000));
    expect(http.last.isPaused).toBe(true);
    call.drain();
    expect(http.last.isPaused).toBe(false);
  });

  it('has long answers whole that it may not pass', async () => {
    const { connection, http } = await open();
    const { call, chunks } = passing();
    connection.send(callOf('tools/call', '{}'), call);
    const body = `{"jsonrpc":"2.0","id":2,"result":"${'x'.repeat(70_000)}"}`;
    http.last.json(200, body);
    expect(chunks.log).toEqual([]);
    expect(call.log).toEqual([`answer 200 ${body}`]);
  });

  it('puts a request on the stream of a call to that call, even when several run, and posts the answer', async () => {
    const { connection, http } = await open();
    const calls = [new RecordingCall<RpcMessage>(), new RecordingCall<RpcMessage>()] as const;
    for (const call of calls) connection.send(callOf('tools/call', '{}'), call);
    const second = http.last;
    second.stream();
    second.event('{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{}}');
    second.event('{"jsonrpc":"2.0","id":"p","method":"ping"}');
    expect(calls[0].log).toEqual([]);
    expect(http.last.body).toBe('{"jsonrpc":"2.0","id":"p","result":{}}');
    calls[1].serverRequests[0]?.answer(messageOf('{"jsonrpc":"2.0","id":1,"result":{"action":"decline"}}'));
    expect(http.last.body).toBe('{"jsonrpc":"2.0","id":"q","result":{"action":"decline"}}');
    expect(http.last.headers('mcp-session-id')).toEqual(['s1']);
  });

  // guard: asked/shared-http
  it('refuses requests without a call on a shared connection, and gives them to the session otherwise', async () => {
    const shared = await open();
    shared.get.stream();
    shared.get.event('{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage"}');
    expect(JSON.parse(shared.http.last.body)).toMatchObject({ id: 1, error: { code: -32601 } });
    const log: string[] = [];
    const binding = ownerOf(log);
    const own = await open({ binding });
    own.get.stream();
    own.get.event('{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage"}');
    own.get.event('{"jsonrpc":"2.0","method":"notifications/message","params":{}}');
    own.get.event('{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":2}}');
    expect(log).toEqual(['request sampling/createMessage', 'notification notifications/message']);
    expect(own.http.exchanges[0]?.member('params')).toMatchObject({
      capabilities: { sampling: {} },
      clientInfo: { name: 'client', version: '3' },
    });
  });

  it('tells whoever asks for it how tasks are getting on, and the session on a connection of its own', async () => {
    const status = '{"jsonrpc":"2.0","method":"notifications/tasks/status","params":{"taskId":"t"}}';
    const log: string[] = [];
    for (const binding of [undefined, sharedBinding('legacy', '{"elicitation":{}}'), ownerOf(log)]) {
      const { connection, get } = await open(binding === undefined ? {} : { binding });
      get.stream();
      get.event(status);
      connection.hearTasks?.((notification) => log.push(`heard ${notification.method}`));
      get.event(status);
    }
    const own = 'notification notifications/tasks/status';
    expect(log).toEqual(['heard notifications/tasks/status', 'heard notifications/tasks/status', own, own]);
  });

  it('puts a request without a call to the only call of those who share it, and is held up until that is answered', async () => {
    const { connection, http, get } = await open({
      binding: sharedBinding('modern', '{"elicitation":{}}'),
    });
    const ask = (id: number): void =>
      get.event(`{"jsonrpc":"2.0","id":${id},"method":"elicitation/create","params":{}}`);
    get.stream();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    ask(7);
    expect(call.serverRequests).toHaveLength(1);
    expect(connection.isHeldUp).toBe(true);
    call.serverRequests[0]?.answer(messageOf('{"jsonrpc":"2.0","id":1,"result":{"action":"decline"}}'));
    expect(http.last.body).toBe('{"jsonrpc":"2.0","id":7,"result":{"action":"decline"}}');
    expect(connection.isHeldUp).toBe(false);
    connection.send(callOf('tools/call', '{}'), new RecordingCall<RpcMessage>());
    ask(8);
    expect(call.serverRequests).toHaveLength(1);
    expect(JSON.parse(http.last.body)).toMatchObject({ id: 8, error: { code: -32603 } });
  });

  it('puts a request without a call to nobody while it may be about the call of another session that is over', async () => {
    const { connection, get, clock } = await open({
      binding: sharedBinding('legacy', '{"elicitation":{}}'),
    });
    get.stream();
    const ask = (id: number): void =>
      get.event(`{"jsonrpc":"2.0","id":${id},"method":"elicitation/create","params":{}}`);
    connection
      .send({ ...callOf('tools/call', '{}'), callerKey: 'ada one' }, new RecordingCall<RpcMessage>())
      .cancel();
    const call = new RecordingCall<RpcMessage>();
    connection.send({ ...callOf('tools/call', '{}'), callerKey: 'ada two' }, call);
    connection.send(internalCall('tools/list', ''), new RecordingCall<RpcMessage>());
    ask(7);
    expect(call.serverRequests).toHaveLength(0);
    await clock.advanceAsync(30_000);
    ask(8);
    expect(call.serverRequests).toHaveLength(1);
  });

  it('tells the only call that runs what comes without a call, until a second one runs', async () => {
    const { connection, get } = await open();
    get.stream();
    const log = (data: number): string =>
      `{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":${data}}}`;
    get.event(log(1));
    expect(connection.counters.droppedNotifications).toBe(1);
    const call = new RecordingCall<RpcMessage>();
    connection.send(internalCall('tools/list', ''), new RecordingCall<RpcMessage>());
    connection.send(callOf('tools/call', '{}'), call);
    get.event(log(2));
    get.event('{"jsonrpc":"2.0","method":"notifications/tasks/status","params":{"taskId":"t"}}');
    expect(call.log).toEqual([`notification ${log(2)}`]);
    connection.send({ ...callOf('tools/call', '{}'), callerKey: 'other' }, new RecordingCall<RpcMessage>());
    get.event(log(3));
    expect(call.log).toHaveLength(1);
    expect(connection.counters.droppedNotifications).toBe(3);
  });

  it('puts a request without a call to another session of the user once the call before is answered', async () => {
    const { connection, http, get } = await open({ binding: sharedBinding('legacy', '{"elicitation":{}}') });
    get.stream();
    const caller = { id: 'ada', kind: 'token' } as const;
    const first = { ...callOf('tools/call', '{}'), callerKey: 'ada one', caller };
    connection.send(first, new RecordingCall<RpcMessage>());
    http.last.respond(200, 'application/json', '{"jsonrpc":"2.0","id":2,"result":{}}');
    const call = new RecordingCall<RpcMessage>();
    connection.send({ ...callOf('tools/call', '{}'), callerKey: 'ada two', caller }, call);
    get.event('{"jsonrpc":"2.0","id":7,"method":"elicitation/create","params":{}}');
    expect(call.serverRequests).toHaveLength(1);
  });

  it('announces changed lists of either stream', async () => {
    const { connection, http, get, events } = await open();
    get.stream();
    get.event('{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}');
    connection.send(callOf('tools/call', '{}'), new RecordingCall<RpcMessage>());
    http.last.stream();
    http.last.event('{"jsonrpc":"2.0","method":"notifications/prompts/list_changed"}');
    expect(events).toEqual(['tools', 'prompts']);
  });

  it('sends along what a call has of its own, also when it is sent or asked for again, and with nothing else', async () => {
    const { connection, http, clock } = await open();
    const call = new RecordingCall<RpcMessage>();
    connection.send({ ...callOf('tools/call', '{}'), forwardedHeaders: ['x-tenant', 'acme'] }, call);
    connection.send(callOf('prompts/get', '{}'), new RecordingCall<RpcMessage>());
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

  // guard: answer/legacy-id
  it('takes no answer to another request for its own', async () => {
    const { connection, http } = await open();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    http.last.stream();
    http.last.event('{"jsonrpc":"2.0","id":3,"result":{}}');
    http.last.event('{"jsonrpc":"2.0","id":"b","result":{}}');
    expect(call.log).toEqual([]);
    expect(connection.counters.strayAnswers).toBe(2);
  });

  // guard: http/in-flight-legacy
  it('refuses calls beyond the limit of a stage [PROTO-R12]', async () => {
    const { connection } = await open({ chains: oneAtATime() });
    connection.send(callOf('tools/call', '{}'), new RecordingCall<RpcMessage>());
    const over = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), over);
    await Promise.resolve();
    expect(over.failure?.code).toBe('OMNI_OVERLOADED');
    expect(connection.inFlight).toBe(1);
  });

  it('tells the upstream of a cancelled call, since a closed stream is no cancellation here', async () => {
    const { connection, http } = await open();
    const call = new RecordingCall<RpcMessage>();
    const running = connection.send(callOf('tools/call', '{}'), call);
    const exchange = http.last;
    running.cancel('enough');
    expect(exchange.isAborted).toBe(true);
    expect(http.last.body).toBe(
      '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2,"reason":"enough"}}',
    );
    expect(call.log).toEqual([]);
  });

  it('cancels upstream and fails what takes too long', async () => {
    const { connection, http, clock } = await open();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    clock.advance(60_300);
    expect(call.failure?.code).toBe('OMNI_UPSTREAM_TIMEOUT');
    expect(http.of('notifications/cancelled')).toHaveLength(1);
  });

  it('ends the session when it is closed, and fails what runs', async () => {
    const { connection, http, clock } = await open();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    const closing = connection.close();
    expect(call.log).toEqual(['failure OMNI_UPSTREAM_DOWN']);
    expect(http.last.request.method).toBe('DELETE');
    expect(http.last.headers('mcp-session-id')).toEqual(['s1']);
    http.last.respond(204, '', '');
    await closing;
    expect(clock.pendingTimers).toBe(0);
  });
});
