import { describe, expect, it } from '@jest/globals';
import type { RpcMessage } from '@omni/jsonrpc';
import { callerKeyOf, internalCall, type UpstreamCall } from '@omni/model';
import { GatewayError } from '@omni/ports';
import { RecordingCall, type ScriptedInstance } from '@omni/testing';
import { clientOf, FORMS, UpstreamScene as Scene } from '../upstream-scene.fixture.ts';

const FIVE_MINUTES_MS = 300_000;
/** A call of ada's. */
const CALL: UpstreamCall = {
  ...internalCall('tools/call', '{}'),
  callerKey: callerKeyOf(clientOf(FORMS)),
  isInternal: false,
};

describe('ClientInstances', () => {
  it('tell the server exactly what may be asked of the client', async () => {
    const scene = await new Scene().start();
    await scene.connection(
      clientOf('{"elicitation":{"url":{}},"tasks":{},"vendor":{},"sampling":{"tools":{}}}'),
    );
    expect(scene.told).toEqual([{}, { elicitation: { url: {} }, sampling: { tools: {} } }]);
    expect(scene.server.instances[1]?.last('initialize')?.params['clientInfo']).toEqual({
      name: 'omni',
      version: '1',
    });
  });

  // guard: instance/own-principal, instance/own-capabilities
  it('are one for each user and set of capabilities, however it is written', async () => {
    const scene = await new Scene().start();
    const connections = [
      await scene.connection(clientOf('{"elicitation":{},"sampling":{}}')),
      await scene.connection(clientOf('{ "sampling":{ }, "elicitation": {} }')),
      await scene.connection(clientOf('{"elicitation":{"url":{}},"sampling":{}}')),
      await scene.connection(clientOf('{"elicitation":{},"sampling":{}}', 'bob')),
      await scene.connection(clientOf('{}')),
      await scene.connection(clientOf('{"tasks":{}}', 'bob')),
    ];
    expect(connections.map((connection) => connections.indexOf(connection))).toEqual([0, 0, 2, 3, 4, 4]);
    expect(scene.upstream.openConnectionFor(clientOf('{"sampling":{},"elicitation":{}}'))).toEqual(
      connections[0],
    );
    expect(connections[4]).toEqual(scene.upstream.connection);
    expect(scene.server.instances).toHaveLength(4);
  });

  // guard: instance/capability-length
  it('do not exist where clients are to share, nor for more capabilities than anybody has', async () => {
    const shared = await new Scene({ instances: 'shared' }).start();
    expect(await shared.connection(clientOf(FORMS))).toBe(shared.upstream.connection);
    const scene = await new Scene().start();
    expect(await scene.connection(clientOf(`{"experimental":{"x":"${'x'.repeat(17_000)}"}}`))).toBe(
      scene.upstream.connection,
    );
  });

  it('put a question to the one call that runs, and to none when there are more', async () => {
    const scene = await new Scene().start();
    const connection = await scene.connection(clientOf(FORMS));
    if (connection instanceof GatewayError) throw connection;
    const [one, two] = [new RecordingCall<RpcMessage>(), new RecordingCall<RpcMessage>()];
    connection.send(CALL, one);
    scene.server.instances[1]?.emit('{"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{}}');
    connection.send(CALL, two);
    scene.server.instances[1]?.emit('{"jsonrpc":"2.0","id":2,"method":"elicitation/create","params":{}}');
    expect(one.serverRequests).toHaveLength(1);
    expect(two.serverRequests).toHaveLength(0);
    expect(scene.server.instances[1]?.received.at(-1)?.text).toContain(
      '"code":-32603,"message":"\\"up\\" asked for elicitation/create while',
    );
  });

  // guard: instance/busy
  it('take no further call while a client has yet to answer, as long as there is room for another one', async () => {
    const scene = await new Scene({}, { maxInstances: 2 }).start();
    const ask = (instance: ScriptedInstance | undefined): void =>
      instance?.emit('{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage"}');
    const [first, second, third] = [
      new RecordingCall<RpcMessage>(),
      new RecordingCall<RpcMessage>(),
      new RecordingCall<RpcMessage>(),
    ];
    const one = await scene.connection(clientOf(FORMS));
    if (one instanceof GatewayError) throw one;
    one.send(CALL, first);
    expect(await scene.connection(clientOf(FORMS))).toBe(one);
    ask(scene.server.instances[1]);
    const two = await scene.connection(clientOf(FORMS));
    if (two instanceof GatewayError) throw two;
    two.send(CALL, second);
    ask(scene.server.instances[2]);
    expect(two).not.toBe(one);
    expect(first.serverRequests).toHaveLength(1);
    expect(second.serverRequests).toHaveLength(1);
    // There is room for no third: calls go on, questions would not.
    const shared = await scene.connection(clientOf(FORMS));
    expect(shared).toBe(one);
    one.send(CALL, third);
    ask(scene.server.instances[1]);
    expect(third.serverRequests).toEqual([]);
    first.serverRequests[0]?.answer(new GatewayError('OMNI_CANCELLED', 'no'));
    expect(await scene.connection(clientOf(FORMS))).toBe(one);
  });

  // guard: instance/idle
  it('close when nobody has used them for five minutes, and no call runs', async () => {
    const scene = await new Scene({ callTimeoutMs: 3_600_000, maxCallTimeMs: 3_600_000 }).start();
    const connection = await scene.connection(clientOf(FORMS));
    await scene.connection(clientOf('{"sampling":{}}'));
    if (connection instanceof GatewayError) throw connection;
    const call = connection.send(CALL, new RecordingCall<RpcMessage>());
    const isOpen = (): boolean[] => scene.server.instances.map((instance) => instance.isOpen);
    await scene.clock.advanceAsync(FIVE_MINUTES_MS + 60_000);
    expect(isOpen()).toEqual([true, true, false]);
    call.cancel();
    await scene.clock.advanceAsync(FIVE_MINUTES_MS + 60_000);
    expect(isOpen()).toEqual([true, false, false]);
    expect(scene.upstream.snapshot.facts.instances).toBe(0);
    await scene.connection(clientOf(FORMS));
    expect(scene.server.instances).toHaveLength(4);
  });

  // guard: instance/per-principal
  it('of one user are eight at most: the idlest makes room, and a busy one does not', async () => {
    const scene = await new Scene({ callTimeoutMs: 600_000 }).start();
    const capabilities = (index: number): string => `{"experimental":{"x${index}":{}}}`;
    for (let index = 0; index < 8; index++) {
      const connection = await scene.connection(clientOf(capabilities(index)));
      if (connection instanceof GatewayError) throw connection;
      if (index !== 3) connection.send(CALL, new RecordingCall<RpcMessage>());
    }
    const ninth = await scene.connection(clientOf(capabilities(8)));
    if (ninth instanceof GatewayError) throw ninth;
    await scene.clock.advanceAsync(0);
    expect(scene.server.instances.map((instance) => instance.isOpen)).toEqual([
      true,
      true,
      true,
      true,
      false,
      true,
      true,
      true,
      true,
      true,
    ]);
    ninth.send(CALL, new RecordingCall<RpcMessage>());
    expect(await scene.connection(clientOf(capabilities(9)))).toMatchObject({ code: 'OMNI_OVERLOADED' });
    expect(await scene.connection(clientOf(capabilities(9), 'bob'))).not.toBeInstanceOf(GatewayError);
  });

  it('make room for one another when there is no more for all', async () => {
    const scene = await new Scene({}, { maxInstances: 2 }).start();
    await scene.connection(clientOf(FORMS));
    await scene.connection(clientOf(FORMS, 'bob'));
    expect(await scene.connection(clientOf(FORMS, 'eve'))).not.toBeInstanceOf(GatewayError);
    expect(scene.server.instances.map((instance) => instance.isOpen)).toEqual([true, false, true, true]);
  });

  // guard: instance/of-others
  it('make no room for a user who has as much as the others already', async () => {
    const scene = await new Scene({}, { maxInstances: 2 }).start();
    await scene.connection(clientOf(FORMS));
    const busy = await scene.connection(clientOf(FORMS, 'bob'));
    if (busy instanceof GatewayError) throw busy;
    busy.send(CALL, new RecordingCall<RpcMessage>());
    expect(await scene.connection(clientOf('{"sampling":{}}', 'bob'))).toMatchObject({
      code: 'OMNI_OVERLOADED',
    });
    expect(scene.server.instances.map((instance) => instance.isOpen)).toEqual([true, true, true]);
  });

  it('open again after they broke', async () => {
    const scene = await new Scene().start();
    const first = await scene.connection(clientOf(FORMS));
    scene.server.instances[1]?.exit(new GatewayError('OMNI_UPSTREAM_EXITED', 'crashed'));
    const second = await scene.connection(clientOf(FORMS));
    expect(second instanceof GatewayError).toBe(false);
    expect(second).not.toBe(first);
    expect(scene.server.instances).toHaveLength(3);
  });

  it('end with their upstream', async () => {
    const scene = await new Scene().start();
    await scene.connection(clientOf(FORMS));
    await scene.upstreams.stop();
    expect(scene.server.instances.map((instance) => instance.isOpen)).toEqual([false, false]);
    expect(scene.clock.pendingTimers).toBe(0);
  });

  it('are not needed to watch a resource', async () => {
    const scene = await new Scene().start();
    scene.upstream.subscribe(
      clientOf(FORMS),
      'file:///a',
      () => {},
      () => {},
    );
    await scene.clock.advanceAsync(0);
    expect(scene.server.instances).toHaveLength(1);
    expect(scene.server.instances[0]?.last('resources/subscribe')).not.toBe(undefined);
  });
});
