import { describe, expect, it } from '@jest/globals';
import type { RpcMessage } from '@omni/jsonrpc';
import type { CallStage, ConnectionFacts, UpstreamCall } from '@omni/model';
import { RecordingCall } from '@omni/testing';
import { openModern } from '../http/modern-http-connection.fixture.ts';
import { open as openLegacy } from '../http/legacy-http-connection.fixture.ts';
import {
  callOf as clientCall,
  clientOf,
  FakeSession,
  FORMS,
  UpstreamScene,
} from '../upstream-scene.fixture.ts';
import { CallChains } from './call-chains.ts';
import { callOf } from './upstream-call.fixture.ts';

/** Notes down where it is applied, and what passes. */
function watching() {
  const applied: ConnectionFacts[] = [];
  const passed: [method: string, isInternal: boolean][] = [];
  const stage: CallStage = (next, at) => {
    applied.push(at);
    return (call, handler) => {
      passed.push([call.method, call.isInternal === true]);
      return next(call, handler);
    };
  };
  return { applied, passed, stage };
}

describe('StagedConnection', () => {
  it('applies the stages once, and again when the chains are rebuilt', () => {
    const { applied, stage } = watching();
    const chains = new CallChains({ stages: [stage] });
    const { connection } = openModern({}, undefined, chains);
    const send = (): unknown => connection.send(callOf('tools/call', '{}'), new RecordingCall<RpcMessage>());
    send();
    send();
    expect(applied).toHaveLength(1);
    chains.rebuild();
    expect(applied).toHaveLength(1);
    send();
    send();
    expect(applied).toHaveLength(2);
    expect(applied[0]).toMatchObject({ upstream: 'up', era: 'modern', transport: 'http' });
  });

  // guard: call/was-sent
  it('says so to the request when its call leaves, and not before', () => {
    const held: (() => void)[] = [];
    const holding: CallStage = (next) => (call, handler) => {
      held.push(() => next(call, handler));
      return { cancel() {} };
    };
    const { connection } = openModern({}, undefined, new CallChains({ stages: [holding] }));
    const origin = { wasSent: false };
    connection.send({ ...callOf('tools/call', '{}'), origin }, new RecordingCall<RpcMessage>());
    expect(origin.wasSent).toBe(false);
    for (const send of held) send();
    expect(origin.wasSent).toBe(true);
  });

  it('lets what runs end by the chain that it was sent by', () => {
    let isRefused = false;
    const refusing: CallStage = (next) => (isRefused ? () => ({ cancel() {} }) : next);
    const chains = new CallChains({ stages: [refusing] });
    const { connection, http } = openModern({}, undefined, chains);
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    isRefused = true;
    chains.rebuild();
    connection.send(callOf('tools/call', '{}'), new RecordingCall<RpcMessage>());
    expect(http.exchanges).toHaveLength(1);
    http.last.result('{}');
    expect(call.log).toEqual(['answer 200 {"jsonrpc":"2.0","id":1,"result":{}}']);
  });

  it('sends what Omni asks for the era through the stages, marked', () => {
    const { passed, stage } = watching();
    const { connection, http } = openModern({}, undefined, new CallChains({ stages: [stage] }));
    connection.send(callOf('tools/call', '{}'), new RecordingCall<RpcMessage>());
    http.last.respond(404, '', '');
    expect(passed).toEqual([
      ['tools/call', false],
      ['server/discover', true],
    ]);
  });

  it('sends the level of a renewed session through the stages, marked', async () => {
    const { passed, stage } = watching();
    const opened = await openLegacy({ chains: new CallChains({ stages: [stage] }) });
    const { connection, http, clock } = opened;
    const level: UpstreamCall = callOf('logging/setLevel', '{"level":"debug"}');
    connection.send(level, new RecordingCall<RpcMessage>());
    http.last.result('{}');
    connection.send(callOf('tools/call', '{}'), new RecordingCall<RpcMessage>());
    http.last.respond(404, '', '');
    await clock.advanceAsync(1_000);
    expect(passed).toEqual([
      ['logging/setLevel', false],
      ['tools/call', false],
      ['logging/setLevel', true],
    ]);
  });

  it('tells the instances of an upstream apart, and finds the same one again after a restart', async () => {
    const { applied, stage } = watching();
    const scene = await new UpstreamScene({ instances: 'auto' }, {}, undefined, [stage]).start();
    const [ada, bob] = [new FakeSession(FORMS), new FakeSession(FORMS, 'bob')];
    await scene.openConnection(ada.client);
    await scene.openConnection(bob.client);
    scene.server.instances[0]?.exit(undefined);
    await scene.clock.advanceAsync(1_000);
    await scene.openConnection(clientOf('{}'));
    const [first, ofAda, ofBob, second] = applied.map(({ instance }) => instance);
    expect(applied).toHaveLength(4);
    expect(second).toBe(first);
    expect(new Set([first, ofAda, ofBob]).size).toBe(3);
    expect(ofAda?.key).toBe(ada.key);
  });

  it('opens an instance of its own for each request of "per-request", before which the stages stand too', async () => {
    const { applied, passed, stage } = watching();
    const scene = await new UpstreamScene({ instances: 'per-request' }, {}, undefined, [stage]).start();
    const client = clientOf(FORMS);
    const connection = await scene.openConnection(client);
    for (let n = 0; n < 2; n++) connection.send(clientCall(client), new RecordingCall<RpcMessage>());
    await scene.settle();
    expect(new Set(applied.map(({ instance }) => instance)).size).toBe(3);
    expect(passed).toEqual([
      ['tools/call', false],
      ['tools/call', false],
    ]);
  });

  it('fails the call alone that a stage throws at', async () => {
    let isBroken = true;
    const breaking: CallStage = (next) => (call, handler) => {
      if (isBroken) throw new TypeError('a stage is broken');
      return next(call, handler);
    };
    const { connection, http } = openModern({}, undefined, new CallChains({ stages: [breaking] }));
    const broken = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), broken);
    isBroken = false;
    connection.send(callOf('tools/call', '{}'), new RecordingCall<RpcMessage>());
    expect(http.exchanges).toHaveLength(1);
    await Promise.resolve();
    expect(broken.failure).toMatchObject({
      code: 'OMNI_INTERNAL',
      cause: { message: 'a stage is broken' },
    });
  });
});
