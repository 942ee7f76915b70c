import { describe, expect, it } from '@jest/globals';
import { Balancers, CallQueues, ErrorBudgets, Limiter, Overrides } from '@omni/call-policies';
import { Catalogue } from '@omni/capabilities';
import { HealthMonitor, type ReadinessScope } from '@omni/health';
import { DEFAULT_LIFECYCLE } from '@omni/ports';
import { ScriptedServer, upstreamSpecOf, VirtualClock } from '@omni/testing';
import { UpstreamRegistry, Upstreams } from '@omni/upstreams';
import { healthPage, type Page } from '../health-pages.ts';
import { UpstreamHealth } from './upstream-health.ts';

const PROBE = { ...DEFAULT_LIFECYCLE.probe, jitter: 0, graceMs: 0 };
const INITIALIZED = '{"protocolVersion":"2025-11-25","capabilities":{"tools":{}}}';

/** One server, and the page that says whether Omni is ready. */
class Scene {
  readonly clock = new VirtualClock();
  isHanging = false;
  pings = 0;
  readonly #server = new ScriptedServer((message, instance) => {
    if (message.method === 'ping') {
      this.pings++;
      if (!this.isHanging) instance.reply(message, '{}');
    } else if (message.method === 'initialize') instance.reply(message, INITIALIZED);
  });
  readonly #health = new HealthMonitor({ clock: this.clock, sampleMs: 0 });
  readonly #upstreams: Upstreams;

  constructor({ critical = true, intervalMs = 30_000 } = {}) {
    const { clock } = this;
    const spec = upstreamSpecOf(
      { kind: 'channel', open: this.#server.open },
      {
        name: 'up',
        critical,
        protocol: 'legacy',
        lifecycle: { ...DEFAULT_LIFECYCLE, probe: { ...PROBE, intervalMs } },
      },
    );
    const identity = { name: 'omni', version: '1' };
    const registry = new UpstreamRegistry([spec]);
    this.#upstreams = new Upstreams({
      specs: [spec],
      clock,
      identity,
      random: () => 0,
      observer: {
        onStateChanged() {},
        onReady: (_name, _connection, onListed) => onListed(false),
        onListsChanged() {},
      },
    });
    const configured = [{ name: 'up', isOff: false }];
    const catalogue = new Catalogue({ upstreams: configured, prefix: 'always', identity, clock });
    const queues = new CallQueues(clock);
    const balancers = new Balancers({ clock, random: () => 0 });
    new UpstreamHealth({
      health: this.#health,
      registry,
      upstreams: this.#upstreams,
      catalogue,
      policies: { budgets: new ErrorBudgets({ clock }) },
      limiter: new Limiter({ maxUpstreamInFlight: 9, maxInstanceInFlight: 9, queues, clock }),
      queues,
      overrides: new Overrides({ clock, check: () => {} }),
      balancers,
      clock,
    });
    this.#health.setAccepting(true);
  }

  async start(): Promise<this> {
    this.#upstreams.start();
    await this.clock.advanceAsync(0);
    return this;
  }

  /** More time has passed than anything of Omni has seen, as when the machine was suspended. */
  skip(ms: number): void {
    this.clock.setWallClock(this.clock.now() + ms);
  }

  /** What a stranger is told, who may wait for it. */
  ask(scope?: ReadinessScope): Page | Promise<Page> {
    const query = scope === undefined ? '' : `scope=${scope}`;
    const page = healthPage({ health: this.#health, switchedOff: () => [] }, '/health/ready', query);
    // A scope that there is is never refused.
    return page?.(undefined, false) as Page | Promise<Page>;
  }
}

describe('readiness', () => {
  it('is told at once while every server was heard of within a probe interval', async () => {
    const scene = await new Scene().start();
    await scene.clock.advanceAsync(29_000);
    expect(scene.ask()).toMatchObject({ status: 200 });
    await scene.clock.advanceAsync(600_000);
    expect(scene.ask()).toMatchObject({ status: 200 });
  });

  // guard: health/outdated
  it('is asked anew where what is known is older than that, and told when it is known', async () => {
    const scene = await new Scene().start();
    scene.skip(31_000);
    const asked = scene.ask();
    expect(asked).toBeInstanceOf(Promise);
    // Whoever comes meanwhile waits for the same.
    const also = scene.ask();
    await scene.clock.advanceAsync(0);
    expect(scene.pings).toBe(1);
    expect(await asked).toMatchObject({ status: 200 });
    expect(await also).toMatchObject({ status: 200 });
    expect(scene.ask()).toMatchObject({ status: 200 });
  });

  it('waits no longer than a probe may take, and asks a server once that does not answer', async () => {
    const scene = await new Scene().start();
    scene.isHanging = true;
    scene.skip(31_000);
    let isTold = false;
    const asked = Promise.resolve(scene.ask()).finally(() => (isTold = true));
    await scene.clock.advanceAsync(4_900);
    expect(isTold).toBe(false);
    await scene.clock.advanceAsync(100);
    expect(await asked).toMatchObject({ status: 200 });
    expect(scene.ask()).not.toBeInstanceOf(Promise);
    expect(scene.pings).toBe(1);
  });

  it.each<[scope: ReadinessScope, critical: boolean, isAsked: boolean]>([
    ['core', true, false],
    ['critical', true, true],
    ['critical', false, false],
    ['all', false, true],
  ])('of the scope %s asks a server that is critical (%s): %s', async (scope, critical, isAsked) => {
    const scene = await new Scene({ critical }).start();
    scene.skip(31_000);
    expect(scene.ask(scope) instanceof Promise).toBe(isAsked);
    await scene.clock.advanceAsync(6_000);
  });

  it('asks no server that is not to be probed', async () => {
    const scene = await new Scene({ intervalMs: 0 }).start();
    scene.skip(3_600_000);
    expect(scene.ask('all')).not.toBeInstanceOf(Promise);
  });
});
