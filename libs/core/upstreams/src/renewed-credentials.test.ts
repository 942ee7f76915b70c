import { describe, expect, it } from '@jest/globals';
import type { RpcMessage } from '@omni/jsonrpc';
import type { ClientContext, UpstreamConnection } from '@omni/model';
import {
  type ChannelDialer,
  type ChildLauncher,
  type ChildSpec,
  type DialSpec,
  GatewayError,
  silentLogger,
  type UpstreamSpec,
  type UpstreamTransport,
} from '@omni/ports';
import {
  RecordingCall,
  type ScriptedInstance,
  ScriptedCredentials,
  type ScriptedMessage,
  ScriptedServer,
  upstreamSpecOf,
  VirtualClock,
} from '@omni/testing';
import { errorFactsOf } from './lifecycle/fall-of.ts';
import { UpstreamRegistry } from './registry/upstream-registry.ts';
import { callOf, clientOf, FORMS, legacyScript, modernScript } from './upstream-scene.fixture.ts';
import type { Upstream } from './upstream.ts';
import { Upstreams } from './upstreams.ts';

type Script = (message: ScriptedMessage, instance: ScriptedInstance) => void;

const STDIO: UpstreamTransport = { kind: 'stdio', command: 'serve', args: [], env: { MODE: 'test' } };
const WEB_SOCKET: UpstreamTransport = { kind: 'websocket', url: 'ws://up.test/', headers: {} };
const UPDATED = '{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"a:1"}}';
const ADA = clientOf('{}');

/** An upstream whose instances are processes or sockets, each opened with the credentials of its time. */
class Scene {
  readonly clock = new VirtualClock();
  readonly provider = new ScriptedCredentials();
  readonly log: string[] = [];
  readonly children: ChildSpec[] = [];
  readonly dials: DialSpec[] = [];
  readonly server: ScriptedServer;
  readonly upstreams: Upstreams;
  readonly upstream: Upstream;
  /** Openings that fail, from the next one on. */
  readonly failures: GatewayError[] = [];

  constructor(spec: Partial<UpstreamSpec> = {}, script: Script = legacyScript) {
    this.server = new ScriptedServer(script);
    const open: ScriptedServer['open'] = (listener) => {
      const failure = this.failures.shift();
      if (failure === undefined) return this.server.open(listener);
      queueMicrotask(() => listener.onClose(failure));
      return { send: () => true, close: () => Promise.resolve() };
    };
    const launcher: ChildLauncher = {
      launch: (child, listener) => {
        this.children.push(child);
        // A channel is a child without a process.
        return Object.assign(open(listener), { pid: undefined });
      },
      close: () => Promise.resolve(),
    };
    const dialer: ChannelDialer = {
      dial: (dial, listener) => {
        this.dials.push(dial);
        return open(listener);
      },
      close: () => Promise.resolve(),
    };
    this.rotate('first-token');
    this.upstreams = new Upstreams({
      specs: [upstreamSpecOf(spec.transport ?? STDIO, { protocol: 'legacy', ...spec })],
      launcher,
      dialer,
      credentials: this.provider,
      clock: this.clock,
      random: () => 0,
      logger: { ...silentLogger, warn: (fields, text) => void this.log.push(JSON.stringify(fields) + text) },
      identity: { name: 'omni', version: '1' },
      observer: { onStateChanged() {}, onReady() {}, onListsChanged() {} },
    });
    const upstream = this.upstreams.get('up');
    if (upstream === undefined) throw new TypeError('no upstream');
    this.upstream = upstream;
  }

  rotate(token: string): void {
    this.provider.set('up', { headers: { authorization: token }, environment: { TOKEN: token } });
  }

  async start(): Promise<this> {
    this.upstreams.start();
    await this.settle();
    return this;
  }

  settle(ms = 0): Promise<void> {
    return this.clock.advanceAsync(ms);
  }

  /** Takes it out of the definitions. */
  remove(drainMs: number): void {
    const registry = new UpstreamRegistry([this.upstream.spec]);
    registry.subscribe((definitions, changes) => this.upstreams.apply(definitions, changes, drainMs));
    registry.replace([]);
  }

  async connection(client: ClientContext = ADA): Promise<UpstreamConnection> {
    let found: UpstreamConnection | GatewayError | undefined;
    this.upstream.connectionFor(client, (result) => (found = result));
    await this.settle();
    if (found === undefined || found instanceof GatewayError) throw new TypeError('none', { cause: found });
    return found;
  }

  /** A call of this client that is under way. */
  async call(client: ClientContext = ADA): Promise<RecordingCall<RpcMessage>> {
    const call = new RecordingCall<RpcMessage>();
    (await this.connection(client)).send(callOf(client), call);
    await this.settle();
    return call;
  }

  /** Lets an instance answer the call that it was sent last. */
  answer(index: number): void {
    const instance = this.server.instances[index];
    const call = instance?.last('tools/call');
    if (call === undefined) throw new TypeError(`instance ${index} has no call`);
    instance?.reply(call, '{}');
  }

  get open(): boolean[] {
    return this.server.instances.map((instance) => instance.isOpen);
  }

  get tokens(): unknown[] {
    return this.children.map(({ env }) => env['TOKEN']);
  }
}

describe('an upstream whose environment changes', () => {
  // guard: credentials/drained
  it('starts another process for new calls, and ends the former one when its calls have ended', async () => {
    const scene = await new Scene().start();
    const first = await scene.call();
    scene.rotate('second-token');
    await scene.settle();
    const second = await scene.call();
    expect(scene.children.map(({ env }) => env)).toEqual([
      { MODE: 'test', TOKEN: 'first-token' },
      { MODE: 'test', TOKEN: 'second-token' },
    ]);
    scene.answer(1);
    await scene.settle(60_000 - 1);
    expect(scene.open).toEqual([true, true]);
    scene.answer(0);
    await scene.settle(1_000);
    expect(scene.open).toEqual([false, true]);
    expect([first.last, second.last].map((line) => line?.slice(0, 10))).toEqual(['answer 200', 'answer 200']);
    expect(scene.upstream.record.state.phase).toBe('ready');
  });

  it('does nothing when what it was told to have changed has not', async () => {
    const scene = await new Scene().start();
    scene.rotate('first-token');
    await scene.settle(1_000);
    expect(scene.open).toEqual([true]);
  });

  it('takes calls on the former process until the next one is ready', async () => {
    const answers: (() => void)[] = [];
    const scene = new Scene({}, (message, instance) => {
      if (message.method === 'initialize') answers.push(() => legacyScript(message, instance));
      else legacyScript(message, instance);
    });
    await scene.start();
    answers[0]?.();
    await scene.settle();
    scene.rotate('second-token');
    await scene.settle();
    await scene.call();
    expect(scene.server.instances[0]?.last('tools/call')).toBeDefined();
    answers[1]?.();
    await scene.settle();
    await scene.call();
    expect(scene.server.instances[1]?.last('tools/call')).toBeDefined();
  });

  it('goes on with the former process while the next one does not start, and tries again', async () => {
    const scene = await new Scene().start();
    scene.failures.push(new GatewayError('OMNI_UPSTREAM_SPAWN_FAILED', 'no such command'));
    scene.rotate('second-token');
    await scene.settle();
    expect(scene.open).toEqual([true]);
    expect(scene.upstream.record.state.phase).toBe('ready');
    expect(scene.log).toEqual([expect.stringContaining('goes on with its former credentials')]);
    await scene.settle(1_000);
    expect(scene.open).toEqual([false, true]);
    expect(scene.tokens).toEqual(['first-token', 'second-token', 'second-token']);
  });

  // guard: credentials/changed-meanwhile
  it('starts a process again whose environment has changed while it was starting', async () => {
    const scene = new Scene();
    scene.upstreams.start();
    scene.rotate('second-token');
    await scene.settle();
    expect(scene.tokens).toEqual(['first-token', 'second-token']);
    expect(scene.open).toEqual([false, true]);
    expect(scene.upstream.record.state.phase).toBe('ready');
  });

  it('is tried at once when it is down', async () => {
    const scene = new Scene();
    scene.failures.push(new GatewayError('OMNI_UPSTREAM_SPAWN_FAILED', 'no credentials'));
    await scene.start();
    expect(scene.upstream.record.state.phase).toBe('down');
    scene.rotate('second-token');
    await scene.settle();
    expect(scene.upstream.record.state.phase).toBe('ready');
    await scene.settle(1_000);
    expect(scene.open).toEqual([true]);
  });

  it('replaces the instances of clients too, when they are next needed', async () => {
    const scene = await new Scene().start();
    const forms = clientOf(FORMS);
    const call = await scene.call(forms);
    scene.rotate('second-token');
    await scene.settle(1_000);
    // The shared one had no call.
    expect(scene.open).toEqual([false, true, true]);
    await scene.call(forms);
    expect(scene.tokens).toEqual(['first-token', 'first-token', 'second-token', 'second-token']);
    scene.answer(1);
    await scene.settle(1_000);
    expect(call.last).toMatch(/^answer 200/);
    expect(scene.open).toEqual([false, false, true, true]);
  });

  it.each([
    ['shared', ADA, 1],
    ["a client's own", clientOf(FORMS), 2],
  ] as const)('goes on to watch resources, on the %s instance', async (_whose, client, count) => {
    const scene = await new Scene({ instances: client === ADA ? 'shared' : 'per-user' }).start();
    const updates: string[] = [];
    scene.upstream.subscribe(
      client,
      'a:1',
      ({ method }) => updates.push(method),
      () => {},
    );
    await scene.settle();
    scene.rotate('second-token');
    await scene.settle(1_000);
    expect(scene.open.filter((isOpen) => isOpen)).toHaveLength(count);
    for (const instance of scene.server.instances) instance.emit(UPDATED);
    expect(updates).toEqual(['notifications/resources/updated']);
  });

  // guard: credentials/listens-end
  it('moves the subscriptions of a modern process, and ends it though they had no end', async () => {
    const script: Script = (message, instance) => {
      modernScript()(message, instance);
      if (message.method === 'subscriptions/listen')
        instance.emit(
          `{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":${JSON.stringify(message.id)}},"notifications":{"resourceSubscriptions":["a:1"]}}}`,
        );
    };
    const scene = await new Scene({ protocol: '2026-07-28' }, script).start();
    scene.upstream.subscribe(
      ADA,
      'a:1',
      () => {},
      () => {},
    );
    await scene.settle();
    scene.rotate('second-token');
    await scene.settle(1_000);
    expect(scene.open).toEqual([false, true]);
    expect(scene.server.instances[1]?.last('subscriptions/listen')).toBeDefined();
  });

  // guard: registry/drains
  it('lets the calls on its former process end when it is removed meanwhile, and starts no other', async () => {
    const scene = await new Scene().start();
    const call = await scene.call();
    scene.rotate('second-token');
    await scene.settle();
    scene.remove(10_000);
    await scene.settle(1_000);
    expect(scene.open).toEqual([true, true]);
    scene.answer(0);
    await scene.settle(1_000);
    expect(call.last).toMatch(/^answer 200/);
    expect(scene.open).toEqual([false, false]);
    expect(scene.clock.pendingTimers).toBe(0);
  });

  it('opens nothing any more when it is switched off and its calls may end', async () => {
    const scene = await new Scene().start();
    const call = await scene.call();
    scene.upstream.update({ ...scene.upstream.spec, enabled: false }, scene.clock.now() + 10_000);
    scene.rotate('second-token');
    await scene.settle(1_000);
    expect(scene.tokens).toEqual(['first-token']);
    scene.answer(0);
    await scene.settle(1_000);
    expect(call.last).toMatch(/^answer 200/);
    expect(scene.open).toEqual([false]);
  });

  it('says since when the present process serves', async () => {
    const scene = await new Scene().start();
    await scene.settle(70_000);
    const { state } = scene.upstream.record;
    scene.rotate('second-token');
    await scene.settle(1_000);
    expect(scene.upstream.record.state).toMatchObject({ phase: 'ready', era: 'legacy' });
    expect(scene.upstream.record.state.since).toBeGreaterThan(state.since);
  });

  it('ends them all when it is stopped, and listens no longer', async () => {
    const scene = await new Scene().start();
    const call = await scene.call();
    scene.rotate('second-token');
    await scene.settle();
    await scene.upstreams.stop();
    await scene.settle();
    expect(scene.open).toEqual([false, false]);
    expect(call.failure?.code).toBe('OMNI_UPSTREAM_DOWN');
    expect(scene.provider.listeners).toBe(0);
    expect(scene.clock.pendingTimers).toBe(0);
  });

  // guard: credentials/secrets
  it('prints neither the former values nor those in force', async () => {
    const scene = await new Scene({ protocol: 'legacy' }).start();
    scene.rotate('second-token');
    await scene.settle(1_000);
    scene.server.instances[1]?.emit('debug: first-token became second-token (unrelated-text)');
    scene.failures.push(new GatewayError('OMNI_UPSTREAM_SPAWN_FAILED', 'nothing'));
    scene.rotate('third-token');
    await scene.settle();
    expect(scene.upstream.ownerReports.list().map(({ lines }) => lines)).toEqual([
      ['debug: *** became *** (unrelated-text)'],
    ]);
    expect(scene.log.join('\n')).not.toMatch(/(?:first|second|third)-token|unrelated/);
    const [child] = scene.children;
    expect(child?.secretValues()).toEqual(
      expect.arrayContaining(['first-token', 'second-token', 'third-token']),
    );
  });

  // guard: credentials/settings-secrets
  it('prints no secret that its settings name while it runs, nor those before', async () => {
    const scene = await new Scene({ secretValues: ['former-secret'] }).start();
    const { spec } = scene.upstream;
    scene.upstream.update({ ...spec, secretValues: ['present-secret'] }, scene.clock.now());
    scene.server.instances[0]?.emit('debug: former-secret became present-secret');
    expect(scene.upstream.ownerReports.list().map(({ lines }) => lines)).toEqual([['debug: *** became ***']]);
    expect(scene.children[0]?.secretValues()).toEqual(
      expect.arrayContaining(['former-secret', 'present-secret']),
    );
  });
});

describe('an upstream on a WebSocket whose headers change', () => {
  const refused = new GatewayError('OMNI_UPSTREAM_HTTP_STATUS', 'no', {
    data: { phase: 'connect', status: 401 },
  });
  const tokens = (scene: Scene): unknown[] =>
    scene.dials.map(({ target }) => ('headers' in target ? target.headers['authorization'] : undefined));

  it('is connected again, and loses no call', async () => {
    const scene = await new Scene({ transport: WEB_SOCKET }).start();
    const call = await scene.call();
    scene.rotate('second-token');
    await scene.settle(1_000);
    expect(tokens(scene)).toEqual(['first-token', 'second-token']);
    expect(scene.open).toEqual([true, true]);
    scene.answer(0);
    await scene.settle(1_000);
    expect(scene.open).toEqual([false, true]);
    expect(call.last).toMatch(/^answer 200/);
  });

  it('is dialled once more with newer headers when the upgrade is refused', async () => {
    const scene = new Scene({ transport: WEB_SOCKET });
    scene.provider.onRefused = async () => scene.rotate('second-token');
    scene.failures.push(refused);
    await scene.start();
    expect(tokens(scene)).toEqual(['first-token', 'second-token']);
    expect(scene.upstream.record.state.phase).toBe('ready');
  });

  // guard: credentials/one-upgrade
  it('waits for others when those are refused as well', async () => {
    const scene = new Scene({ transport: WEB_SOCKET });
    let issued = 1;
    scene.provider.onRefused = async () =>
      scene.provider.set('up', { headers: { authorization: `token-${++issued}` } });
    scene.failures.push(refused, refused, refused);
    await scene.start();
    expect(tokens(scene)).toEqual(['first-token', 'token-2']);
    expect(scene.upstream.record.state).toMatchObject({ phase: 'login', error: errorFactsOf(refused, []) });
  });

  it('waits for others at once when there are none', async () => {
    const scene = new Scene({ transport: WEB_SOCKET });
    scene.failures.push(refused);
    await scene.start();
    expect(tokens(scene)).toEqual(['first-token']);
    expect(scene.upstream.record.state.phase).toBe('login');
  });

  it('waits longer and longer while each refusal of its successor brings other headers', async () => {
    const scene = await new Scene({ transport: WEB_SOCKET }).start();
    let issued = 1;
    scene.provider.onRefused = async () =>
      scene.provider.set('up', { headers: { authorization: `token-${++issued}` } });
    for (let opening = 0; opening < 100; opening++) scene.failures.push(refused);
    scene.rotate('second-token');
    for (let step = 0; step < 100; step++) await scene.settle(10);
    expect(scene.dials.length).toBeLessThan(10);
    expect(scene.open).toEqual([true]);
  });

  it('starts again though whoever is asked for newer headers throws', async () => {
    const scene = new Scene({ transport: WEB_SOCKET });
    scene.provider.onRefused = () => {
      throw new TypeError('no store');
    };
    scene.failures.push(refused);
    await scene.start();
    await scene.settle(600_000);
    expect(scene.upstream.record.state.phase).toBe('ready');
    expect(scene.log.join()).toContain('no store');
  });
});
