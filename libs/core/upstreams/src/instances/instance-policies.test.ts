import { describe, expect, it } from '@jest/globals';
import type { RpcMessage } from '@omni/jsonrpc';
import { internalCall, type UpstreamConnection } from '@omni/model';
import { GatewayError } from '@omni/ports';
import { RecordingCall, type ScriptedInstance, type ScriptedMessage } from '@omni/testing';
import {
  callOf,
  clientOf,
  FakeSession,
  FORMS,
  legacyScript,
  modernScript,
  UpstreamScene,
} from '../upstream-scene.fixture.ts';

const SAMPLING = '{"sampling":{}}';
const QUESTION = '{"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{}}';
const CRASH = new GatewayError('OMNI_UPSTREAM_EXITED', 'crashed');

function call(
  connection: UpstreamConnection,
  session: FakeSession,
): { readonly told: RecordingCall<RpcMessage>; cancel(): void } {
  const told = new RecordingCall<RpcMessage>();
  const running = connection.send(callOf(session.client), told);
  return { told, cancel: () => running.cancel() };
}

/** Answers the last request of the method. */
function reply(instance: ScriptedInstance | undefined, method = 'tools/call'): void {
  const message = instance?.last(method);
  if (message !== undefined) instance?.reply(message, '{}');
}

describe('instances "per-user"', () => {
  it('are shared by the sessions of a user that offer the same, and by nobody else', async () => {
    const scene = await new UpstreamScene({ instances: 'per-user' }).start();
    const connections = [
      await scene.connection(new FakeSession('{"elicitation":{},"sampling":{}}').client),
      await scene.connection(new FakeSession('{ "sampling":{ }, "elicitation": {} }').client),
      await scene.connection(new FakeSession(FORMS).client),
      await scene.connection(new FakeSession(FORMS, 'bob').client),
      await scene.connection(clientOf(FORMS)),
      await scene.connection(new FakeSession('{}').client),
      await scene.connection(clientOf('{}')),
    ];
    expect(connections.map((connection) => connections.indexOf(connection))).toEqual([0, 0, 2, 3, 4, 5, 6]);
    expect(connections).not.toContain(scene.upstream.connection);
    expect(scene.told.slice(1)).toEqual([
      { elicitation: {}, sampling: {} },
      { elicitation: {} },
      { elicitation: {} },
      { elicitation: {} },
      {},
      {},
    ]);
  });

  it('ask the session whose call alone runs, and none when the question may be about a call of another', async () => {
    const scene = await new UpstreamScene({ instances: 'per-user' }).start();
    const [one, other] = [new FakeSession(FORMS), new FakeSession(FORMS)];
    const connection = await scene.openConnection(one.client);
    const instance = scene.server.instances[1];
    const first = call(connection, one);
    instance?.emit(QUESTION);
    expect(first.told.serverRequests).toHaveLength(1);
    first.told.serverRequests[0]?.answer(new GatewayError('OMNI_CANCELLED', 'no'));

    const second = call(connection, other);
    instance?.emit(QUESTION);
    expect(first.told.serverRequests).toHaveLength(1);
    expect(second.told.serverRequests).toHaveLength(0);
    expect(instance?.received.at(-1)?.text).toContain('so it is not known whom to ask');

    first.cancel();
    instance?.emit(QUESTION);
    expect(second.told.serverRequests).toHaveLength(0);
    await scene.clock.advanceAsync(30_000);
    instance?.emit(QUESTION);
    expect(second.told.serverRequests).toHaveLength(1);
    expect(one.log).toEqual([]);
    expect(other.log).toEqual([]);
  });

  it('take no call of another session while one has yet to answer', async () => {
    const scene = await new UpstreamScene({ instances: 'per-user' }).start();
    const [one, other] = [new FakeSession(FORMS), new FakeSession(FORMS)];
    const connection = await scene.openConnection(one.client);
    const { told } = call(connection, one);
    scene.server.instances[1]?.emit(QUESTION);
    expect(await scene.connection(other.client)).not.toBe(connection);
    told.serverRequests[0]?.answer(new GatewayError('OMNI_CANCELLED', 'no'));
    expect(await scene.connection(other.client)).toBe(connection);
  });

  it('show what comes of a task, or of no call, to no session', async () => {
    const scene = await new UpstreamScene({ instances: 'per-user' }).start();
    const session = new FakeSession(FORMS);
    const { told } = call(await scene.openConnection(session.client), session);
    scene.server.instances[1]?.emit(
      '{"jsonrpc":"2.0","method":"notifications/tasks/status","params":{"taskId":"of another"}}',
    );
    scene.server.instances[1]?.emit(
      '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}}',
    );
    expect(told.log).toEqual([
      'notification {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}}',
    ]);
    expect(session.log).toEqual([]);
  });

  it('stay while a session that has used them lives, or somebody watches a resource, and end five minutes later', async () => {
    const scene = await new UpstreamScene({ instances: 'per-user' }).start();
    const session = new FakeSession(FORMS);
    await scene.connection(session.client);
    let release: (() => void) | GatewayError | undefined;
    scene.upstream.subscribe(
      clientOf(FORMS),
      'file:///a',
      () => {},
      (done) => (release = done),
    );
    await scene.clock.advanceAsync(1_200_000);
    expect(scene.open).toEqual([true, true, true]);
    session.end();
    if (typeof release === 'function') release();
    await scene.clock.advanceAsync(600_000);
    expect(scene.open).toEqual([true, false, false]);
  });
});

describe('instances "per-session"', () => {
  it('belong to a user where there are no sessions', async () => {
    const scene = await new UpstreamScene({ instances: 'per-session' }).start();
    const connections = [
      await scene.connection(clientOf('{}')),
      await scene.connection(clientOf('{}')),
      await scene.connection(clientOf('{}', 'bob')),
      await scene.connection(new FakeSession('{}').client),
      await scene.connection(new FakeSession('{}').client),
    ];
    expect(connections.map((connection) => connections.indexOf(connection))).toEqual([0, 0, 2, 3, 4]);
    expect(connections).not.toContain(scene.upstream.connection);
  });
});

describe('instances "per-request"', () => {
  it('start with a call and end with its answer, its failure or its cancellation', async () => {
    const scene = await new UpstreamScene({ instances: 'per-request' }).start();
    const session = new FakeSession(SAMPLING);
    const connection = await scene.openConnection(session.client);
    expect(scene.open).toEqual([true]);
    const calls = [call(connection, session), call(connection, session), call(connection, session)];
    await scene.settle();
    expect(scene.open).toEqual([true, true, true, true]);
    expect(scene.told[3]).toEqual({ sampling: {} });
    reply(scene.server.instances[1]);
    scene.server.instances[2]?.exit(CRASH);
    calls[2]?.cancel();
    await scene.settle();
    expect(scene.open).toEqual([true, false, false, false]);
    expect(calls.map(({ told }) => told.last)).toEqual([
      'answer 200 {"jsonrpc":"2.0","id":2,"result":{}}',
      'failure OMNI_UPSTREAM_EXITED',
      undefined,
    ]);
    expect(scene.server.instances[3]?.last('notifications/cancelled')).toBeDefined();
    expect(scene.upstream.snapshot.facts.instances).toBe(0);
  });

  it('are given up when the call is cancelled before they are open', async () => {
    const scene = await new UpstreamScene({ instances: 'per-request' }).start();
    const session = new FakeSession(SAMPLING);
    const connection = await scene.openConnection(session.client);
    call(connection, session).cancel();
    await scene.settle();
    expect(scene.server.instances).toHaveLength(1);
    const { told, cancel } = call(connection, session);
    queueMicrotask(cancel);
    await scene.settle();
    expect(scene.open).toEqual([true, false]);
    expect(told.log).toEqual([]);
  });

  it('are at most so many, and the next call is told', async () => {
    const scene = await new UpstreamScene({ instances: 'per-request' }, { maxInstances: 1 }).start();
    const client = clientOf(FORMS);
    const calls = [new RecordingCall<RpcMessage>(), new RecordingCall<RpcMessage>()];
    for (const told of calls) (await scene.openConnection(client)).send(callOf(client), told);
    await scene.settle();
    expect(scene.open).toEqual([true, true]);
    expect(calls.map(({ last }) => last)).toEqual([undefined, 'failure OMNI_OVERLOADED']);
    reply(scene.server.instances[1]);
    (await scene.openConnection(client)).send(callOf(client), new RecordingCall<RpcMessage>());
    await scene.settle();
    expect(scene.open).toEqual([true, false, true]);
  });

  it('tell the call whatever comes, from their start on', async () => {
    const script = (message: ScriptedMessage, instance: ScriptedInstance): void => {
      legacyScript(message, instance);
      if (message.method === 'notifications/initialized') instance.emit(QUESTION);
    };
    const scene = await new UpstreamScene({ instances: 'per-request' }, {}, script).start();
    const client = clientOf(FORMS);
    const told = new RecordingCall<RpcMessage>();
    const connection = await scene.openConnection(client);
    expect(connection.binding?.capabilities).toBe(FORMS);
    connection.send(callOf(client), told);
    await scene.settle();
    expect(told.serverRequests).toHaveLength(1);
    scene.server.instances[1]?.emit('{"jsonrpc":"2.0","id":2,"method":"elicitation/create","params":{}}');
    await scene.clock.advanceAsync(30_000);
    // It waits for its client, and keeps what it runs on.
    expect(told.serverRequests).toHaveLength(2);
    expect(scene.open).toEqual([true, true]);
    reply(scene.server.instances[1]);
    await scene.settle();
    expect(told.last).toBe('answer 200 {"jsonrpc":"2.0","id":2,"result":{}}');
    expect(scene.open).toEqual([true, false]);
  });

  it('are told the log level before the call', async () => {
    const scene = await new UpstreamScene({ instances: 'per-request' }).start();
    const client = clientOf(FORMS);
    const connection = await scene.openConnection(client);
    const level = new RecordingCall<RpcMessage>();
    connection.send(internalCall('logging/setLevel', '{"level":"debug"}'), level);
    await scene.settle();
    expect(level.last).toBe('answer 200 {"jsonrpc":"2.0","id":1,"result":{}}');
    expect(scene.server.instances).toHaveLength(1);
    connection.send(callOf(client), new RecordingCall<RpcMessage>());
    await scene.settle();
    expect(scene.server.instances[1]?.received.map(({ method }) => method)).toEqual([
      'initialize',
      'notifications/initialized',
      'logging/setLevel',
      'tools/call',
    ]);
    expect(scene.server.instances[1]?.last('logging/setLevel')?.params).toEqual({ level: 'debug' });
  });

  it('are not what resources are watched on', async () => {
    const scene = await new UpstreamScene({ instances: 'per-request' }).start();
    for (const client of [clientOf(FORMS), new FakeSession(FORMS).client]) {
      scene.upstream.subscribe(
        client,
        'file:///a',
        () => {},
        () => {},
      );
    }
    await scene.settle();
    expect(scene.open).toEqual([true]);
    expect(scene.server.instances[0]?.last('resources/subscribe')?.params).toEqual({ uri: 'file:///a' });
  });

  it('end with their upstream', async () => {
    const scene = await new UpstreamScene({ instances: 'per-request' }).start();
    const client = clientOf(FORMS);
    const told = new RecordingCall<RpcMessage>();
    (await scene.openConnection(client)).send(callOf(client), told);
    await scene.settle();
    await scene.upstreams.stop();
    expect(told.last).toBe('failure OMNI_UPSTREAM_DOWN');
    expect(scene.open).toEqual([false, false]);
    expect(scene.clock.pendingTimers).toBe(0);
  });

  it('of legacy clients are legacy where the upstream speaks both, and none where it speaks the modern era only', async () => {
    const session = new FakeSession(SAMPLING);
    const both = await new UpstreamScene(
      { instances: 'per-request' },
      {},
      modernScript('"2026-07-28","2025-11-25"'),
    ).start();
    const connection = await both.openConnection(session.client);
    call(connection, session);
    await both.settle();
    expect(connection.era).toBe('legacy');
    expect(both.told).toEqual([undefined, {}, { sampling: {} }]);
    expect(await both.connection(clientOf(SAMPLING))).toBe(both.upstream.connection);
    const only = await new UpstreamScene({ instances: 'per-request' }, {}, modernScript()).start();
    expect(await only.connection(session.client)).toBe(only.upstream.connection);
  });
});

describe('subscriptions on an instance of the session', () => {
  it('are made again when the instance has crashed, until the client ends them', async () => {
    const scene = await new UpstreamScene({ instances: 'per-session' }).start();
    const session = new FakeSession(FORMS);
    const told: string[] = [];
    const releases = new Map<string, () => void>();
    for (const uri of ['file:///a', 'file:///b'])
      scene.upstream.subscribe(
        session.client,
        uri,
        (message) => told.push(message.text),
        (result) => void (result instanceof GatewayError || releases.set(uri, result)),
      );
    await scene.settle();
    scene.server.instances[1]?.exit(undefined);
    await scene.clock.advanceAsync(600);
    const again = scene.server.instances[2];
    // In any order: each has a pause of its own.
    const uris = again?.received
      .filter(({ method }) => method === 'resources/subscribe')
      .map(({ params }) => params['uri']);
    expect(new Set(uris)).toEqual(new Set(['file:///a', 'file:///b']));
    const update =
      '{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"file:///a"}}';
    again?.emit(update);
    expect(told).toEqual([update]);
    releases.get('file:///a')?.();
    // Another one may follow at once.
    await scene.clock.advanceAsync(10_000);
    expect(again?.last('resources/unsubscribe')?.params).toEqual({ uri: 'file:///a' });
    again?.exit(undefined);
    await scene.clock.advanceAsync(1_200);
    expect(
      scene.server.instances[3]?.received.filter(({ method }) => method === 'resources/subscribe'),
    ).toHaveLength(1);
    scene.server.instances[3]?.exit(undefined);
    releases.get('file:///b')?.();
    session.end();
    await scene.clock.advanceAsync(60_000);
    expect(scene.server.instances).toHaveLength(4);
    expect(scene.upstream.snapshot.facts.subscriptions).toBe(0);
  });

  it('are not tried any more when the upstream is stopped', async () => {
    const scene = await new UpstreamScene({ instances: 'per-session' }).start();
    scene.upstream.subscribe(
      new FakeSession(FORMS).client,
      'file:///a',
      () => {},
      () => {},
    );
    await scene.settle();
    scene.server.instances[1]?.exit(undefined);
    await scene.upstreams.stop();
    expect(scene.clock.pendingTimers).toBe(0);
  });
});
