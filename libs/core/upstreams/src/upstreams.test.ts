import { describe, expect, it } from '@jest/globals';
import type { RpcMessage } from '@omni/jsonrpc';
import {
  ALL_SERVERS,
  type CallStage,
  internalCall,
  type ClientContext,
  type InstanceIdentity,
  type UpstreamConnection,
} from '@omni/model';
import { type ChildSpec, GatewayError, type UpstreamSpec } from '@omni/ports';
import { RecordingCall, ScriptedServer, upstreamSpecOf, VirtualClock } from '@omni/testing';
import { UpstreamRegistry } from './registry/upstream-registry.ts';
import { Upstreams } from './upstreams.ts';
import { legacyScript } from './upstream-scene.fixture.ts';

const DRAIN_MS = 5_000;
const CLIENT: ClientContext = {
  principal: { id: 'p', kind: 'local' },
  era: 'modern',
  endpoint: ALL_SERVERS,
  session: undefined,
  capabilities: '{}',
  clientInfo: '{}',
};

/** Upstreams that follow a registry, each with a scripted server. */
class Scene {
  readonly clock = new VirtualClock();
  readonly registry: UpstreamRegistry;
  readonly upstreams: Upstreams;
  readonly log: string[] = [];
  readonly servers = new Map<string, ScriptedServer>();
  readonly stages: CallStage[] = [];

  constructor(...names: readonly string[]) {
    this.registry = new UpstreamRegistry(names.map((name) => this.spec(name)));
    this.upstreams = new Upstreams({
      specs: this.registry.current.all,
      clock: this.clock,
      random: () => 0,
      stages: this.stages,
      identity: { name: 'omni', version: '1' },
      observer: {
        onStateChanged: ({ name, record: { state } }) => void this.log.push(`${name} ${state.phase}`),
        onReady: (name) => void this.log.push(`${name} is listed`),
        onListsChanged() {},
      },
    });
    this.registry.subscribe((definitions, changes) => this.upstreams.apply(definitions, changes, DRAIN_MS));
    this.upstreams.start();
  }

  /** @param server - Another one makes it another definition. */
  spec(name: string, settings: Partial<UpstreamSpec> = {}, server = name): UpstreamSpec {
    let scripted = this.servers.get(server);
    if (scripted === undefined) this.servers.set(server, (scripted = new ScriptedServer(legacyScript)));
    return upstreamSpecOf(
      { kind: 'channel', open: scripted.open },
      { name, instances: 'shared', ...settings },
    );
  }

  async settle(ms = 0): Promise<void> {
    await this.clock.advanceAsync(ms);
  }

  /** How many instances of each server have been started, and how many run. */
  instances(server: string): string {
    const { instances = [] } = this.servers.get(server) ?? {};
    return `${instances.filter(({ isOpen }) => isOpen).length} of ${instances.length}`;
  }

  connection(name: string): UpstreamConnection | GatewayError | undefined {
    let found: UpstreamConnection | GatewayError | undefined;
    this.upstreams.get(name)?.connectionFor(CLIENT, (result) => (found = result));
    return found;
  }

  /** A call that its server has not answered. */
  call(name: string): RecordingCall<RpcMessage> {
    const connection = this.connection(name);
    if (connection === undefined || connection instanceof GatewayError) throw new TypeError('no connection');
    const call = new RecordingCall<RpcMessage>();
    connection.send(internalCall('tools/call', '{}'), call);
    return call;
  }

  /** The server answers the call that it was sent last. */
  answer(server: string): void {
    const instance = this.servers.get(server)?.instances.at(-1);
    const message = instance?.last('tools/call');
    if (message !== undefined) instance?.reply(message, '{"content":[]}');
  }
}

async function sceneOf(...names: readonly string[]): Promise<Scene> {
  const scene = new Scene(...names);
  await scene.settle();
  scene.log.length = 0;
  return scene;
}

describe('Upstreams.apply', () => {
  // guard: registry/unchanged
  it('leaves what is unchanged or has other settings alone, in any order', async () => {
    const scene = await sceneOf('a', 'b');
    const [running, connection] = [scene.call('a'), scene.connection('b')];
    scene.registry.replace([
      scene.spec('b', { callTimeoutMs: 1_000, critical: true, maxCallTimeMs: 9 }),
      scene.spec('c'),
      scene.spec('a'),
    ]);
    await scene.settle(60);
    expect(scene.upstreams.all().map(({ name }) => name)).toEqual(['b', 'c', 'a']);
    expect(scene.log).toEqual(['c starting', 'c ready', 'c is listed']);
    expect(scene.instances('a')).toBe('1 of 1');
    expect(scene.connection('b')).toBe(connection);
    scene.answer('a');
    expect(running.failure).toBeUndefined();
    expect(running.log.at(-1)).toContain('answer 200');
    await scene.upstreams.stop();
  });

  it('puts other time limits into force on open connections, for calls that begin then', async () => {
    const scene = await sceneOf('a');
    const before = scene.call('a');
    scene.registry.replace([scene.spec('a', { callTimeoutMs: 1_000 })]);
    const after = scene.call('a');
    await scene.settle(1_500);
    expect(after.failure).toMatchObject({ code: 'OMNI_UPSTREAM_TIMEOUT' });
    expect(before.failure).toBeUndefined();
    expect(scene.instances('a')).toBe('1 of 1');
    await scene.upstreams.stop();
  });

  // guard: stages/definition-changed
  it('applies the stages anew when a definition has changed', async () => {
    const scene = await sceneOf('a', 'b');
    const applied: (readonly [upstream: string, timeoutMs: number])[] = [];
    scene.stages.push((next, { upstream, spec }) => {
      applied.push([upstream, spec.callTimeoutMs]);
      return next;
    });
    scene.call('a');
    expect(applied).toEqual([]);
    scene.registry.replace([scene.spec('a', { callTimeoutMs: 1_000 }), scene.spec('b')]);
    scene.call('a');
    scene.call('a');
    expect(applied).toEqual([['a', 1_000]]);
    await scene.upstreams.stop();
  });

  // guard: registry/drains
  it('lets calls of a removed one end, and then closes it', async () => {
    const scene = await sceneOf('a', 'b');
    const call = scene.call('a');
    scene.registry.replace([scene.spec('b')]);
    expect(scene.upstreams.get('a')).toBeUndefined();
    await scene.settle(1_000);
    expect(call.log).toEqual([]);
    expect(scene.instances('a')).toBe('1 of 1');
    scene.answer('a');
    await scene.settle(100);
    expect(call.log.at(-1)).toContain('answer 200');
    expect(scene.instances('a')).toBe('0 of 1');
    expect(scene.log).toEqual([]);
    await scene.upstreams.stop();
    expect(scene.clock.pendingTimers).toBe(0);
  });

  it('cuts what still runs on a removed one at the deadline', async () => {
    const scene = await sceneOf('a');
    const call = scene.call('a');
    scene.registry.replace([]);
    await scene.settle(DRAIN_MS - 1);
    expect(call.failure).toBeUndefined();
    await scene.settle(1);
    expect(call.failure).toMatchObject({ code: 'OMNI_UPSTREAM_DOWN' });
    expect(scene.instances('a')).toBe('0 of 1');
    expect(scene.clock.pendingTimers).toBe(0);
  });

  it('closes what drains when all is stopped', async () => {
    const scene = await sceneOf('a');
    const call = scene.call('a');
    scene.registry.replace([]);
    await scene.upstreams.stop();
    await scene.settle();
    expect(call.failure).toMatchObject({ code: 'OMNI_UPSTREAM_DOWN' });
    expect(scene.instances('a')).toBe('0 of 1');
    expect(scene.clock.pendingTimers).toBe(0);
  });

  it('sends new calls of a replaced one to its successor, and lets old ones end where they are', async () => {
    const scene = await sceneOf('a');
    const old = scene.call('a');
    scene.registry.replace([scene.spec('a', {}, 'another')]);
    expect(scene.connection('a')).toBeUndefined();
    await scene.settle();
    expect(scene.log).toEqual(['a starting', 'a ready', 'a is listed']);
    const fresh = scene.call('a');
    scene.answer('another');
    expect(fresh.log.at(-1)).toContain('answer 200');
    scene.answer('a');
    expect(old.log.at(-1)).toContain('answer 200');
    await scene.settle(100);
    expect([scene.instances('a'), scene.instances('another')]).toEqual(['0 of 1', '1 of 1']);
    await scene.upstreams.stop();
  });

  it('finds the era of a successor out anew', async () => {
    const scene = await sceneOf('a');
    const modern = new ScriptedServer((message, instance) => {
      if (message.method === 'server/discover')
        instance.reply(message, '{"supportedVersions":["2026-07-28"],"capabilities":{}}');
      else if (message.method === 'initialize') instance.refuse(message, -32022);
    });
    scene.servers.set('modern', modern);
    scene.registry.replace([scene.spec('a', {}, 'modern')]);
    await scene.settle();
    expect(scene.log).toEqual(['a starting', 'a ready', 'a is listed']);
    expect(scene.upstreams.get('a')?.snapshot.facts.era).toBe('modern');
    await scene.upstreams.stop();
  });

  it('moves what clients have subscribed to to the successor', async () => {
    const scene = await sceneOf('a');
    const updates: string[] = [];
    scene.upstreams.get('a')?.subscribe(
      CLIENT,
      'file:///x',
      ({ method }) => updates.push(method),
      () => {},
    );
    await scene.settle();
    scene.registry.replace([scene.spec('a', {}, 'another')]);
    await scene.settle(100);
    const [instance] = scene.servers.get('another')?.instances ?? [];
    expect(instance?.last('resources/subscribe')?.params).toEqual({ uri: 'file:///x' });
    instance?.emit(
      '{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"file:///x"}}',
    );
    expect(updates).toEqual(['notifications/resources/updated']);
    await scene.upstreams.stop();
    expect(scene.clock.pendingTimers).toBe(0);
  });

  it('switches off and on: refuses calls at once, lets those under way end, and starts again', async () => {
    const scene = await sceneOf('a');
    const call = scene.call('a');
    scene.registry.replace([scene.spec('a', { enabled: false, disabledReason: 'by hand' })]);
    expect(scene.connection('a')).toMatchObject({ code: 'OMNI_UPSTREAM_DISABLED' });
    expect(scene.upstreams.get('a')?.snapshot.facts).toMatchObject({
      hasConnection: true,
      mayBeCalled: false,
    });
    scene.answer('a');
    await scene.settle(100);
    expect(call.log.at(-1)).toContain('answer 200');
    expect(scene.log).toEqual(['a draining', 'a disabled']);
    scene.registry.replace([scene.spec('a')]);
    await scene.settle();
    expect(scene.log.slice(2)).toEqual(['a stopped', 'a starting', 'a ready', 'a is listed']);
    expect(scene.instances('a')).toBe('1 of 2');
    await scene.upstreams.stop();
  });

  it('starts again what was switched off for a moment only, and lets calls wait for it', async () => {
    const scene = await sceneOf('a');
    scene.call('a');
    scene.registry.replace([scene.spec('a', { enabled: false })]);
    scene.registry.replace([scene.spec('a')]);
    expect(scene.connection('a')).toBeUndefined();
    scene.answer('a');
    await scene.settle(100);
    expect(scene.upstreams.get('a')?.record.state.phase).toBe('ready');
    expect(scene.instances('a')).toBe('1 of 2');
    await scene.upstreams.stop();
  });

  it('starts nothing before it is started', async () => {
    const scene = await sceneOf('a');
    await scene.upstreams.stop();
    scene.registry.replace([scene.spec('b')]);
    await scene.settle(1_000);
    expect(scene.instances('b')).toBe('0 of 0');
    scene.upstreams.start();
    await scene.settle();
    expect(scene.instances('b')).toBe('1 of 1');
    await scene.upstreams.stop();
  });

  it('is whole though a server cannot even be opened, and says why at its calls', async () => {
    const scene = await sceneOf('a', 'b');
    const bad = upstreamSpecOf(
      {
        kind: 'channel',
        open: () => {
          throw new RangeError('no such port');
        },
      },
      { name: 'bad' },
    );
    scene.registry.replace([bad, scene.spec('b')]);
    await scene.settle();
    expect(scene.upstreams.all().map(({ name }) => name)).toEqual(['bad', 'b']);
    expect(scene.instances('a')).toBe('0 of 1');
    expect(scene.connection('bad')).toMatchObject({
      code: 'OMNI_UPSTREAM_DOWN',
      message: expect.stringMatching(
        /^"bad" is down: "bad" could not be opened: its open function threw \(report [0-9a-f]{8}\)$/,
      ),
      cause: { cause: { message: 'no such port' } },
    });
    await scene.upstreams.stop();
  });

  it('goes on when a connection cannot be closed', async () => {
    const scene = await sceneOf();
    const server = new ScriptedServer(legacyScript);
    const open: ScriptedServer['open'] = (listener) => {
      const channel = server.open(listener);
      return {
        send: (text) => channel.send(text),
        close: () => channel.close().then(() => Promise.reject(new RangeError('already closed'))),
      };
    };
    scene.registry.replace([upstreamSpecOf({ kind: 'channel', open }, { name: 'a', instances: 'shared' })]);
    await scene.settle();
    scene.registry.replace([]);
    await scene.settle(1_000);
    expect(server.instances.map(({ isOpen }) => isOpen)).toEqual([false]);
    await scene.upstreams.stop();
  });

  it('shows stages that a successor is another instance', async () => {
    const scene = await sceneOf();
    const seen: InstanceIdentity[] = [];
    scene.stages.push((next, { instance }) => {
      seen.push(instance);
      return next;
    });
    scene.registry.replace([scene.spec('a')]);
    await scene.settle();
    scene.registry.replace([scene.spec('a', {}, 'another')]);
    await scene.settle();
    expect(new Set(seen).size).toBe(2);
    await scene.upstreams.stop();
  });
});

describe('Upstreams', () => {
  // guard: upstream/own-room
  it('leaves room for unfinished messages of other servers when one has filled it', () => {
    const specs: ChildSpec[] = [];
    const server = new ScriptedServer(legacyScript);
    const upstreams = new Upstreams({
      specs: ['fat', 'thin'].map((name) =>
        upstreamSpecOf({ kind: 'stdio', command: name, args: [], env: {} }, { name }),
      ),
      launcher: {
        launch(spec, listener) {
          specs.push(spec);
          return Object.assign(server.open(listener), { pid: undefined });
        },
        close: () => Promise.resolve(),
      },
      limits: { maxUnfinishedBytes: 1_048_576 },
      clock: new VirtualClock(),
      identity: { name: 'omni', version: '1' },
      observer: { onStateChanged() {}, onReady() {}, onListsChanged() {} },
    });
    upstreams.start();
    const [fat, thin] = specs.map(({ budget }) => budget?.share());
    expect(fat?.hold(1_048_576)).toBe(true);
    expect(thin?.hold(100_000)).toBe(true);
    expect(specs[0]?.budget?.share().hold(100_000)).toBe(false);
  });
});
