import { describe, expect, it, jest } from '@jest/globals';
import { parseMessage, resultText, type RpcMessage } from '@omni/jsonrpc';
import type { ClientBinding, RunningCall, UpstreamCall } from '@omni/model';
import { type Era, GatewayError, type OwnerReport, silentLogger, type UpstreamSpec } from '@omni/ports';
import {
  RecordingCall,
  ScriptedServer,
  upstreamSpecOf,
  VirtualClock,
  type ScriptedInstance,
} from '@omni/testing';
import fc from 'fast-check';
import type { CallChains } from '../connection/call-chains.ts';
import { connectionContextOf, credentialsOf, oneAtATime } from '../connection/connection-context.fixture.ts';
import { ChannelConnection } from './channel-connection.ts';
import type { ConnectionEvents } from '../connection/open-connection.ts';
import { DEFAULT_UPSTREAM_LIMITS } from '../connection/upstream-limits.ts';
import { callOf } from '../connection/upstream-call.fixture.ts';

describe('ChannelConnection', () => {
  // guard: link/own-ids
  it('gives calls ids of its own and pairs answers in any order', () => {
    const { connection, far } = open();
    const first = new RecordingCall<RpcMessage>();
    const second = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{"name":"a"}'), first);
    connection.send(callOf('tools/call', '{"name":"b"}'), second);
    expect(far.received.map((message) => message.text)).toEqual([
      '{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"a"}}',
      '{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"b"}}',
    ]);
    far.emit('{"jsonrpc":"2.0","id":4,"result":{"b":1}}');
    far.emit('{"result":{"a":1},"jsonrpc":"2.0","id":3}');
    expect(second.log).toEqual(['answer 200 {"jsonrpc":"2.0","id":4,"result":{"b":1}}']);
    expect(first.log).toEqual(['answer 200 {"result":{"a":1},"jsonrpc":"2.0","id":3}']);
    expect(connection.inFlight).toBe(0);
  });

  it.each([
    ['doubled', ['{"jsonrpc":"2.0","id":3,"result":{}}', '{"jsonrpc":"2.0","id":3,"result":{"again":1}}'], 1],
    ['unknown', ['{"jsonrpc":"2.0","id":99,"result":{}}', '{"jsonrpc":"2.0","id":3,"result":{}}'], 1],
    [
      'with an id that is another one in every spelling',
      ['"03"', '3.5', '"3.1"', '"3', '-3']
        .map((id) => `{"jsonrpc":"2.0","id":${id},"result":{"wrong":1}}`)
        .concat('{"jsonrpc":"2.0","id":3,"result":{}}'),
      3,
    ],
    [
      'with the id null',
      ['{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}}', '{"jsonrpc":"2.0","id":3,"result":{}}'],
      1,
    ],
  ])('drops and counts answers that are %s', (_name, lines, strays) => {
    const { connection, far } = open();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    for (const line of lines) far.emit(line);
    expect(call.log).toEqual(['answer 200 {"jsonrpc":"2.0","id":3,"result":{}}']);
    expect(connection.counters.strayAnswers).toBe(strays);
  });

  it.each(['3', '3.0', '3.00', '"3"', '"3.0"'])('takes the answer whose id comes back as %s', (id) => {
    const { connection, far } = open();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    far.emit(`{"jsonrpc":"2.0","id":${id},"result":{}}`);
    expect(call.log).toHaveLength(1);
    expect(connection.counters.strayAnswers).toBe(0);
  });

  it('fails the call whose answer is no valid response', () => {
    const { connection, far } = open();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    far.emit('{"jsonrpc":"2.0","id":3,"result":{},"error":{"code":1,"message":""}}');
    expect(call.log).toEqual(['failure OMNI_UPSTREAM_PROTOCOL']);
  });

  it('fails the call whose answer is too complex to be read', () => {
    const { connection, far } = open();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    far.emit(`{"jsonrpc":"2.0","id":3,"result":{"a":${'['.repeat(600)}${']'.repeat(600)}}}`);
    expect(call.log).toEqual(['failure OMNI_UPSTREAM_PROTOCOL']);
  });

  // guard: link/framingError-flood, excerpt/secrets
  it('ignores what is no message, warns once, and tells the owner how it begins, without secrets', () => {
    const warn = jest.fn();
    const { connection, far, reports } = open({ spec: { secretValues: ['hunter2'] }, warn });
    far.emit('\u001b[32mlistening\u001b[0m with hunter2');
    far.emit('another line');
    expect(connection.counters.framingError).toBe(2);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(reports).toMatchObject([
      { what: 'wrote something that is not MCP to its output', lines: ['listening with ***'] },
    ]);
    // What it writes may be what any user sent.
    expect(warn).toHaveBeenCalledWith({ upstream: 'up', report: reports[0]?.id }, expect.any(String));
  });

  // guard: link/progress-token
  it.each([['"abc"'], ['17'], ['"1"'], ['"\\u00e9"']])(
    'maps progress back to the token %s, before the answer',
    (token) => {
      const { connection, far } = open();
      const call = new RecordingCall<RpcMessage>();
      const text = `{"name":"a","_meta":{"progressToken":${token}}}`;
      connection.send(
        {
          ...callOf('tools/call', text),
          progressToken: { start: text.indexOf(token), end: text.indexOf(token) + token.length },
        },
        call,
      );
      expect(far.received[0]?.text).toBe(
        '{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"a","_meta":{"progressToken":3}}}',
      );
      far.emit(
        '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":3,"progress":0.10}}',
      );
      far.emit(
        '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"3","progress":1}}',
      );
      far.emit('{"jsonrpc":"2.0","id":3,"result":{}}');
      far.emit(
        '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":3,"progress":2}}',
      );
      expect(call.log).toEqual([
        `notification {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${token},"progress":0.10}}`,
        'answer 200 {"jsonrpc":"2.0","id":3,"result":{}}',
      ]);
      expect(connection.counters.droppedNotifications).toBe(2);
    },
  );

  it('does not invent progress for a client that did not ask for it', () => {
    const { connection, far } = open();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    far.emit('{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":3,"progress":1}}');
    expect(call.log).toEqual([]);
  });

  // guard: link/cancelled-answer
  it('tells the upstream of a cancelled call and drops its late answer', () => {
    const { connection, far } = open();
    const call = new RecordingCall<RpcMessage>();
    const running = connection.send(callOf('tools/call', '{}'), call);
    running.cancel('user said "no"');
    running.cancel();
    far.emit('{"jsonrpc":"2.0","id":3,"result":{}}');
    expect(far.received.slice(1).map((message) => message.text)).toEqual([
      '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3,"reason":"user said \\"no\\""}}',
    ]);
    expect(call.log).toEqual([]);
    expect(connection.counters.strayAnswers).toBe(1);
  });

  it('cancels upstream and fails with the method and the seconds when a call is silent for too long', () => {
    const { connection, far, clock } = open();
    const call = new RecordingCall<RpcMessage>();
    const text = '{"_meta":{"progressToken":1}}';
    connection.send({ ...callOf('tools/call', text), progressToken: { start: 26, end: 27 } }, call);
    clock.advance(59_000);
    far.emit('{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":3,"progress":1}}');
    clock.advance(59_000);
    expect(call.failure).toBeUndefined();
    clock.advance(1_500);
    expect(call.failure).toMatchObject({
      code: 'OMNI_UPSTREAM_TIMEOUT',
      message: '"up" was silent for 60 s during tools/call',
    });
    expect(far.last('notifications/cancelled')?.params).toEqual({ requestId: 3, reason: 'timeout' });
    far.emit('{"jsonrpc":"2.0","id":3,"result":{}}');
    expect(call.log.filter((line) => !line.startsWith('notification'))).toEqual([
      'failure OMNI_UPSTREAM_TIMEOUT',
    ]);
  });

  it('fails every running call at once when the process dies, with its last words', () => {
    const { connection, far, closed } = open();
    const calls = [new RecordingCall<RpcMessage>(), new RecordingCall<RpcMessage>()];
    for (const call of calls) connection.send(callOf('tools/call', '{}'), call);
    const reason = new GatewayError('OMNI_UPSTREAM_EXITED', 'exit code 1: out of memory');
    far.exit(reason);
    expect(calls.map((call) => call.failure)).toEqual([reason, reason]);
    expect(closed).toEqual([reason]);
  });

  it('fails calls on a closed connection, but only after send has returned', async () => {
    const { connection, far, clock } = open();
    far.exit(undefined);
    const call = new RecordingCall<RpcMessage>();
    const cancelled = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    connection.send(callOf('tools/call', '{}'), cancelled).cancel();
    expect(call.log).toEqual([]);
    await clock.advanceAsync(0);
    expect(call.log).toEqual(['failure OMNI_UPSTREAM_EXITED']);
    expect(cancelled.log).toEqual([]);
  });

  // guard: link/in-flight, link/backlog
  it('refuses calls beyond the limit of a stage, and those that the upstream does not read [PROTO-R12]', async () => {
    const { connection, far, clock } = open({ chains: oneAtATime() });
    const calls = [
      new RecordingCall<RpcMessage>(),
      new RecordingCall<RpcMessage>(),
      new RecordingCall<RpcMessage>(),
    ] as const;
    connection.send(callOf('tools/call', '{}'), calls[0]);
    connection.send(callOf('tools/call', '{}'), calls[1]);
    far.emit('{"jsonrpc":"2.0","id":3,"result":{}}');
    far.takes = false;
    connection.send(callOf('tools/call', '{}'), calls[2]);
    await clock.advanceAsync(0);
    expect(calls[1].failure?.message).toBe('one runs');
    expect(calls[2].failure).toMatchObject({
      code: 'OMNI_OVERLOADED',
      message: '"up" does not read what it is sent: its backlog is full',
    });
    expect(connection.inFlight).toBe(0);
  });

  it('tells a call that comes right behind the end of its server how that ended', async () => {
    const { connection, far, clock } = open();
    const call = new RecordingCall<RpcMessage>();
    far.hasLeft = true;
    connection.send(callOf('tools/call', '{}'), call);
    await clock.advanceAsync(0);
    expect(call.log).toEqual([]);
    const reason = new GatewayError('OMNI_UPSTREAM_EXITED', '"up" exited with code 0');
    far.exit(reason);
    expect({ failure: call.failure, phase: call.phase }).toEqual({ failure: reason, phase: 'not-sent' });
  });

  // guard: link/too-long
  it('fails what runs when a message was too long, since it may have been the answer', () => {
    const { connection } = open();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    connection.onFramingError({ kind: 'not-utf8' });
    expect(call.log).toEqual([]);
    connection.onFramingError({ kind: 'oversize', limitBytes: 16 });
    expect(call.log).toEqual(['failure OMNI_UPSTREAM_TOO_LARGE']);
    const later = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), later);
    connection.onFramingError({ kind: 'no-room' });
    expect(later.log).toEqual(['failure OMNI_MEMORY_FULL']);
  });

  it('answers ping by itself and refuses what a shared connection cannot relay', () => {
    const { connection, far } = open();
    far.emit('{"jsonrpc":"2.0","id":"p","method":"ping"}');
    far.emit('{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{}}');
    expect(far.received[0]?.text).toBe('{"jsonrpc":"2.0","id":"p","result":{}}');
    expect(JSON.parse(far.received[1]?.text ?? '')).toMatchObject({ id: 1, error: { code: -32601 } });
    expect(connection.counters.refusedRequests).toBe(1);
  });

  // guard: asked/withdrawn
  it('puts a request to the only running call and returns the answer under the upstream id', () => {
    const { connection, far, clock } = open();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    far.emit('{"jsonrpc":"2.0","id":"q1","method":"elicitation/create","params":{"message":"?"}}');
    expect(call.log).toEqual([
      'question {"jsonrpc":"2.0","id":"q1","method":"elicitation/create","params":{"message":"?"}}',
    ]);
    clock.advance(300_000);
    expect(call.failure).toBeUndefined();
    call.serverRequests[0]?.answer(messageOf('{"jsonrpc":"2.0","id":77,"result":{"action":"accept"}}'));
    call.serverRequests[0]?.answer(messageOf('{"jsonrpc":"2.0","id":77,"result":{"action":"twice"}}'));
    expect(far.received.slice(1).map((message) => message.text)).toEqual([
      '{"jsonrpc":"2.0","id":"q1","result":{"action":"accept"}}',
    ]);
    clock.advance(60_300);
    expect(call.failure?.code).toBe('OMNI_UPSTREAM_TIMEOUT');
  });

  // guard: link/two-run
  it('refuses a request when two calls run and it belongs to no session', () => {
    const { connection, far } = open();
    const calls = [new RecordingCall<RpcMessage>(), new RecordingCall<RpcMessage>()];
    for (const call of calls) connection.send(callOf('tools/call', '{}'), call);
    far.emit('{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage"}');
    expect(calls.flatMap((call) => call.log)).toEqual([]);
    expect(JSON.parse(far.received.at(-1)?.text ?? '')).toMatchObject({ id: 1, error: { code: -32601 } });
  });

  // guard: link/unaddressed, link/unaddressed-time, link/unaddressed-cancelled
  it.each([
    ['answered', (far: ScriptedInstance) => far.emit('{"jsonrpc":"2.0","id":3,"result":{}}')],
    ['cancelled', (_far: ScriptedInstance, running: RunningCall) => running.cancel()],
  ])(
    'keeps what may be about a call of somebody else that was just %s from the only one that runs',
    (_how, end) => {
      const { connection, far, clock } = open();
      end(
        far,
        connection.send(
          { ...callOf('tools/call', '{}'), callerKey: 'somebody else' },
          new RecordingCall<RpcMessage>(),
        ),
      );
      const log = '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}';
      const call = new RecordingCall<RpcMessage>();
      connection.send(callOf('tools/call', '{}'), call);
      far.emit(log);
      far.emit('{"jsonrpc":"2.0","id":"q","method":"sampling/createMessage"}');
      clock.advance(29_999);
      far.emit(log);
      expect(call.log).toEqual([]);
      clock.advance(1);
      far.emit(log);
      expect(call.log).toEqual([`notification ${log}`]);
    },
  );

  const LOG = '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}';
  const user = (id: string, session: string): Pick<UpstreamCall, 'callerKey' | 'caller'> => ({
    callerKey: `${id} ${session}`,
    caller: { id, kind: 'token' },
  });

  // guard: link/unaddressed-unanswered
  it.each([
    ['answered, at once', (far: ScriptedInstance) => far.emit('{"jsonrpc":"2.0","id":3,"result":{}}'), 0],
    ['cancelled, half a minute later', (_far: ScriptedInstance, run: RunningCall) => run.cancel(), 30_000],
  ])('tells a client of what may be about a call of its user that was %s', (_how, end, afterMs) => {
    const { connection, far, clock } = open();
    const first = { ...callOf('tools/call', '{}'), ...user('ada', 'one') };
    end(far, connection.send(first, new RecordingCall<RpcMessage>()));
    const call = new RecordingCall<RpcMessage>();
    connection.send({ ...callOf('tools/call', '{}'), ...user('ada', 'two') }, call);
    if (afterMs > 0) {
      clock.advance(afterMs - 1);
      far.emit(LOG);
      expect(call.log).toEqual([]);
      clock.advance(1);
    }
    far.emit(LOG);
    far.emit('{"jsonrpc":"2.0","id":"q","method":"sampling/createMessage"}');
    expect(call.log).toEqual([
      `notification ${LOG}`,
      'question {"jsonrpc":"2.0","id":"q","method":"sampling/createMessage"}',
    ]);
  });

  // guard: link/unaddressed-users
  it('tells a client of nothing that may be about an answered call of another user, whoever called in between', () => {
    const { connection, far, clock } = open();
    const answered = (id: number, who: Pick<UpstreamCall, 'callerKey' | 'caller'>): void => {
      connection.send({ ...callOf('tools/call', '{}'), ...who }, new RecordingCall<RpcMessage>());
      far.emit(`{"jsonrpc":"2.0","id":${id},"result":{}}`);
    };
    answered(3, user('bob', 'one'));
    clock.advance(10_000);
    answered(4, user('ada', 'one'));
    const call = new RecordingCall<RpcMessage>();
    connection.send({ ...callOf('tools/call', '{}'), ...user('ada', 'two') }, call);
    clock.advance(19_999);
    far.emit(LOG);
    expect(call.log).toEqual([]);
    clock.advance(1);
    far.emit(LOG);
    expect(call.log).toEqual([`notification ${LOG}`]);
  });

  it('tells nobody on a shared connection how a task is getting on', () => {
    const { connection, far } = open();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    far.emit('{"jsonrpc":"2.0","method":"notifications/tasks/status","params":{"taskId":"t"}}');
    expect(call.log).toEqual([]);
    expect(connection.counters.droppedNotifications).toBe(1);
  });

  it('tells whoever asks for it how tasks are getting on, on a shared connection only', () => {
    const status = '{"jsonrpc":"2.0","method":"notifications/tasks/status","params":{"taskId":"t"}}';
    const heard: string[] = [];
    for (const { connection, far } of [open(), open({ binding: new RecordingBinding() })]) {
      const call = new RecordingCall<RpcMessage>();
      connection.send(callOf('tools/call', '{}'), call);
      connection.hearTasks((notification) => heard.push(notification.text));
      far.emit(status);
      heard.push(...call.log);
    }
    expect(heard).toEqual([status, `notification ${status}`]);
  });

  it('tells of the progress of a call that has become a task, of the latest hundred', () => {
    const { connection, far } = open();
    const start = (result: string): { readonly call: RecordingCall<RpcMessage>; readonly id: number } => {
      const call = new RecordingCall<RpcMessage>();
      const text = '{"_meta":{"progressToken":"mine"}}';
      const at = text.indexOf('"mine"');
      connection.send({ ...callOf('tools/call', text), progressToken: { start: at, end: at + 6 } }, call);
      const id = Number(/"id":(\d+)/.exec(far.received.at(-1)?.text ?? '')?.[1]);
      far.emit(`{"jsonrpc":"2.0","id":${id},"result":${result}}`);
      return { call, id };
    };
    const progress = (id: number): void =>
      far.emit(
        `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${id},"progress":1}}`,
      );
    const [plain, first] = [start('{"content":[]}'), start('{"task":{"taskId":"t"}}')];
    for (const { id } of [plain, first]) progress(id);
    for (let index = 0; index < 100; index++) start('{"task":{"taskId":"u"}}');
    progress(first.id);
    expect(plain.call.log).toHaveLength(1);
    expect(first.call.log.slice(1)).toEqual([
      'notification {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"mine","progress":1}}',
    ]);
  });

  it('goes on telling a client what comes between its own calls', () => {
    const { connection, far } = open();
    const log = '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}';
    connection.send(callOf('tools/call', '{}'), new RecordingCall<RpcMessage>()).cancel();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    far.emit(log);
    expect(call.log).toEqual([`notification ${log}`]);
  });

  it('gives requests and notifications without a call to the session that it belongs to', () => {
    const binding = new RecordingBinding();
    const { far } = open({ binding });
    far.emit('{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage"}');
    far.emit('{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}');
    expect(binding.log).toEqual([
      'request up sampling/createMessage',
      'notification up notifications/message',
    ]);
    binding.answer?.(new GatewayError('OMNI_CANCELLED', 'gone'));
    expect(JSON.parse(far.received.at(-1)?.text ?? '')).toMatchObject({
      id: 1,
      error: { code: -31001, message: 'gone' },
    });
  });

  it('forgets a request that the upstream withdraws', () => {
    const { connection, far } = open();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    far.emit('{"jsonrpc":"2.0","id":5,"method":"elicitation/create","params":{}}');
    const { signal } = call.serverRequests[0] ?? {};
    expect(signal?.aborted).toBe(false);
    far.emit('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5}}');
    call.serverRequests[0]?.answer(messageOf(resultText('1', '{}')));
    expect(far.received).toHaveLength(1);
    expect(signal?.aborted).toBe(true);
  });

  // guard: asked/id-in-use, asked/count
  it('bounds the requests that wait for a client, and refuses an id in use', () => {
    const { connection, far } = open({ maxServerRequests: 2 });
    connection.send(callOf('tools/call', '{}'), new RecordingCall<RpcMessage>());
    for (const id of ['1', '1', '2', '3'])
      far.emit(`{"jsonrpc":"2.0","id":${id},"method":"sampling/createMessage"}`);
    expect(far.received.slice(1).map((message) => JSON.parse(message.text))).toMatchObject([
      { id: 1, error: { data: { code: 'OMNI_REQUEST_ID_IN_USE' } } },
      { id: 3, error: { data: { code: 'OMNI_OVERLOADED' } } },
    ]);
  });

  // guard: asked/call-over
  it('answers what a finished call has left open', () => {
    const { connection, far } = open();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    far.emit('{"jsonrpc":"2.0","id":9,"method":"elicitation/create","params":{}}');
    far.emit('{"jsonrpc":"2.0","id":3,"result":{}}');
    call.serverRequests[0]?.answer(messageOf(resultText('1', '{}')));
    expect(call.serverRequests[0]?.signal?.aborted).toBe(true);
    expect(far.received.slice(1).map((message) => JSON.parse(message.text))).toMatchObject([
      { id: 9, error: { data: { code: 'OMNI_CANCELLED' } } },
    ]);
  });

  // guard: link/modern-requests
  it('refuses every request of a modern upstream, even during a call', () => {
    const { connection, far } = open({ era: 'modern' });
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    far.emit('{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{}}');
    expect(call.log).toEqual([]);
    expect(JSON.parse(far.received.at(-1)?.text ?? '')).toMatchObject({ id: 1, error: { code: -32601 } });
  });

  // guard: link/listen-not-running
  it('sends notifications of a subscription to its listen call, under the id of the client', () => {
    const { connection, far, clock } = open({ era: 'modern' });
    const listen = new RecordingCall<RpcMessage>();
    const other = new RecordingCall<RpcMessage>();
    connection.send({ ...callOf('subscriptions/listen', '{}'), clientId: '"mine"' }, listen);
    connection.send(callOf('tools/call', '{}'), other);
    far.emit(
      '{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":3}}}',
    );
    far.emit(
      '{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":4}}}',
    );
    far.emit('{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info"}}');
    expect(listen.log).toEqual([
      'notification {"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":"mine"}}}',
    ]);
    expect(other.log).toEqual([
      'notification {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info"}}',
    ]);
    clock.advance(3_600_000);
    expect(listen.failure).toBeUndefined();
    far.emit('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3}}');
    expect(listen.failure?.code).toBe('OMNI_UPSTREAM_UNREACHABLE');
  });

  it('announces changed lists and updated resources', () => {
    const { far, events } = open();
    for (const list of ['tools', 'prompts', 'resources'])
      far.emit(`{"jsonrpc":"2.0","method":"notifications/${list}/list_changed"}`);
    far.emit('{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"file:///a"}}');
    expect(events).toEqual(['tools', 'prompts', 'resources', 'file:///a']);
  });

  it('reads the batches of revision 2025-03-26', () => {
    const { connection, far } = open();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    far.emit(
      '[{"jsonrpc":"2.0","method":"notifications/message","params":{}},{"jsonrpc":"2.0","id":3,"result":{}}]',
    );
    expect(call.log).toEqual([
      'notification {"jsonrpc":"2.0","method":"notifications/message","params":{}}',
      'answer 200 {"jsonrpc":"2.0","id":3,"result":{}}',
    ]);
  });

  // guard: link/notification-flood
  it('drops notifications beyond a thousand for a reader that does not read, until it does', () => {
    const { connection, far } = open();
    const call = new RecordingCall<RpcMessage>();
    call.isFast = false;
    connection.send(callOf('tools/call', '{}'), call);
    for (let count = 0; count < 1_101; count++)
      far.emit('{"jsonrpc":"2.0","method":"notifications/message","params":{}}');
    expect(call.log).toHaveLength(1_001);
    expect(connection.counters.droppedNotifications).toBe(100);
    call.drain();
    far.emit('{"jsonrpc":"2.0","method":"notifications/message","params":{}}');
    expect(call.log).toHaveLength(1_002);
  });

  it('passes parameters and results on byte for byte', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.jsonValue(),
        fc.constantFrom(undefined, 1, 3),
        (params, result, indent) => {
          const { connection, far } = open();
          const call = new RecordingCall<RpcMessage>();
          const sent = JSON.stringify(params, null, indent);
          const text = `{"before":1,"params":${sent}}`;
          connection.send(
            { ...callOf('tools/call', text), paramsStart: 21, paramsEnd: text.length - 1 },
            call,
          );
          expect(far.received[0]?.text).toBe(
            `{"jsonrpc":"2.0","id":3,"method":"tools/call","params":${sent}}`,
          );
          const answer = `{"jsonrpc":"2.0","id":3,"result":${JSON.stringify(result, null, indent)}}`;
          far.emit(answer);
          expect(call.log).toEqual([`answer 200 ${answer}`]);
        },
      ),
    );
  });
});

interface OpenOptions {
  readonly era?: Era;
  readonly binding?: ClientBinding;
  readonly spec?: Partial<UpstreamSpec>;
  readonly chains?: CallChains;
  readonly maxServerRequests?: number;
  readonly warn?: () => void;
}

function open({ era = 'legacy', binding, spec, chains, maxServerRequests, warn }: OpenOptions = {}) {
  const clock = new VirtualClock();
  const events: string[] = [];
  const closed: GatewayError[] = [];
  const reports: OwnerReport[] = [];
  const connectionEvents: ConnectionEvents = {
    onClosed: (_link, reason) => closed.push(reason),
    onListsChanged: (_link, kind) => events.push(kind),
    onResourceUpdated: (_link, uri) => events.push(uri) > 0,
    onReinitialized() {},
  };
  const server = new ScriptedServer(() => {});
  const opened: { connection?: ChannelConnection } = {};
  const channel = server.open({
    onMessage: (text) => opened.connection?.onMessage(text),
    onFramingError: (problem) => opened.connection?.onFramingError(problem),
    onClose: (reason) => opened.connection?.onClose(reason),
  });
  const fullSpec = upstreamSpecOf({ kind: 'channel', open: server.open }, spec);
  const context = connectionContextOf(clock, {
    ...(chains !== undefined && { chains }),
    ...(warn !== undefined && { logger: { ...silentLogger, warn } }),
    limits: {
      ...DEFAULT_UPSTREAM_LIMITS,
      ...(maxServerRequests !== undefined && { maxServerRequests }),
    },
  });
  const connection = new ChannelConnection({
    spec: fullSpec,
    context,
    credentials: credentialsOf(fullSpec, context),
    boundTo: undefined,
    events: connectionEvents,
    binding,
    onReport: (report) => reports.push(report),
    era,
    handshake: messageOf('{"jsonrpc":"2.0","id":1,"result":{}}'),
    channel,
    firstId: 3,
  });
  opened.connection = connection;
  // The server was opened once above.
  const far = server.instances[0] as ScriptedInstance;
  return { connection, far, clock, events, closed, reports };
}

function messageOf(text: string): RpcMessage {
  const message = parseMessage(text, { maxDepth: 16, maxElements: 1_000 });
  if (message.kind === 'batch' || message.kind === 'rejected')
    throw new GatewayError('OMNI_INTERNAL', 'The test wrote no message');
  return message;
}

class RecordingBinding implements ClientBinding {
  readonly key = 's1';
  readonly principal = { id: 'ada', kind: 'token' } as const;
  readonly version = '2025-11-25';
  readonly capabilities = '{"sampling":{}}';
  readonly clientInfo = '{}';
  readonly isShared = false;
  readonly log: string[] = [];
  answer: ((answer: GatewayError) => void) | undefined;

  onNotification(upstream: string, message: RpcMessage): void {
    this.log.push(`notification ${upstream} ${message.method}`);
  }

  onServerRequest(upstream: string, message: RpcMessage, answer: (answer: GatewayError) => void): void {
    this.log.push(`request ${upstream} ${message.method}`);
    this.answer = answer;
  }

  logLevel(): undefined {}

  addClientNotificationListener(): () => void {
    return () => {};
  }

  onEnd(): () => void {
    return () => {};
  }
}
