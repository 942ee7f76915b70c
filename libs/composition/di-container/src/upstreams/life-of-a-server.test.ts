import { describe, expect, it } from '@jest/globals';
import { coordinatorProgram, InlineRoleHost } from '@omni/coordinator';
import type { OmniEvent } from '@omni/events';
import {
  DEFAULT_LIFECYCLE,
  GatewayError,
  silentLogger,
  type HealthLogRow,
  type StateStore,
} from '@omni/ports';
import { openStore } from '@omni/sql';
import { VirtualClock } from '@omni/testing';
import { createMasterServer } from '../create-master-server.ts';
import { SceneClient, ToolServer } from '../gateway-scene.fixture.ts';
import { passWithStore } from '../store-turns.fixture.ts';
import type { GatewayUpstream } from '../gateway-options.ts';
import type { MasterServer } from '../master-server.ts';

/** How a store answers what an earlier run has left. */
type Stored = Pick<StateStore, 'load' | 'loadLists'>;

interface SceneOptions {
  readonly lingerMs?: number;
  readonly former?: Scene;
  readonly stored?: Stored;
}

/** A gateway with a store, and one server that works as long as it is told to. */
class Scene {
  readonly clock: VirtualClock;
  readonly working: ToolServer;
  readonly broken: ToolServer;
  readonly spec: GatewayUpstream;
  readonly events: OmniEvent[] = [];
  readonly server: MasterServer;
  readonly client: SceneClient;
  isWorking = true;
  #store: StateStore | undefined;

  /** @param former - An earlier run, whose server it has. */
  constructor({ lingerMs = 0, former, stored }: SceneOptions = {}) {
    const clock = former?.clock ?? new VirtualClock();
    this.clock = clock;
    this.working = former?.working ?? new ToolServer({ clock, name: 'files', tools: ['read'] });
    this.broken = former?.broken ?? new ToolServer({ clock, name: 'files', tools: [], isBroken: true });
    this.spec = former?.spec ?? {
      ...this.working.spec,
      lifecycle: DEFAULT_LIFECYCLE,
      transport: {
        kind: 'channel',
        open: (listener) => (this.isWorking ? this.working : this.broken).open(listener),
      },
    };
    const random = (): number => 0;
    const openMemory = async (): Promise<StateStore> => {
      this.#store = await openStore(
        { url: 'memory:', schema: 'omni', stateFolder: '' },
        { clock, logger: silentLogger },
      );
      return Object.assign(this.#store, stored);
    };
    this.server = createMasterServer({
      configuration: { catalogue: { lingerMs }, upstreams: [this.spec] },
      clock,
      random,
      coordinator: new InlineRoleHost(coordinatorProgram({ clock, random, openStore: openMemory })),
      store: {},
    });
    this.server.events.listen((event) => void this.events.push(event));
    this.client = new SceneClient(this.server);
  }

  async begin(): Promise<this> {
    const started = this.server.start();
    await this.pass(0);
    await started;
    await this.pass(0);
    return this;
  }

  pass(ms: number): Promise<void> {
    return passWithStore(this.clock, ms);
  }

  /** The process of the server ends, and does not come back before it is told to. */
  async fall(): Promise<void> {
    this.isWorking = false;
    const running = this.working.instances.findLast(({ isOpen }) => isOpen);
    running?.exit(new GatewayError('OMNI_UPSTREAM_EXITED', '"files" exited with code 3'));
    await this.pass(0);
  }

  get status(): string {
    return this.server.upstreams()[0]?.health_status ?? '';
  }

  /** The health log, oldest first. */
  async log(): Promise<readonly HealthLogRow[]> {
    return (await this.#store?.healthLog({ upstream: 'files', limit: 1_000 }))?.toReversed() ?? [];
  }

  async row(): Promise<unknown> {
    const [row] = (await this.#store?.load()) ?? [];
    return row?.record === undefined || row.record === null ? undefined : JSON.parse(row.record);
  }

  /** What a run that begins now finds if this one is killed. */
  async stored(): Promise<Stored> {
    const upstreams = (await this.#store?.load()) ?? [];
    const lists = (await this.#store?.loadLists()) ?? [];
    return { load: async () => upstreams, loadLists: async () => lists };
  }

  async kinds(): Promise<readonly string[]> {
    return (await this.log()).map(({ eventType }) => eventType);
  }

  async end(): Promise<void> {
    const stopped = this.server.stop({ deadlineMs: 0 });
    await this.pass(0);
    await this.pass(20_000);
    await stopped;
  }
}

describe('the life of a server', () => {
  it('falls, is taken out of the lists at once, and comes back without help [S001-ST-01] [S001-ST-03] [S001-CO-04] [S001-NF-06]', async () => {
    const scene = await new Scene().begin();
    expect(scene.status).toBe('healthy');
    expect(await scene.client.modern('tools/list')).toContain('files__read');
    await scene.fall();
    expect(scene.status).toBe('disconnected');
    expect(await scene.client.modern('tools/list')).not.toContain('files__read');
    // The first attempt comes after 500 ms, and not sooner.
    scene.isWorking = true;
    const opened = scene.working.instances.length;
    await scene.pass(499);
    expect(scene.working.instances).toHaveLength(opened);
    await scene.pass(1);
    // Lists are read once a second at most.
    await scene.pass(1_000);
    expect(scene.status).toBe('healthy');
    expect(await scene.client.modern('tools/list')).toContain('files__read');
    expect(scene.server.upstreams()).toMatchObject([{ circuit_state: 'closed' }]);
    expect(await scene.row()).toMatchObject({ history: { consecutiveFailures: 0, outage: null } });
    await scene.end();
  });

  it('is told within its probe interval when it hangs, and calls fail at once while it is down [S000-HLT-04] [S001-NF-05]', async () => {
    const scene = await new Scene().begin();
    await scene.fall();
    const asked = scene.broken.instances.length;
    const answer = await scene.client.modern('tools/call', { name: 'files__read', arguments: {} });
    expect(answer).toContain('error');
    expect(scene.broken.instances).toHaveLength(asked);
    expect(scene.events.map(({ type }) => type)).toContain('upstream.disconnected');
    await scene.end();
  });

  it('opens the circuit after five failures, lets one trial through, and is disabled after 30 minutes [S001-CB-01]', async () => {
    const scene = await new Scene().begin();
    await scene.fall();
    await scene.pass(18_500);
    expect(scene.status).toBe('circuit_open');
    const trials = scene.broken.instances.length;
    const calls = Array.from({ length: 20 }, () =>
      scene.client.modern('tools/call', { name: 'files__read', arguments: {} }),
    );
    await Promise.all(calls);
    await scene.pass(29_999);
    expect(scene.broken.instances).toHaveLength(trials);
    await scene.pass(1);
    expect(scene.broken.instances).toHaveLength(trials + 1);
    await scene.pass(1_800_000);
    expect(scene.status).toBe('disabled');
    const atTheEnd = scene.broken.instances.length;
    await scene.pass(7_200_000);
    expect(scene.broken.instances).toHaveLength(atTheEnd);
    await scene.end();
  });

  it('is left alone once it is disabled, until the owner enables it again [S001-ST-06]', async () => {
    const scene = await new Scene().begin();
    await scene.fall();
    await scene.pass(1_900_000);
    expect(scene.status).toBe('disabled');
    scene.isWorking = true;
    const opened = scene.working.instances.length;
    // Every 30 s somebody looks at definitions and at what could not be started.
    await scene.pass(3_600_000);
    expect(scene.status).toBe('disabled');
    expect(scene.working.instances).toHaveLength(opened);
    const [spec] = scene.server.configuration.effective().upstreams;
    if (spec === undefined) throw new TypeError('there is one');
    await scene.server.apply([{ ...spec, enabled: false }]);
    await scene.pass(20_000);
    expect(scene.working.instances).toHaveLength(opened);
    await scene.server.apply([spec]);
    await scene.pass(2_000);
    expect(scene.status).toBe('healthy');
    expect(await scene.kinds()).toEqual(expect.arrayContaining(['auto_disabled', 'manually_enabled']));
    expect(await scene.client.modern('tools/list')).toContain('files__read');
    await scene.end();
  });

  it('is written down, transition by transition; the row is the record [S001-CO-05] [S001-CO-06] [S001-DB-06] [S001-WR-01]', async () => {
    const scene = await new Scene().begin();
    await scene.fall();
    await scene.pass(18_500);
    scene.isWorking = true;
    await scene.pass(30_100);
    expect(scene.status).toBe('healthy');
    const [spec] = scene.server.configuration.effective().upstreams;
    if (spec === undefined) throw new Error('there is one');
    await scene.server.apply([{ ...spec, enabled: false }]);
    await scene.pass(20_000);
    expect(scene.status).toBe('disabled');
    await scene.server.apply([spec]);
    await scene.pass(1_000);
    expect(await scene.kinds()).toEqual(
      expect.arrayContaining([
        'connected',
        'disconnected',
        'recovery_attempt',
        'recovery_success',
        'circuit_opened',
        'circuit_closed',
        'manually_disabled',
        'manually_enabled',
      ]),
    );
    const told = scene.events.filter(({ data }) => 'noteId' in data);
    expect(told).toHaveLength((await scene.kinds()).length);
    expect(told.every(({ data }) => !('isUnpersisted' in data))).toBe(true);
    expect(await scene.row()).toMatchObject({ state: { phase: 'ready' } });
    await scene.end();
  });

  it('adds up its outages [S001-DB-04]', async () => {
    const scene = await new Scene().begin();
    for (const ms of [38_500, 18_500]) {
      await scene.fall();
      await scene.pass(ms);
      scene.isWorking = true;
      // What attempt comes next finds it.
      await scene.pass(60_000);
      expect(scene.status).toBe('healthy');
    }
    const outages = (await scene.log())
      .filter(({ eventType }) => eventType === 'recovery_success')
      .map(({ metadata }) => Number((JSON.parse(metadata ?? '{}') as { downtimeMs?: number }).downtimeMs));
    expect(outages).toHaveLength(2);
    const total = outages.reduce((sum, ms) => sum + ms, 0);
    expect(await scene.row()).toMatchObject({ history: { totalDowntimeMs: total } });
    await scene.end();
  });

  it('is probed from its start on, every 30 s, and what does not answer falls [S000-PROC-03] [S000-HLT-01] [S000-HLT-02] [S001-CO-01]', async () => {
    const scene = await new Scene().begin();
    const [instance] = scene.working.instances.filter(({ isOpen }) => isOpen);
    const pings = (): number => instance?.received.filter(({ method }) => method === 'ping').length ?? 0;
    await scene.pass(27_100);
    expect(pings()).toBe(1);
    await scene.pass(27_000);
    expect(pings()).toBe(2);
    expect(scene.events.map(({ type }) => type)).toContain('upstream.connected');
    if (instance !== undefined) instance.takes = false;
    await scene.pass(60_000);
    expect(scene.events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['upstream.degraded', 'upstream.disconnected', 'upstream.recovery_attempt']),
    );
    await scene.end();
  });

  it('has a status like every component [S003-HM-01]', async () => {
    const scene = await new Scene().begin();
    const { components } = scene.server.readiness();
    expect(components.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['upstream:files', 'protocol', 'coordinator']),
    );
    for (const { level, details, since } of components) {
      expect(['ok', 'warn', 'error', 'unknown']).toContain(level);
      expect(typeof details).toBe('object');
      expect(Number.isFinite(since)).toBe(true);
    }
    await scene.end();
  });
});

describe('lists of an earlier run', () => {
  /** Omni is killed while its server is down, and starts again. */
  async function restarted(lingerMs: number, awayMs: number): Promise<Scene> {
    const former = await new Scene().begin();
    await former.fall();
    await former.pass(awayMs);
    const stored = await former.stored();
    await former.end();
    return await new Scene({ lingerMs, former, stored }).begin();
  }

  const away: readonly [string, number][] = [
    ['down', 18_500],
    ['disabled', 1_900_000],
  ];

  // guard: change/restored-away
  it.each(away)('are not shown of a server that was %s, where none lingers', async (state, awayMs) => {
    const scene = await restarted(0, awayMs);
    expect(scene.server.upstreams()).toMatchObject([{ state, tools: 0 }]);
    expect(await scene.client.modern('tools/list')).not.toContain('files__read');
    await scene.end();
  });

  it.each(away)('linger of a server that was %s, and go', async (state, awayMs) => {
    const scene = await restarted(500, awayMs);
    expect(await scene.client.modern('tools/list')).toContain('files__read');
    await scene.pass(400);
    expect(await scene.client.modern('tools/list')).toContain('files__read');
    await scene.pass(100);
    expect(scene.server.upstreams()).toMatchObject([{ state, tools: 0 }]);
    expect(await scene.client.modern('tools/list')).not.toContain('files__read');
    await scene.end();
  });
});
