import type { ComponentStatus, StatusLevel } from '@omni/ports';
import { describe, expect, it, jest } from '@jest/globals';
import { VirtualClock } from '@omni/testing';
import { HealthMonitor, type HealthComponent, type HealthListener } from './health-monitor.ts';

describe('HealthMonitor', () => {
  it('lives but is not ready before it is told that work is accepted', () => {
    const monitor = new HealthMonitor();
    expect(monitor.getLiveness()).toMatchObject({ live: true, ready: false, level: 'ok' });
    expect(monitor.getReadiness()).toMatchObject({ live: true, ready: false, reason: 'not accepting work' });
    monitor.setAccepting(true);
    expect(monitor.getReadiness()).toMatchObject({ live: true, ready: true, level: 'ok', reason: undefined });
  });

  it('is not ready any more once stopping begins, and still lives', () => {
    const monitor = accepting();
    monitor.setAccepting(false);
    expect(monitor.getReadiness().ready).toBe(false);
    expect(monitor.getLiveness()).toMatchObject({ live: true, level: 'ok' });
  });

  it('asks components when somebody looks, not before', () => {
    const monitor = accepting();
    const upstream = new Upstream('upstream:a', true);
    monitor.register(upstream);
    expect(monitor.getReadiness().ready).toBe(false);
    upstream.level = 'ok';
    expect(monitor.getReadiness().ready).toBe(true);
    upstream.level = 'error';
    expect(monitor.getReadiness()).toMatchObject({ ready: false, level: 'error' });
    expect(monitor.getLiveness().live).toBe(true);
  });

  it('passes name, criticality, level, details and since of each component on, in the order of registration', () => {
    const monitor = accepting();
    monitor.register(new Upstream('upstream:b', true));
    monitor.register(new Upstream('upstream:a', false));
    const rest = { level: 'unknown', details: { attempts: 0 }, since: 1000 };
    const scorecard = { score: null, changes: [] };
    expect(monitor.getReadiness().components).toEqual([
      { name: 'upstream:b', critical: true, server: 'b', ...rest, scorecard },
      { name: 'upstream:a', critical: false, server: 'a', ...rest, scorecard },
    ]);
  });

  it('announces each change of a level once, and nothing that stays', () => {
    const monitor = accepting();
    const upstream = new Upstream('upstream:a', true);
    monitor.register(upstream);
    const heard: string[] = [];
    monitor.on('statusChanged', (readiness) => heard.push(`${readiness.level} ${readiness.ready}`));
    for (const level of ['unknown', 'ok', 'ok', 'warn', 'warn', 'error', 'error', 'ok', 'ok'] as const) {
      upstream.level = level;
      monitor.refresh();
      monitor.refresh();
    }
    expect(heard).toEqual(['ok true', 'warn true', 'error false', 'ok true']);
  });

  it('announces a component that changes behind an unchanged total', () => {
    const monitor = accepting();
    const [first, second] = [
      new Upstream('upstream:a', false, 'error'),
      new Upstream('upstream:b', false, 'ok'),
    ];
    monitor.register(first);
    monitor.register(second);
    const listener = jest.fn<HealthListener>();
    monitor.on('statusChanged', listener);
    first.level = 'ok';
    second.level = 'error';
    monitor.refresh();
    expect(listener).toHaveBeenCalledTimes(1);
    expect(listener.mock.calls[0]?.[0].level).toBe('warn');
  });

  // guard: health/listener
  it('logs what a listener has failed with, and tells the others', async () => {
    const logged: unknown[] = [];
    const monitor = new HealthMonitor({ logger: { error: ({ error }) => void logged.push(error) } });
    const heard: boolean[] = [];
    monitor.on('statusChanged', () => {
      throw new RangeError('at once');
    });
    // The types do not keep anybody from it.
    const later: () => unknown = () => Promise.reject(new RangeError('later'));
    monitor.on('statusChanged', () => later());
    monitor.on('statusChanged', ({ ready }) => heard.push(ready));
    monitor.setAccepting(true);
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard).toEqual([true]);
    expect(logged).toEqual([new RangeError('at once'), new RangeError('later')]);
  });

  it('keeps quiet when only details change', () => {
    const monitor = accepting();
    const upstream = new Upstream('upstream:a', true, 'ok');
    monitor.register(upstream);
    const listener = jest.fn<HealthListener>();
    monitor.on('statusChanged', listener);
    upstream.attempts = 7;
    monitor.refresh();
    expect(listener).not.toHaveBeenCalled();
    expect(monitor.getReadiness().components[0]?.details).toEqual({ attempts: 7 });
  });

  it('announces accepting, stopping, fatal, registration and removal by itself', () => {
    const monitor = new HealthMonitor();
    const heard: string[] = [];
    monitor.on('statusChanged', ({ ready, live, level }) => heard.push(`${ready} ${live} ${level}`));
    monitor.setAccepting(true);
    monitor.setAccepting(true);
    const remove = monitor.register(new Upstream('upstream:a', true, 'error'));
    remove();
    remove();
    monitor.setAccepting(false);
    monitor.setFatal('no memory');
    monitor.setFatal('again');
    expect(heard).toEqual([
      'true true ok',
      'false true error',
      'true true ok',
      'false true error',
      'false false error',
    ]);
    expect(monitor.getLiveness()).toMatchObject({ live: false, level: 'error', reason: 'no memory' });
  });

  it('stays dead after something fatal', () => {
    const monitor = accepting();
    monitor.setFatal('no memory');
    monitor.setAccepting(true);
    expect(monitor.getReadiness()).toMatchObject({ ready: false, live: false });
  });

  it('tells nobody who has unsubscribed, and each subscription of the same listener by itself', () => {
    const monitor = new HealthMonitor();
    const listener = jest.fn<HealthListener>();
    const stopFirst = monitor.on('statusChanged', listener);
    const stopSecond = monitor.on('statusChanged', listener);
    monitor.setAccepting(true);
    stopFirst();
    stopFirst();
    monitor.setAccepting(false);
    stopSecond();
    monitor.setAccepting(true);
    expect(listener).toHaveBeenCalledTimes(3);
  });

  it('reports a component that throws as error since its first failure, without what it threw', () => {
    let now = 5000;
    const monitor = new HealthMonitor({ clock: { now: () => now, after: () => () => {} } });
    monitor.setAccepting(true);
    let isBroken = false;
    const getStatus = (): ComponentStatus => {
      if (isBroken) throw new TypeError('canary-secret');
      return { level: 'ok', details: {}, since: 1 };
    };
    monitor.register({ name: 'router', critical: true, getStatus });
    expect(monitor.getReadiness().ready).toBe(true);
    isBroken = true;
    const broken = monitor.getReadiness();
    now = 9000;
    expect(monitor.getReadiness().components[0]).toMatchObject({ level: 'error', since: 5000 });
    expect(broken.ready).toBe(false);
    expect(JSON.stringify(broken)).not.toContain('canary');
    isBroken = false;
    expect(monitor.getReadiness()).toMatchObject({ ready: true, components: [{ since: 1 }] });
    isBroken = true;
    expect(monitor.getReadiness().components[0]).toMatchObject({ level: 'error', since: 9000 });
  });

  it('scores each component by how it has done [S003-HM-05]', () => {
    const clock = new VirtualClock();
    const monitor = new HealthMonitor({ clock });
    const upstream = new Upstream('upstream:a', true, 'ok');
    monitor.register(upstream);
    clock.advance(30_000);
    upstream.level = 'error';
    monitor.refresh();
    clock.advance(30_000);
    expect(monitor.getReadiness().components[0]?.scorecard).toMatchObject({
      score: 50,
      changes: [
        { from: 'ok', to: 'error' },
        { from: 'unknown', to: 'ok' },
      ],
    });
  });

  it('looks by itself between start and stop [S003-ST-05]', () => {
    const clock = new VirtualClock();
    const monitor = new HealthMonitor({ clock, sampleMs: 5_000 });
    monitor.setAccepting(true);
    const upstream = new Upstream('upstream:a', true, 'ok');
    monitor.register(upstream);
    const heard: string[] = [];
    monitor.on('statusChanged', ({ level }) => heard.push(level));
    monitor.start();
    monitor.start();
    expect(clock.pendingTimers).toBe(1);
    upstream.level = 'error';
    clock.advance(4_999);
    expect(heard).toEqual([]);
    clock.advance(1);
    expect(heard).toEqual(['error']);
    monitor.stop();
    upstream.level = 'ok';
    clock.advance(60_000);
    expect(heard).toEqual(['error']);
    expect(clock.pendingTimers).toBe(0);
    const root = new AbortController();
    monitor.start(root.signal);
    expect(clock.pendingTimers).toBe(1);
    root.abort();
    expect(clock.pendingTimers).toBe(0);
  });

  it('does not look by itself where that is switched off', () => {
    const clock = new VirtualClock();
    new HealthMonitor({ clock, sampleMs: 0 }).start();
    expect(clock.pendingTimers).toBe(0);
  });

  it('lets components look anew, waits no longer than it is told, and survives one that fails', async () => {
    const clock = new VirtualClock();
    const logged: unknown[] = [];
    const monitor = new HealthMonitor({ clock, logger: { error: (fields) => void logged.push(fields) } });
    monitor.setAccepting(true);
    const upstream = new Upstream('upstream:a', true, 'unknown');
    const told: string[] = [];
    let end = (): void => {};
    monitor.register(
      Object.assign(upstream, {
        async probe() {
          await new Promise<void>((resolve) => (end = resolve));
          upstream.level = 'ok';
        },
      }),
    );
    monitor.register(
      Object.assign(new Upstream('upstream:b', false, 'ok'), {
        probe: () => Promise.reject(new RangeError()),
      }),
    );
    void monitor.probe(5_000).then(() => told.push('late'));
    await clock.advanceAsync(4_999);
    expect(told).toEqual([]);
    await clock.advanceAsync(1);
    expect(told).toEqual(['late']);
    void monitor.probe(5_000).then(() => told.push('in time'));
    end();
    await clock.advanceAsync(0);
    expect(told).toEqual(['late', 'in time']);
    expect(monitor.getReadiness().ready).toBe(true);
    expect(clock.pendingTimers).toBe(0);
    expect(logged).toMatchObject([{ component: 'upstream:b' }, { component: 'upstream:b' }]);
  });

  it('lets a later component take a name; the undo of the earlier one does not remove it', () => {
    const monitor = accepting();
    const removeFirst = monitor.register(new Upstream('upstream:a', true, 'error'));
    monitor.register(new Upstream('upstream:a', true, 'ok'));
    removeFirst();
    expect(monitor.getReadiness().components).toMatchObject([{ name: 'upstream:a', level: 'ok' }]);
  });
});

class Upstream implements HealthComponent {
  readonly name: string;
  readonly critical: boolean;
  readonly server: string;
  level: StatusLevel;
  attempts = 0;

  constructor(name: string, critical: boolean, level: StatusLevel = 'unknown') {
    this.name = name;
    this.server = name.slice('upstream:'.length);
    this.critical = critical;
    this.level = level;
  }

  getStatus(): ComponentStatus {
    return { level: this.level, details: { attempts: this.attempts }, since: 1000 };
  }
}

function accepting(): HealthMonitor {
  const monitor = new HealthMonitor();
  monitor.setAccepting(true);
  return monitor;
}
