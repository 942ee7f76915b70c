import { describe, expect, it } from '@jest/globals';
import type { RpcMessage } from '@omni/jsonrpc';
import { internalCall } from '@omni/model';
import { GatewayError, type UpstreamSpec } from '@omni/ports';
import { RecordingCall } from '@omni/testing';
import { VariantKeys } from './instances/variant-keys.ts';
import { clientOf, FakeSession, FORMS, modernScript, UpstreamScene } from './upstream-scene.fixture.ts';

const BOTH = '"2026-07-28","2025-11-25"';

describe('Upstream.listSourceFor', () => {
  it.each<[UpstreamSpec['instances'], string]>([
    ['auto', '{}'],
    ['auto', '{"tasks":{}}'],
    ['shared', FORMS],
  ])(
    'has none of their own for clients that share the instance ("%s", %s)',
    async (instances, capabilities) => {
      const scene = await new UpstreamScene({ instances }).start();
      for (const client of [clientOf(capabilities), new FakeSession(capabilities).client]) {
        expect(await scene.source(client)).toBeUndefined();
        expect(scene.upstream.openListSourceFor(client)).toBeUndefined();
      }
      expect(scene.open).toEqual([true]);
    },
  );

  it.each<UpstreamSpec['instances']>(['auto', 'per-user', 'per-session'])(
    'is the instance that calls run on, with "%s"',
    async (instances) => {
      const scene = await new UpstreamScene({ instances }).start();
      for (const client of [clientOf(FORMS), new FakeSession(FORMS).client]) {
        expect(scene.upstream.openListSourceFor(client)).toBeUndefined();
        const source = await scene.openSource(client);
        source.release();
        expect(source.isOpen()).toBe(true);
        expect(source.capabilities).toBe('{}');
        expect(await scene.connection(client)).toEqual(source.connection);
        expect(scene.upstream.openListSourceFor(client)?.connection).toBe(source.connection);
      }
      expect(scene.told).toEqual([{}, { elicitation: {} }, { elicitation: {} }]);
    },
  );

  it('leaves questions that come meanwhile to the session', async () => {
    const scene = await new UpstreamScene().start();
    const session = new FakeSession('{"sampling":{}}');
    const { connection } = await scene.openSource(session.client);
    connection.send(internalCall('tools/list', ''), new RecordingCall<RpcMessage>());
    scene.server.instances[1]?.emit('{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage"}');
    expect(session.log).toEqual(['sampling/createMessage']);
  });

  it('is open as long as its session', async () => {
    const scene = await new UpstreamScene().start();
    const session = new FakeSession(FORMS);
    const source = await scene.openSource(session.client);
    session.end();
    expect(source.isOpen()).toBe(false);
    expect(scene.upstream.openListSourceFor(session.client)).toBeUndefined();
    // Nothing would ever close it.
    expect(await scene.source(session.client)).toMatchObject({ code: 'OMNI_CANCELLED' });
    expect(await scene.connection(session.client)).toMatchObject({ code: 'OMNI_CANCELLED' });
  });

  it('is closed when its session has made no call a minute later, and opened again by a call', async () => {
    const scene = await new UpstreamScene().start();
    const [idle, busy] = [new FakeSession(FORMS), new FakeSession(FORMS)];
    const source = await scene.openSource(idle.client);
    await scene.openSource(busy.client);
    await scene.connection(busy.client);
    await scene.clock.advanceAsync(60_000);
    expect([scene.open, source.isOpen()]).toEqual([[true, false, true], false]);
    await scene.connection(idle.client);
    await scene.openSource(idle.client);
    await scene.clock.advanceAsync(60_000);
    expect(scene.open).toEqual([true, false, true, true]);
    idle.end();
    await scene.openSource(new FakeSession(FORMS).client);
    await scene.upstreams.stop();
    expect(scene.open).not.toContain(true);
    expect(scene.clock.pendingTimers).toBe(0);
  });

  it('lives until it has been read where every request has an instance of its own', async () => {
    const scene = await new UpstreamScene({ instances: 'per-request' }).start();
    const source = await scene.openSource(new FakeSession('{"sampling":{"tools":{}}}').client);
    expect(source.isOpen()).toBe(true);
    expect(scene.told).toEqual([{}, { sampling: { tools: {} } }]);
    source.release();
    await scene.settle();
    expect(source.isOpen()).toBe(false);
    expect(scene.open).toEqual([true, false]);
  });

  it('is a modern server itself, which is told what the client declares', async () => {
    const scene = await new UpstreamScene({}, {}, modernScript()).start();
    const modern = await scene.openSource(clientOf('{"elicitation":{},"vendor":{}}'));
    const legacy = await scene.openSource(new FakeSession('{"elicitation":{},"tasks":{}}').client);
    expect(modern.connection).toEqual(scene.upstream.connection);
    expect(modern.capabilities).toBe('{"elicitation":{},"vendor":{}}');
    expect(legacy.connection).toEqual(scene.upstream.connection);
    expect(legacy.capabilities).toBe('{"elicitation":{}}');
    expect(scene.upstream.openListSourceFor(clientOf(FORMS))?.capabilities).toBe(FORMS);
    scene.server.instances[0]?.exit(new GatewayError('OMNI_UPSTREAM_EXITED', 'crashed'));
    expect(modern.isOpen()).toBe(false);
    expect(scene.upstream.openListSourceFor(clientOf(FORMS))).toBeUndefined();
    expect(await scene.source(clientOf(FORMS))).toMatchObject({ code: 'OMNI_UPSTREAM_DOWN' });
  });

  it('is legacy for a legacy client of a server that speaks both eras', async () => {
    const scene = await new UpstreamScene({}, {}, modernScript(BOTH)).start();
    const source = await scene.openSource(new FakeSession(FORMS).client);
    expect(source.connection.era).toBe('legacy');
    expect(source.capabilities).toBe('{}');
    expect(source.connection.binding?.capabilities).toBe(FORMS);
    const shared = await new UpstreamScene({ instances: 'shared' }, {}, modernScript(BOTH)).start();
    expect(await shared.source(new FakeSession(FORMS).client)).toBeUndefined();
  });

  it('is told with each change of lists', async () => {
    const scene = await new UpstreamScene().start();
    const source = await scene.openSource(clientOf(FORMS));
    for (const instance of scene.server.instances)
      instance.emit('{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}');
    expect(scene.changes.map(({ connection }) => connection)).toEqual([
      scene.upstream.connection,
      source.connection,
    ]);
    expect(scene.changes.map((change) => change.isOpen())).toEqual([true, true]);
  });
});

describe('VariantKeys', () => {
  it('are equal for clients of one era that declare the same, however it is written', () => {
    const variantKeys = new VariantKeys();
    const of = (capabilities: string, era: 'legacy' | 'modern' = 'modern'): string | undefined =>
      variantKeys.of({ era, capabilities });
    expect(of('{"roots":{},"sampling":{}}')).toBe(of('{ "sampling" : {}, "roots":{} }'));
    expect(
      new Set([
        of('{"roots":{}}'),
        of('{"sampling":{}}'),
        of('{"roots":{}}', 'legacy'),
        of('{"roots":{"listChanged":true}}'),
      ]).size,
    ).toBe(4);
    expect(of('{}')).toBeUndefined();
    expect(of('{ }')).toBeUndefined();
    expect(of(`{"experimental":{"x":"${'x'.repeat(17_000)}"}}`)).toBeUndefined();
  });
});
