import { describe, expect, it } from '@jest/globals';
import type { RpcMessage } from '@omni/jsonrpc';
import { type CallStage, refusedCall } from '@omni/model';
import { DEFAULT_LIFECYCLE, GatewayError, type HealthProbe } from '@omni/ports';
import {
  RecordingCall,
  type ScriptedInstance,
  type ScriptedMessage,
  ScriptedHttpClient,
} from '@omni/testing';
import type { OpenConnection } from '../connection/open-connection.ts';
import { callOf, clientOf, legacyScript, modernScript, UpstreamScene } from '../upstream-scene.fixture.ts';
import type { ProbeOutcome } from './probe.ts';
import { Prober } from './prober.ts';

type Script = (message: ScriptedMessage, instance: ScriptedInstance) => void;
type Answer = 'ok' | 'error' | 'nothing';

const IDENTITY = { name: 'omni', version: '1' };
const NO_ROOM: CallStage = () => (_call, handler) =>
  refusedCall(handler, new GatewayError('OMNI_OVERLOADED', 'full'));

const PROBED = ['ping', 'server/discover', 'tools/list', 'tools/call', 'resources/read'];
const WHOLE: HealthProbe = {
  strategy: 'comprehensive',
  tool: { name: 'sta"tus', arguments: '{"deep":[1]}' },
  uri: 'x:y',
};

/** A server that lists tools, and answers what it is probed by in this way. */
function scriptOf(answer: Answer, isModern = false): Script {
  return (message, instance) => {
    const { method = '' } = message;
    const greeting = isModern ? 'server/discover' : 'initialize';
    const isGreeted = instance.received.some((seen) => seen.method === greeting && seen !== message);
    if (isModern && !isGreeted) return modernScript()(message, instance);
    if (!isModern && method === 'initialize')
      return instance.reply(message, '{"protocolVersion":"2025-11-25","capabilities":{"tools":{}}}');
    if (!isGreeted) return legacyScript(message, instance);
    if (!PROBED.includes(method)) return;
    if (answer === 'ok') instance.reply(message, '{}');
    if (answer === 'error') instance.refuse(message, -32601);
  };
}

class Scene extends UpstreamScene {
  readonly outcomes: ProbeOutcome[] = [];
  readonly prober = new Prober(this.clock);
  readonly http = new ScriptedHttpClient();

  static async of(script: Script, stages: readonly CallStage[] = []): Promise<Scene> {
    const scene = new Scene({}, {}, script, stages);
    await scene.start();
    return scene;
  }

  get live(): OpenConnection {
    // Upstreams hold connections of their own only.
    return this.upstream.connection as OpenConnection;
  }

  get kinds(): string {
    return this.outcomes.map((outcome) => (outcome instanceof GatewayError ? 'failed' : outcome)).join();
  }

  get instance(): ScriptedInstance {
    const instance = this.server.instances.at(-1);
    if (instance === undefined) throw new TypeError('no instance');
    return instance;
  }

  begin(probe?: HealthProbe, timeoutMs = 5_000): () => void {
    return this.prober.begin(
      {
        upstream: 'up',
        probe,
        timeoutMs,
        connection: this.live,
        identity: IDENTITY,
        clock: this.clock,
        web: { http: this.http, url: 'http://up.test:81/mcp?x=1', headers: ['x-key', 'k'] },
      },
      (outcome) => this.outcomes.push(outcome),
    );
  }

  async probe(probe?: HealthProbe, ms = 5_000): Promise<string> {
    this.outcomes.length = 0;
    this.begin(probe, ms);
    await this.clock.advanceAsync(ms);
    return this.kinds;
  }
}

describe('a probe', () => {
  it.each<[strategy: HealthProbe['strategy'], answer: Answer, kind: string, asked: string]>([
    ['ping', 'ok', 'alive', 'ping'],
    // A server that does not know ping lives.
    ['ping', 'error', 'alive', 'ping'],
    ['ping', 'nothing', 'silent', 'ping'],
    ['capability', 'ok', 'alive', 'tools/list'],
    // One refused list says little.
    ['capability', 'error', 'silent', 'tools/list'],
    ['capability', 'nothing', 'silent', 'tools/list'],
  ])('by %s of a legacy server that answers %s: %s', async (strategy, answer, kind, asked) => {
    const scene = await Scene.of(scriptOf(answer));
    expect(await scene.probe({ strategy })).toBe(kind);
    // Whoever asks in vain takes the question back.
    expect(scene.instance.received.at(answer === 'nothing' ? -2 : -1)?.method).toBe(asked);
    expect(scene.live.inFlight).toBe(0);
  });

  it('is missed three times before a server counts as gone, which is tried again after 10 s at most [X002-06] [X004-16]', () => {
    expect(DEFAULT_LIFECYCLE.probe.softMisses).toBe(3);
    expect(Math.max(...DEFAULT_LIFECYCLE.restart.stepsMs)).toBe(10_000);
  });

  it.each<[strategy: HealthProbe['strategy'], asked: string[]]>([
    ['ping', ['ping']],
    ['capability', ['tools/list']],
    ['tool', ['tools/call']],
    ['resource', ['resources/read']],
    ['comprehensive', ['ping', 'tools/list', 'tools/call', 'resources/read']],
  ])('by %s asks for %j, in turn [X002-06]', async (strategy, asked) => {
    const scene = await Scene.of(scriptOf('ok'));
    const before = scene.instance.received.length;
    expect(await scene.probe({ ...WHOLE, strategy })).toBe('alive');
    expect(scene.instance.received.slice(before).map(({ method }) => method)).toEqual(asked);
  });

  it('calls a tool with its arguments, and reads a resource, in the terms of the era [X002-06]', async () => {
    const scene = await Scene.of(scriptOf('ok', true));
    expect(await scene.probe(WHOLE)).toBe('alive');
    expect(scene.instance.last('tools/call')?.params).toMatchObject({
      name: 'sta"tus',
      arguments: { deep: [1] },
      _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' },
    });
    expect(scene.instance.last('resources/read')?.params).toMatchObject({ uri: 'x:y' });
  });

  it('takes what a tool says of its own failure for an answer, and a refused call for none [X002-06]', async () => {
    const failing = await Scene.of((message, instance) =>
      message.method === 'tools/call'
        ? instance.reply(message, '{"content":[],"isError":true}')
        : scriptOf('ok')(message, instance),
    );
    expect(await failing.probe({ ...WHOLE, strategy: 'tool' })).toBe('alive');
    for (const strategy of ['tool', 'resource', 'comprehensive'] as const)
      expect(await (await Scene.of(scriptOf('error'))).probe({ ...WHOLE, strategy })).toBe('silent');
  });

  it('stops at what a server does not do, and what it has done before is no sign of life [X002-06]', async () => {
    const scene = await Scene.of((message, instance) => {
      if (message.method !== 'tools/call') scriptOf('ok')(message, instance);
    });
    expect(await scene.probe(WHOLE)).toBe('silent');
    expect(scene.instance.last('tools/list')).toBeDefined();
    expect(scene.instance.last('resources/read')).toBeUndefined();
    expect(scene.live.inFlight).toBe(0);
  });

  // guard: probing/per-connection
  it('is one of at most ten at a time on a connection [X002-06]', async () => {
    const scene = await Scene.of(scriptOf('nothing'));
    for (let count = 0; count < 12; count++) scene.begin(WHOLE, 60_000);
    expect(scene.live.inFlight).toBe(10);
    // Also when they take longer than others are made to wait for.
    await scene.clock.advanceAsync(59_999);
    expect(scene.live.inFlight).toBe(10);
    await scene.clock.advanceAsync(1);
    expect(scene.live.inFlight).toBe(2);
  });

  it('asks a modern server by server/discover', async () => {
    const scene = await Scene.of(scriptOf('ok', true));
    expect(scene.live.era).toBe('modern');
    expect(await scene.probe()).toBe('alive');
    expect(scene.instance.received.filter(({ method }) => method === 'server/discover')).toHaveLength(2);
  });

  it('never starts a second copy of the server [X000-06]', async () => {
    const scene = await Scene.of(scriptOf('ok'));
    const instances = scene.server.instances.length;
    for (let count = 0; count < 10; count++) await scene.probe();
    expect(scene.instance.received.filter(({ method }) => method === 'ping')).toHaveLength(10);
    expect(scene.server.instances).toHaveLength(instances);
  });

  // guard: probing/heard
  it('is answered by anything that the server says', async () => {
    const scene = await Scene.of(scriptOf('nothing'));
    scene.begin();
    await scene.clock.advanceAsync(2_000);
    scene.instance.emit(
      '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}}',
    );
    await scene.clock.advanceAsync(3_000);
    expect(scene.kinds).toBe('alive');
    // Negative control: one that says nothing has missed it.
    expect(await scene.probe()).toBe('silent');
  });

  // guard: probing/past-stages
  it('is not held up by limits of calls', async () => {
    const scene = await Scene.of(scriptOf('ok'), [NO_ROOM]);
    const call = new RecordingCall<RpcMessage>();
    scene.live.send(callOf(clientOf('{}')), call);
    await scene.settle();
    expect(call.failure?.code).toBe('OMNI_OVERLOADED');
    expect(await scene.probe()).toBe('alive');
  });

  it('does not count as a call of a client, and leaves nothing behind when it is given up', async () => {
    const scene = await Scene.of(scriptOf('nothing'));
    const before = scene.clock.pendingTimers;
    const giveUp = scene.begin();
    expect([scene.live.inFlight, scene.live.clientCalls]).toEqual([1, 0]);
    giveUp();
    giveUp();
    expect([scene.live.inFlight, scene.live.clientCalls]).toEqual([0, 0]);
    scene.live.send(callOf(clientOf('{}')), new RecordingCall<RpcMessage>());
    expect(scene.live.clientCalls).toBe(1);
    await scene.clock.advanceAsync(10_000);
    expect(scene.outcomes).toEqual([]);
    expect(scene.clock.pendingTimers).toBeLessThanOrEqual(before + 1);
  });

  it('fails with the end of the connection', async () => {
    const scene = await Scene.of(scriptOf('nothing'));
    scene.begin();
    scene.instance.exit(new GatewayError('OMNI_UPSTREAM_EXITED', 'exit code 1'));
    await scene.settle();
    expect(scene.outcomes).toMatchObject([{ code: 'OMNI_UPSTREAM_EXITED' }]);
  });

  it.each([
    [200, 'alive'],
    [204, 'alive'],
    [302, 'silent'],
    [404, 'silent'],
    [500, 'failed'],
  ])('of a path that answers %i: %s', async (status, kind) => {
    const scene = await Scene.of(scriptOf('nothing'));
    scene.begin({ strategy: 'http', path: '//evil.test/healthz' });
    const { request } = scene.http.last;
    expect(request).toMatchObject({ method: 'GET', headers: ['x-key', 'k'] });
    // It stays with the server, whatever the path looks like.
    expect(new URL(request.url).host).toBe('up.test:81');
    scene.http.last.head(status, []);
    expect(scene.kinds).toBe(kind);
    expect(scene.http.last.isAborted).toBe(true);
  });

  it('of a path fails where nobody listens, and is missed where nobody answers', async () => {
    const scene = await Scene.of(scriptOf('nothing'));
    scene.begin({ strategy: 'http' });
    scene.http.last.fail('connect');
    expect(scene.kinds).toBe('failed');
    expect(await scene.probe({ strategy: 'http' }, 1_000)).toBe('silent');
    expect(scene.http.last.isAborted).toBe(true);
  });

  it('waits for others, and its time begins when it is sent', async () => {
    const scene = await Scene.of(scriptOf('nothing'));
    for (let count = 0; count < 11; count++) scene.begin();
    await scene.clock.advanceAsync(5_000);
    expect(scene.outcomes).toHaveLength(10);
    await scene.clock.advanceAsync(4_999);
    expect(scene.outcomes).toHaveLength(10);
    await scene.clock.advanceAsync(1);
    expect(scene.outcomes).toHaveLength(11);
  });
});
