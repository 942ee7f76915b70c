import { describe, expect, it } from '@jest/globals';
import type { OmniEvent } from '@omni/events';
import { DEFAULT_ROUTING, type FaultSettings, type Logger } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { createMasterServer } from './create-master-server.ts';
import { SceneClient, ToolServer } from './gateway-scene.fixture.ts';
import { parseConfigurationText } from './node/node-configuration.ts';

const UP = { upstream: 'a' };
const CHANGED = 'notifications/tools/list_changed';

class Scene {
  readonly clock = new VirtualClock();
  readonly events: OmniEvent[] = [];
  readonly warned: string[] = [];
  readonly servers = ['a', 'b'].map((name) => new ToolServer({ clock: this.clock, name, tools: ['t', 'u'] }));
  readonly gateway;

  constructor(faults?: FaultSettings) {
    const upstreams = this.definitions(faults);
    const configuration = { ...parseConfigurationText('{}', 'scene.json', {}), upstreams };
    const note = (_fields: object, text: string): void => void this.warned.push(text);
    const logger = { debug() {}, info() {}, warn: note, error() {} } as unknown as Logger;
    this.gateway = createMasterServer({ configuration, clock: this.clock, random: () => 0, logger });
    this.gateway.events.listen((event) => void this.events.push(event));
  }

  async start(): Promise<this> {
    await this.gateway.start();
    await this.quiet();
    return this;
  }

  definitions(faults?: FaultSettings) {
    return this.servers.map(({ spec }) =>
      spec.name === 'a' && faults !== undefined ? { ...spec, routing: { ...DEFAULT_ROUTING, faults } } : spec,
    );
  }

  async quiet(): Promise<void> {
    await this.clock.advanceAsync(2_000);
  }

  async ask(method: string, params: object = {}, server?: string): Promise<string> {
    const asked = new SceneClient(this.gateway, server).modern(method, params);
    await this.clock.advanceAsync(0);
    return await asked;
  }

  async tools(server?: string): Promise<string> {
    const listed = await this.ask('tools/list', {}, server);
    return [...listed.matchAll(/"name":"([^"]*)","inputSchema"/g)].map(([, name]) => name).join(' ');
  }

  async call(name = 'a__t'): Promise<string | undefined> {
    return /OMNI_[A-Z_]+/.exec(await this.ask('tools/call', { name, arguments: {} }))?.[0];
  }

  eventsOf(type: string) {
    return this.events.filter((event) => event.type === type).map(({ subject, data }) => ({ subject, data }));
  }

  async stop(): Promise<void> {
    await this.gateway.stop({ deadlineMs: 0 });
  }
}

describe('an override of a server', () => {
  it('counts from the next call on, is told of and shown, and ends by itself [S002-EM-02]', async () => {
    const scene = await new Scene().start();
    const { gateway, clock } = scene;
    const until = new Date(clock.now() + 5_000).toISOString();
    gateway.overrides.set(UP, { kind: 'breaker', state: 'open' }, { forMs: 5_000, author: 'ada' });
    expect([await scene.call(), await scene.call('b__t')]).toEqual(['OMNI_OVERRIDDEN', undefined]);
    const [report] = gateway.upstreams();
    expect(report?.overrides).toEqual([
      { target: UP, override: { kind: 'breaker', state: 'open' }, author: 'ada', until: Date.parse(until) },
    ]);
    await clock.advanceAsync(5_000);
    expect(await scene.call()).toBeUndefined();
    expect(gateway.upstreams()[0]).not.toHaveProperty('overrides');
    const data = { kind: 'breaker', by: 'ada', state: 'open', until };
    expect(scene.eventsOf('upstream.override_set')).toEqual([
      { subject: { server: 'a' }, data: { ...data, change: 'set' } },
    ]);
    expect(scene.eventsOf('upstream.override_cleared')).toEqual([
      { subject: { server: 'a' }, data: { ...data, change: 'expired' } },
    ]);
    expect(scene.warned).toContain('an override of a server is in force');
    await scene.stop();
  });

  it('may be a throttle, read-only, or of one tool', async () => {
    const scene = await new Scene().start();
    const { overrides } = scene.gateway;
    overrides.set(UP, { kind: 'throttle', rate: { perSecond: 0.001, burst: 1 } });
    expect([await scene.call(), await scene.call()]).toEqual([undefined, 'OMNI_RATE_LIMITED']);
    overrides.clear(UP, 'throttle');
    overrides.set({ ...UP, called: { method: 'tools/call', name: 't' } }, { kind: 'read-only' });
    expect([await scene.call(), await scene.call('a__u')]).toEqual(['OMNI_OVERRIDDEN', undefined]);
    await scene.stop();
  });

  // guard: overrides/hide
  it('may hide it, or one of its tools, from lists and from calls', async () => {
    const scene = await new Scene().start();
    const { overrides } = scene.gateway;
    const client = new SceneClient(scene.gateway);
    const greeted = client.initialize();
    await scene.quiet();
    await greeted;
    overrides.set({ ...UP, called: { method: 'tools/call', name: 't' } }, { kind: 'hide' });
    await scene.quiet();
    expect([await scene.tools(), await scene.tools('a')]).toEqual(['a__u b__t b__u', 'u']);
    expect([await scene.call('a__t'), await scene.call('a__u')]).toEqual(['OMNI_NAME_UNKNOWN', undefined]);
    expect(client.notifications).toEqual([CHANGED]);
    overrides.set(UP, { kind: 'hide' });
    await scene.quiet();
    expect([await scene.tools(), await scene.tools('a')]).toEqual(['b__t b__u', '']);
    expect(await scene.call('a__u')).toBe('OMNI_NAME_UNKNOWN');
    overrides.clear(UP, 'hide');
    overrides.clear({ ...UP, called: { method: 'tools/call', name: 't' } }, 'hide');
    await scene.quiet();
    expect(await scene.tools()).toBe('a__t a__u b__t b__u');
    // Each of the two that were cleared has changed what is listed.
    expect(client.notifications).toEqual([CHANGED, CHANGED, CHANGED, CHANGED]);
    await scene.stop();
  });

  it('stays when its server is defined anew, and ends when it is gone', async () => {
    const scene = await new Scene().start();
    const { gateway, servers } = scene;
    gateway.overrides.set(UP, { kind: 'breaker', state: 'open' });
    await gateway.apply(servers.map(({ spec }) => ({ ...spec, protocol: 'legacy' as const })));
    await scene.quiet();
    expect(await scene.call()).toBe('OMNI_OVERRIDDEN');
    await gateway.apply([]);
    expect(gateway.overrides.list()).toEqual([]);
    expect(() => gateway.overrides.set(UP, { kind: 'hide' })).toThrow('There is no server "a"');
    await scene.stop();
  });
});

describe('faults on purpose', () => {
  const FAULTS: FaultSettings = { share: 1, delayMs: 0, end: 'error' };

  it('are never silent: log, events, report and answer say so', async () => {
    const scene = await new Scene(FAULTS).start();
    expect(scene.warned).toContain('calls to the server are slow or fail on purpose: routing.faults is on');
    expect(scene.eventsOf('upstream.faults_on')).toEqual([{ subject: { server: 'a' }, data: FAULTS }]);
    expect(scene.gateway.upstreams().map(({ faults }) => faults)).toEqual([FAULTS, undefined]);
    const component = scene.gateway.readiness().components.find(({ name }) => name === 'upstream:a');
    expect(component?.details).toMatchObject({ faults: FAULTS });
    expect([await scene.call(), await scene.call('b__t')]).toEqual(['OMNI_FAULT_INJECTED', undefined]);
    expect(scene.eventsOf('request.fault_injected')).toHaveLength(1);
    await scene.stop();
  });

  it('are told of when they are switched on, changed and off while Omni runs', async () => {
    const scene = await new Scene().start();
    expect(scene.events.filter(({ type }) => type.startsWith('upstream.faults'))).toEqual([]);
    await scene.gateway.apply(scene.definitions(FAULTS));
    await scene.gateway.apply(scene.definitions({ ...FAULTS, share: 0.5 }));
    await scene.gateway.apply(scene.definitions({ ...FAULTS, share: 0.5 }));
    expect(scene.eventsOf('upstream.faults_on').map(({ data }) => data['share'])).toEqual([1, 0.5]);
    await scene.gateway.apply(scene.definitions());
    expect(scene.eventsOf('upstream.faults_off')).toHaveLength(1);
    expect(await scene.call()).toBeUndefined();
    await scene.stop();
  });
});
