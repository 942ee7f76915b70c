import { describe, expect, it } from '@jest/globals';
import type { Clock } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { coordinatorProgram } from './coordinator.ts';
import { HeldRoleHost } from './held-role-host.fixture.ts';
import { InlineRoleHost } from './inline-role-host.ts';
import {
  FALL,
  RecordedUpstream,
  supervisionScene,
  type SupervisionScene,
  UP,
} from './supervision-scene.fixture.ts';

interface HeldScene extends SupervisionScene {
  readonly clock: VirtualClock;
  readonly host: HeldRoleHost;
  /** Lets time pass while messages arrive at once. */
  readonly pass: (ms: number) => void;
}

function held({ sharesMemory = true, isStarted = true } = {}): HeldScene {
  const clock = new VirtualClock();
  const host = new HeldRoleHost(coordinatorProgram({ clock, random: () => 0.5 }), { sharesMemory });
  const scene = supervisionScene(host, clock);
  const pass = (ms: number): void => {
    for (let left = ms; left > 0; left -= 100) {
      clock.advance(Math.min(100, left));
      host.deliverAll();
    }
  };
  if (isStarted) {
    void scene.supervision.start();
    host.deliverAll();
  }
  return { ...scene, clock, host, pass };
}

function clockOf(clock: VirtualClock): Clock {
  return {
    now: () => clock.now(),
    monotonicMs: () => clock.monotonicMs(),
    after: (delayMs, action) => clock.after(delayMs, action),
  };
}

describe('Supervision', () => {
  it('executes what an inline coordinator decides before a report returns', () => {
    const clock = new VirtualClock();
    const host = new InlineRoleHost(coordinatorProgram({ clock, random: () => 0.5 }));
    const { supervision } = supervisionScene(host, clock);
    void supervision.start();
    const upstream = new RecordedUpstream(supervision, 'files');
    upstream.onCommand = ({ kind }) => {
      if (kind === 'connect') upstream.report(...UP);
    };
    upstream.report({ kind: 'started' });
    expect(supervision.getStatus().details).toMatchObject({ decides: 'coordinator' });
    expect(upstream.phase).toBe('ready');
    expect(upstream.notes).toEqual(['started', 'connected']);
    upstream.report({ kind: 'connectionLost', ...FALL });
    expect(upstream.phase).toBe('down');
    clock.advance(600);
    expect(upstream.commands).toEqual(['connect', 'connect']);
    expect(upstream.phase).toBe('ready');
  });

  it('executes decisions of a coordinator elsewhere when they arrive', () => {
    const { supervision, host } = held();
    const upstream = new RecordedUpstream(supervision, 'files');
    upstream.report({ kind: 'started' });
    expect(upstream.commands).toEqual([]);
    host.deliverAll();
    expect(upstream.commands).toEqual(['connect']);
  });

  it('decides on main before there is a coordinator, and hands over', () => {
    const { supervision, host, pass } = held({ isStarted: false });
    const upstream = new RecordedUpstream(supervision, 'files');
    upstream.report({ kind: 'started' }, { kind: 'connectFailed', ...FALL });
    expect(upstream.phase).toBe('down');
    void supervision.start();
    expect(supervision.getStatus()).toMatchObject({ level: 'ok', details: { decides: 'main' } });
    host.deliverAll();
    expect(supervision.getStatus().details).toMatchObject({ decides: 'coordinator' });
    pass(600);
    expect(upstream.commands).toEqual(['connect', 'connect']);
  });

  it('[S001-MON-01] replaces a coordinator that exits, and says so', () => {
    const { supervision, host, pass, observer, logger } = held();
    const upstream = new RecordedUpstream(supervision, 'files');
    upstream.report({ kind: 'started' }, ...UP);
    host.deliverAll();
    host.last.exit('exited with code 1');
    expect(supervision.getStatus()).toMatchObject({ level: 'warn', details: { decides: 'main' } });
    pass(2_000);
    expect(supervision.getStatus()).toMatchObject({
      level: 'ok',
      details: { decides: 'coordinator', epoch: 2 },
    });
    expect(observer.restarts).toEqual([{ epoch: 2, reason: 'exited with code 1', awayMs: 1_000 }]);
    expect(logger.errors.map(({ fields }) => fields['critical'])).toEqual([true, true]);
    expect(upstream.phase).toBe('ready');
    expect(upstream.commands).toEqual(['connect']);
  });

  it('[S001-MON-02] replaces a coordinator that does not answer within 10 s', () => {
    const { supervision, host, pass, observer } = held();
    const upstream = new RecordedUpstream(supervision, 'files');
    upstream.report({ kind: 'started' }, ...UP);
    pass(1_000);
    host.last.isStuck = true;
    upstream.report({ kind: 'connectionLost', ...FALL });
    pass(6_000);
    expect(observer.restarts).toHaveLength(1);
    expect(observer.restarts[0]?.reason).toContain('has not answered');
    expect(host.roles[0]?.isDead).toBe(true);
    // What the dead one was told and had not decided.
    expect(upstream.notes).toEqual(['started', 'connected', 'disconnected', 'recovery_attempt']);
    expect(upstream.commands).toEqual(['connect', 'connect']);
  });

  it('leaves a coordinator the time that it takes to start', () => {
    const { supervision, host, clock, pass } = held({ isStarted: false });
    void supervision.start();
    clock.advance(20_000);
    pass(1_000);
    expect(host.roles).toHaveLength(1);
    expect(supervision.getStatus().details).toMatchObject({ decides: 'coordinator' });
  });

  // guard: coordinator/own-pause
  it('does not hold its own pauses against the coordinator', () => {
    const clock = new VirtualClock();
    let pausedMs = 0;
    const late = { ...clockOf(clock), monotonicMs: () => clock.monotonicMs() + pausedMs };
    const host = new HeldRoleHost(coordinatorProgram({ clock, random: () => 0.5 }));
    void supervisionScene(host, late).supervision.start();
    host.deliverAll();
    clock.advance(500);
    pausedMs = 60_000;
    clock.advance(500);
    expect(host.last.isDead).toBe(false);
  });

  // guard: coordinator/old-role
  it('does not take what an old coordinator says for the word of the next', () => {
    const { supervision, host, clock } = held({ isStarted: false });
    void supervision.start();
    const [old] = host.roles;
    old?.exit();
    clock.advance(1_100);
    expect(host.roles).toHaveLength(2);
    // That it is ready.
    old?.deliverToMain();
    expect(supervision.getStatus().details).toMatchObject({ decides: 'main' });
  });

  it('refuses what an old coordinator says late', () => {
    const { supervision, host, pass } = held();
    const upstream = new RecordedUpstream(supervision, 'files');
    upstream.report({ kind: 'started' }, ...UP, { kind: 'connectionLost', ...FALL });
    const [old] = host.roles;
    // It has decided, but what it has decided is still under way.
    while (old?.deliverToRole() === true);
    old?.exit();
    expect(upstream.notes).toEqual(['started', 'connected', 'disconnected']);
    old?.deliverAll();
    pass(1_600);
    expect(upstream.commands.filter((kind) => kind === 'connect')).toHaveLength(2);
    expect(upstream.notes).toEqual(['started', 'connected', 'disconnected', 'recovery_attempt']);
  });

  it('goes on by its clock while nobody but main decides', () => {
    const { supervision, host, clock } = held();
    const upstream = new RecordedUpstream(supervision, 'files');
    upstream.report({ kind: 'started' }, ...UP, { kind: 'connectionLost', ...FALL });
    host.deliverAll();
    host.last.exit();
    clock.advance(600);
    expect(upstream.commands).toEqual(['connect', 'connect']);
    expect(upstream.phase).toBe('starting');
  });

  it('hands records over: time goes on in the next coordinator', () => {
    const { supervision, host, pass } = held();
    const upstream = new RecordedUpstream(supervision, 'files');
    upstream.report({ kind: 'started' }, ...UP);
    host.deliverAll();
    host.last.exit();
    pass(2_000);
    upstream.report({ kind: 'connectionLost', ...FALL });
    pass(700);
    expect(upstream.commands).toEqual(['connect', 'connect']);
  });

  it('tries once a minute, then less often, when coordinators die one after the other', () => {
    const { host, clock, pass, supervision } = held();
    const startedAt: number[] = [];
    const begin = clock.monotonicMs();
    let seen = 1;
    for (let turn = 0; turn < 40 * 600; turn++) {
      if (!host.last.isDead) host.last.exit();
      pass(100);
      if (host.roles.length === seen) continue;
      seen = host.roles.length;
      startedAt.push(Math.round((clock.monotonicMs() - begin) / 1_000));
    }
    expect(startedAt.slice(0, 5)).toEqual([1, 2, 3, 4, 5]);
    const waits = startedAt.slice(5).map((at, index) => at - (startedAt[index + 4] ?? 0));
    expect(waits.slice(0, 5)).toEqual([60, 120, 240, 480, 600]);
    expect(supervision.getStatus().level).toBe('warn');
  });

  // guard: coordinator/quarantine
  it.each([true, false])(
    'quarantines an upstream at the second death while it was handled (%s)',
    (sharesMemory) => {
      const { supervision, host, pass } = held({ sharesMemory });
      const upstream = new RecordedUpstream(supervision, 'poison');
      const other = new RecordedUpstream(supervision, 'other');
      upstream.report({ kind: 'started' }, ...UP);
      other.report({ kind: 'started' }, ...UP);
      pass(1_000);
      for (const phase of ['ready', 'disabled']) {
        upstream.report({ kind: 'probed' });
        const { mark } = host.last.data as { readonly mark: SharedArrayBuffer | null };
        // As if it were in the middle of it.
        if (mark !== null) Atomics.store(new Int32Array(mark), 0, 1);
        host.last.exit();
        expect(upstream.phase).toBe(phase);
        pass(2_000);
      }
      expect(upstream.handle.record.state).toMatchObject({ phase: 'disabled', by: 'quarantine' });
      expect(other.phase).toBe('ready');
    },
  );

  // guard: coordinator/pause
  it('shifts all times by what nobody has seen, and counts nothing of it', () => {
    const { supervision, host, clock, pass } = held();
    const upstream = new RecordedUpstream(supervision, 'files');
    upstream.report({ kind: 'started' }, ...UP, { kind: 'connectionLost', ...FALL });
    host.deliverAll();
    clock.setWallClock(clock.now() + 3_600_000);
    pass(600);
    expect(upstream.phase).toBe('starting');
    const { outage } = upstream.handle.record.history;
    expect(clock.now() - (outage?.runningSince ?? 0)).toBeLessThan(2_000);
  });

  it.each([3_600_000, -3_600_000])('shifts on main, too, by %s ms', (jumpMs) => {
    const { supervision, host, clock } = held();
    const upstream = new RecordedUpstream(supervision, 'files');
    upstream.report({ kind: 'started' }, ...UP, { kind: 'connectionLost', ...FALL });
    host.deliverAll();
    host.last.exit();
    clock.setWallClock(clock.now() + jumpMs);
    clock.advance(600);
    expect(upstream.phase).toBe('starting');
    expect(Math.abs(clock.now() - upstream.handle.record.state.since)).toBeLessThan(2_000);
  });

  // guard: coordinator/unseen-leap
  it.each([
    ['has not seen it', true],
    ['has seen it', false],
  ])('counts no leap of the clock when the coordinator dies that %s', (_what, isStuck) => {
    const { supervision, host, clock, pass } = held();
    const upstream = new RecordedUpstream(supervision, 'files');
    upstream.report({ kind: 'started' }, ...UP, { kind: 'connectionLost', ...FALL });
    host.deliverAll();
    pass(1_500);
    host.last.isStuck = isStuck;
    clock.setWallClock(clock.now() + 3_600_000);
    pass(1_500);
    host.last.exit();
    pass(100);
    const { outage } = upstream.handle.record.history;
    expect(Math.abs(clock.now() - (outage?.runningSince ?? 0))).toBeLessThan(5_000);
  });

  it('lets main decide alone once the gateway stops', async () => {
    const { supervision, host, clock } = held();
    const upstream = new RecordedUpstream(supervision, 'files');
    upstream.report({ kind: 'started' }, ...UP);
    host.deliverAll();
    supervision.hold();
    upstream.report({ kind: 'ended', until: 0 });
    expect(upstream.phase).toBe('stopped');
    await supervision.stop(1_000);
    upstream.handle.release();
    expect(clock.pendingTimers).toBe(0);
  });

  // guard: coordinator/stale
  it('refuses what was on its way when main took over', () => {
    const { supervision, host } = held();
    const upstream = new RecordedUpstream(supervision, 'files');
    upstream.report({ kind: 'started' }, ...UP);
    while (host.last.deliverToRole());
    supervision.hold();
    const commands = [...upstream.commands];
    host.deliverAll();
    expect(commands).toEqual(['connect']);
    expect(upstream.commands).toEqual(['connect']);
    expect(upstream.phase).toBe('ready');
    expect(supervision.getStatus().details).toMatchObject({ refusedDecisions: 3 });
  });

  it('decides nothing about an upstream that was released', () => {
    const { supervision, host, clock, pass } = held();
    const upstream = new RecordedUpstream(supervision, 'files');
    upstream.report({ kind: 'started' });
    upstream.handle.release();
    upstream.report(...UP);
    pass(1_000);
    expect(upstream.commands).toEqual([]);
    host.last.exit();
    clock.advance(60_000);
    expect(upstream.records).toEqual([]);
  });

  it('ends a coordinator that has lost a decision', () => {
    const { supervision, host, observer, pass } = held();
    const upstream = new RecordedUpstream(supervision, 'files');
    upstream.report({ kind: 'started' }, ...UP);
    while (host.last.deliverToRole());
    host.last.dropToMain();
    pass(2_000);
    expect(observer.restarts[0]?.reason).toBe('has lost a decision');
    expect(upstream.phase).toBe('ready');
  });
});
