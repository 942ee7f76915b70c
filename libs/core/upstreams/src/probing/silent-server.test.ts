import { describe, expect, it } from '@jest/globals';
import type { RpcMessage } from '@omni/jsonrpc';
import type { UpstreamRecord } from '@omni/model';
import { DEFAULT_LIFECYCLE, GatewayError, type UpstreamSpec } from '@omni/ports';
import {
  RecordingCall,
  ScriptedHttpClient,
  ScriptedServer,
  upstreamSpecOf,
  VirtualClock,
} from '@omni/testing';
import { connectionOf } from '../found-connection.fixture.ts';
import { callOf, clientOf, legacyScript, modernScript } from '../upstream-scene.fixture.ts';
import type { Upstream } from '../upstream.ts';
import { Upstreams } from '../upstreams.ts';

const CLIENT = clientOf('{}');
const PROBED = { ...DEFAULT_LIFECYCLE, probe: { ...DEFAULT_LIFECYCLE.probe, jitter: 0, graceMs: 0 } };

/** A server that hangs from the time that a test says on. */
class Scene {
  readonly clock = new VirtualClock();
  readonly server: ScriptedServer;
  readonly upstreams: Upstreams;
  readonly upstream: Upstream;
  readonly degradedAt: number[] = [];
  isHanging = false;
  #record: UpstreamRecord | undefined;

  constructor(spec: Partial<UpstreamSpec> = {}, script = legacyScript) {
    this.server = new ScriptedServer((message, instance) => {
      if (this.isHanging) return;
      if (message.method === 'ping') instance.reply(message, '{}');
      else script(message, instance);
    });
    this.upstreams = new Upstreams({
      specs: [
        upstreamSpecOf(
          { kind: 'channel', open: this.server.open },
          { lifecycle: PROBED, callTimeoutMs: 600_000, ...spec },
        ),
      ],
      clock: this.clock,
      identity: { name: 'omni', version: '1' },
      random: () => 0,
      observer: {
        onStateChanged: ({ record }) => this.#onRecord(record),
        onReady: (_name, _connection, onListed) => onListed(false),
        onListsChanged() {},
      },
    });
    const upstream = this.upstreams.get('up');
    if (upstream === undefined) throw new TypeError('no upstream');
    this.upstream = upstream;
  }

  async start(): Promise<this> {
    this.upstreams.start();
    await this.clock.advanceAsync(0);
    return this;
  }

  call(): RecordingCall<RpcMessage> {
    const call = new RecordingCall<RpcMessage>();
    connectionOf(this.upstream, CLIENT).send(callOf(CLIENT), call);
    return call;
  }

  get phase(): string | undefined {
    return this.#record?.state.phase;
  }

  #onRecord(record: UpstreamRecord): void {
    this.#record = record;
    const { state } = record;
    if (state.phase === 'ready' && state.misses > 0) this.degradedAt.push(this.clock.monotonicMs());
  }
}

describe('a server that hangs', () => {
  it.each([1_000, 8_300, 14_999, 22_222])(
    'shows as degraded within 25 s after a call fell silent at %i ms, and its call is not cut',
    async (silentAt) => {
      const scene = await new Scene().start();
      await scene.clock.advanceAsync(silentAt);
      scene.isHanging = true;
      const call = scene.call();
      await scene.clock.advanceAsync(25_000);
      expect(scene.degradedAt[0]).toBeGreaterThan(silentAt + 5_000);
      expect(scene.degradedAt[0]).toBeLessThanOrEqual(silentAt + 25_000);
      await scene.clock.advanceAsync(120_000);
      expect(scene.phase).toBe('ready');
      expect(call.failure).toBeUndefined();
    },
  );

  it.each([1_000, 29_999, 31_000])('shows within 45 s when it is idle, from %i ms on', async (hangsAt) => {
    const scene = await new Scene().start();
    await scene.clock.advanceAsync(hangsAt);
    scene.isHanging = true;
    await scene.clock.advanceAsync(45_000);
    expect(scene.degradedAt[0]).toBeLessThanOrEqual(hangsAt + 45_000);
  });

  // guard: probing/hangs-under-calls
  it('is cut when what it worked on has timed out, whoever calls it meanwhile', async () => {
    const callTimeoutMs = 60_000;
    const scene = await new Scene({ callTimeoutMs }).start();
    // It may have worked on the first call, which came after a while, for as long as that may take.
    await scene.clock.advanceAsync(20_000);
    scene.isHanging = true;
    const begin = scene.clock.monotonicMs();
    const isOpen = (): boolean => scene.server.instances[0]?.isOpen === true;
    while (isOpen() && scene.clock.monotonicMs() - begin < 300_000) {
      scene.call();
      await scene.clock.advanceAsync(1_000);
    }
    const tookMs = scene.clock.monotonicMs() - begin;
    expect(tookMs).toBeGreaterThanOrEqual(callTimeoutMs);
    expect(tookMs).toBeLessThanOrEqual(callTimeoutMs + 25_000);
  });

  it('is not one that is silent about a long call and answers probes', async () => {
    const scene = await new Scene().start();
    scene.call();
    await scene.clock.advanceAsync(300_000);
    expect(scene.degradedAt).toEqual([]);
  });

  it('is cut with a subscription of Omni open, which keeps no server busy', async () => {
    const script = modernScript();
    const scene = await new Scene({}, script).start();
    scene.isHanging = true;
    await scene.clock.advanceAsync(60_000);
    expect(scene.server.instances.map(({ isOpen }) => isOpen)[0]).toBe(false);
  });
});

describe('a look at whether a server lives', () => {
  it('is over when that is known, or at once where it is not connected', async () => {
    const scene = await new Scene().start();
    const told: string[] = [];
    void scene.upstream.probe().then(() => told.push('probed'));
    await scene.clock.advanceAsync(0);
    expect(told).toEqual(['probed']);
    scene.isHanging = true;
    void scene.upstream.probe().then(() => told.push('missed'));
    await scene.clock.advanceAsync(4_999);
    expect(told).toEqual(['probed']);
    await scene.clock.advanceAsync(1);
    expect(told).toEqual(['probed', 'missed']);
    scene.server.instances[0]?.exit(new GatewayError('OMNI_UPSTREAM_EXITED', 'gone'));
    await scene.upstream.probe();
  });
});

describe('a server with a path for its health', () => {
  it('falls at once when that answers 500, and its circuit counts [S000-HLT-02] [S000-HLT-03]', async () => {
    const clock = new VirtualClock();
    const statuses: number[] = [];
    const http = new ScriptedHttpClient((exchange) => {
      if (exchange.request.method === 'GET' && exchange.request.url.endsWith('/healthz'))
        return exchange.respond(statuses.shift() ?? 200, '', '');
      if (exchange.member('method') === 'server/discover')
        exchange.result('{"supportedVersions":["2026-07-28"],"capabilities":{}}');
    });
    const notes: string[] = [];
    const upstreams = new Upstreams({
      specs: [
        upstreamSpecOf(
          { kind: 'http', url: 'http://up.test/mcp', headers: { 'x-key': 'k' } },
          { lifecycle: PROBED, health: { strategy: 'http', path: '/healthz' } },
        ),
      ],
      clock,
      http,
      identity: { name: 'omni', version: '1' },
      random: () => 0,
      observer: {
        onStateChanged: (_snapshot, more) => void notes.push(...more.map(({ kind }) => kind)),
        onReady: (_name, _connection, onListed) => onListed(false),
        onListsChanged() {},
      },
    });
    upstreams.start();
    await clock.advanceAsync(30_000);
    const asked = http.exchanges.filter(({ request }) => request.url === 'http://up.test/healthz');
    expect(asked).toHaveLength(1);
    expect(asked[0]?.headers('x-key')).toEqual(['k']);
    expect(notes).toEqual(['started', 'connected']);
    statuses.push(500);
    await clock.advanceAsync(30_000);
    expect(upstreams.get('up')?.record.state).toMatchObject({
      phase: 'down',
      error: { code: 'OMNI_UPSTREAM_UNHEALTHY' },
    });
    expect(notes.at(-1)).toBe('disconnected');
    expect(upstreams.get('up')?.record.state).toHaveProperty('nextAttemptAt', clock.now() + 500);
    await upstreams.stop();
  });
});
