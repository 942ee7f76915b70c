import { describe, expect, it } from '@jest/globals';
import { GatewayError, type StatusLevel } from '@omni/ports';
import { RecordingExchange, VirtualClock } from '@omni/testing';
import { createMasterServer } from './create-master-server.ts';
import { GatewayScene, SceneClient, ToolServer } from './gateway-scene.fixture.ts';
import type { MasterServer } from './master-server.ts';

function statusOf(server: MasterServer, path: string): number {
  const exchange = new RecordingExchange({ method: 'GET', path, headers: ['host', '127.0.0.1:7431'] });
  server.handle(exchange);
  return exchange.status;
}

describe('the start of a gateway', () => {
  it('has all that servers offer in its index when they have been read [S003-ST-07]', async () => {
    const clock = new VirtualClock();
    const offered = { files: ['read', 'write'], mail: ['send', 'list', 'move'], web: ['get'] };
    const servers = Object.entries(offered).map(([name, tools]) => new ToolServer({ clock, name, tools }));
    const scene = new GatewayScene(
      servers.map(({ spec }) => spec),
      clock,
    );
    const sizes = (): readonly number[] => scene.server.upstreams().map(({ tools }) => tools);
    expect(sizes()).toEqual([0, 0, 0]);
    await scene.start();
    await scene.quiet();
    expect(sizes()).toEqual([2, 3, 1]);
    const listed = await scene.answer(new SceneClient(scene.server).modern('tools/list'));
    // The shape of a list.
    const { result } = JSON.parse(listed) as { result: { tools: { name: string }[] } };
    expect(result.tools.map(({ name }) => name).toSorted()).toEqual([
      'files__read',
      'files__write',
      'mail__list',
      'mail__move',
      'mail__send',
      'web__get',
    ]);
    await scene.stop();
  });

  it('starts its servers and reads their lists unasked, and is ready before a slow one has told its own [S003-PF-05]', async () => {
    const clock = new VirtualClock();
    const quick = new ToolServer({ clock, name: 'quick', tools: ['get'] });
    const slow = new ToolServer({ clock, name: 'slow', tools: ['read'], listsAfterMs: 4_000 });
    const scene = new GatewayScene([quick.spec, { ...slow.spec, critical: false }], clock);
    await scene.start();
    await clock.advanceAsync(500);
    const tools = (): readonly number[] => scene.server.upstreams().map(({ tools: count }) => count);
    expect(statusOf(scene.server, '/health/ready')).toBe(200);
    expect(tools()).toEqual([1, 0]);
    // Nobody has asked for anything.
    await clock.advanceAsync(20_000);
    expect(tools()).toEqual([1, 1]);
    await scene.stop();
  });

  it('has addresses bound before a server is started, is not ready until all runs, and loses no call [S003-ST-09]', async () => {
    const clock = new VirtualClock();
    const files = new ToolServer({ clock, name: 'files', tools: ['read'] });
    const seen: unknown[] = [];
    let early = Promise.resolve('');
    const server: MasterServer = createMasterServer({
      configuration: { upstreams: [files.spec] },
      clock,
      random: () => 0,
      listening: {
        async open() {
          seen.push(
            files.instances.length,
            statusOf(server, '/health/live'),
            statusOf(server, '/health/ready'),
          );
          early = new SceneClient(server).modern('tools/call', { name: 'files__read', arguments: {} });
          await Promise.resolve();
        },
        stopAccepting: () => void seen.push('stops accepting'),
        close: () => Promise.resolve(),
      },
    });
    expect(statusOf(server, '/health/ready')).toBe(503);
    await server.start();
    // No process, alive, and not ready.
    expect(seen).toEqual([0, 200, 503]);
    await clock.advanceAsync(2_000);
    expect(await early).toContain('files read');
    expect(statusOf(server, '/health/ready')).toBe(200);
    const stopped = server.stop({ deadlineMs: 0 });
    expect(statusOf(server, '/health/ready')).toBe(503);
    await clock.advanceAsync(20_000);
    await stopped;
    expect(seen.at(-1)).toBe('stops accepting');
    expect(() => server.connect()).toThrow(expect.objectContaining({ code: 'OMNI_SHUTTING_DOWN' }));
  });
});

/** What decides whether a gateway is ready: what is wrong, and whether it is ready all the same. */
const GATES: readonly (readonly [string, (gate: Gate) => void | Promise<void>, boolean])[] = [
  ['nothing', () => {}, true],
  ['its authentication', (gate) => void (gate.authentication = 'error'), false],
  ['a part of its authentication', (gate) => void (gate.authentication = 'warn'), true],
  ['a critical server', (gate) => gate.lose('vital'), false],
  ['a server that is not critical', (gate) => gate.lose('spare'), true],
  ['the protocol, which stops', (gate) => gate.end(), false],
];

/** A gateway that is ready, and everything of it that can go wrong. */
class Gate {
  readonly clock = new VirtualClock();
  authentication: StatusLevel = 'ok';
  readonly #servers = ['vital', 'spare'].map(
    (name) => new ToolServer({ clock: this.clock, name, tools: ['read'] }),
  );
  readonly server: MasterServer;
  #stopped: Promise<void> | undefined;

  constructor() {
    this.server = createMasterServer({
      configuration: {
        upstreams: this.#servers.map(({ spec }) => ({ ...spec, critical: spec.name === 'vital' })),
      },
      clock: this.clock,
      random: () => 0,
      authentication: {
        authenticate: () => ({ id: 'ada', kind: 'token' }),
        getStatus: () => ({ level: this.authentication, details: {}, since: 0 }),
      },
    });
  }

  async lose(name: string): Promise<void> {
    const lost = this.#servers.find(({ spec }) => spec.name === name);
    lost?.instances.at(-1)?.exit(new GatewayError('OMNI_UPSTREAM_EXITED', `"${name}" ended`));
    await this.clock.advanceAsync(100);
  }

  end(): void {
    this.#stopped ??= this.server.stop({ deadlineMs: 0 });
  }

  async ended(): Promise<void> {
    this.end();
    await this.clock.advanceAsync(20_000);
    await this.#stopped;
  }
}

describe('the readiness of a gateway', () => {
  it.each(GATES)('with trouble in %s [S003-ST-11]', async (_what, trouble, isReady) => {
    const gate = new Gate();
    expect(gate.server.readiness().ready).toBe(false);
    await gate.server.start();
    await gate.clock.advanceAsync(2_000);
    expect(gate.server.readiness().ready).toBe(true);
    await trouble(gate);
    expect(gate.server.readiness().ready).toBe(isReady);
    await gate.ended();
  });
});
