import { describe, expect, it } from '@jest/globals';
import { dueAt } from './due-at.ts';
import {
  BEGIN,
  FAILURE,
  Life,
  MISSING,
  recordOf,
  REFUSED,
  settingsOf,
  wellLife,
} from './lifecycle.fixture.ts';
import { outageMs } from './outage.ts';
import { project } from './projection.ts';
import type { DisabledBy, UpstreamEvent } from './upstream-state.ts';

const MISSED: UpstreamEvent = { kind: 'probeMissed', isBusy: false };
const BUSY: UpstreamEvent = { kind: 'probeMissed', isBusy: true };

function off(by: DisabledBy, until = 0): UpstreamEvent {
  return { kind: 'disabled', by, reason: `by ${by}`, until };
}

describe('a probe', () => {
  it('comes 30 s after the last answer, a tenth sooner or later by chance', () => {
    const jittered = settingsOf({ probe: { jitter: 0.1 } });
    const life = new Life(jittered).tell({ kind: 'started' });
    life.tell({ kind: 'connected', era: 'legacy' }, 0);
    expect(dueAt(life.record, jittered)).toBe(life.now + 27_000);
    life.toDue();
    expect(life.commands.at(-1)).toBe('probe');
    // One at a time.
    expect(dueAt(life.record, jittered)).toBeNull();
    life.tell({ kind: 'due' }).tell({ kind: 'silent' });
    expect(life.commands.filter((kind) => kind === 'probe')).toHaveLength(1);
    life.tell({ kind: 'probed' }, 0.999_999);
    expect(dueAt(life.record, jittered)).toBe(life.now + 33_000);
    expect(life.record.history.lastSeenAt).toBe(life.now);
  });

  it('is sent at once when a call is silent', () => {
    const life = wellLife().wait(1_000).tell({ kind: 'silent' });
    expect(life.commands.at(-1)).toBe('probe');
  });

  it('is never sent where the interval is 0', () => {
    const life = wellLife(settingsOf({ probe: { intervalMs: 0 } }));
    expect(dueAt(life.record, life.settings)).toBeNull();
    life.tell({ kind: 'silent' }).tell({ kind: 'due' });
    expect(life.commands).toEqual(['connect']);
  });

  it('that is missed degrades, and the third one in a row, 5 s apart, disconnects within 30 s [X004-16]', () => {
    const life = wellLife().wait(60_000).tell({ kind: 'silent' }).wait(5_000);
    const begin = life.now;
    life.tell(MISSED);
    expect(project(life.record)).toMatchObject({ inner: 'degraded', healthStatus: 'healthy', level: 'warn' });
    expect(life.notes.at(-1)).toEqual({ kind: 'degraded', reason: 'probes' });
    life.toDue().wait(5_000).tell(MISSED).toDue().wait(5_000);
    expect(life.state.phase).toBe('ready');
    life.tell(MISSED);
    expect(life.now - begin).toBe(20_000);
    expect(life.state).toMatchObject({ phase: 'down', error: { code: 'OMNI_UPSTREAM_TIMEOUT' } });
    expect(life.commands.at(-1)).toBe('cut');
    expect(life.notes.at(-1)).toMatchObject({ kind: 'disconnected', reason: 'probes' });
    expect(life.noteKinds.filter((kind) => kind === 'degraded')).toHaveLength(1);
  });

  it('that is missed disconnects at once where one miss is enough', () => {
    const life = wellLife(settingsOf({ probe: { softMisses: 1 } }))
      .wait(60_000)
      .tell(MISSED);
    expect(life.state.phase).toBe('down');
  });

  it('that is answered makes misses forgotten', () => {
    const life = wellLife().wait(60_000).tell(MISSED).tell(MISSED).tell({ kind: 'probed' });
    expect(project(life.record).inner).toBe('healthy');
    expect(life.tell(MISSED).tell(MISSED).state.phase).toBe('ready');
  });

  // guard: lifecycle/grace
  it('that is missed in the first 30 s only degrades', () => {
    const life = wellLife().wait(29_999);
    for (let miss = 0; miss < 9; miss++) life.tell(MISSED);
    expect(project(life.record).inner).toBe('degraded');
    expect(life.wait(1).tell(MISSED).state.phase).toBe('down');
  });

  // guard: lifecycle/busy-degrades
  it('that is missed while a call runs inside its deadline only degrades', () => {
    const life = wellLife().wait(60_000);
    for (let miss = 0; miss < 9; miss++) life.tell(BUSY);
    expect(project(life.record).inner).toBe('degraded');
    expect(life.tell(MISSED).state.phase).toBe('down');
  });
});

describe('lists', () => {
  it('make an upstream well once they have been read: up is not ready', () => {
    const life = new Life().tell({ kind: 'started' }).tell({ kind: 'connected', era: 'modern' });
    expect(project(life.record)).toMatchObject({ inner: 'discovering', healthStatus: 'disconnected' });
    life.tell({ kind: 'listed', hasProblem: false });
    expect(project(life.record)).toMatchObject({ inner: 'healthy', healthStatus: 'healthy' });
    expect(life.noteKinds).toEqual(['started', 'connected']);
  });

  it('that could not be read degrade, until they can be', () => {
    const life = new Life().tell({ kind: 'started' }).tell({ kind: 'connected', era: 'modern' });
    life.tell({ kind: 'listed', hasProblem: true });
    expect(project(life.record).inner).toBe('degraded');
    expect(life.notes.at(-1)).toEqual({ kind: 'degraded', reason: 'lists' });
    life.tell({ kind: 'listed', hasProblem: false });
    expect(project(life.record).inner).toBe('healthy');
    life.tell({ kind: 'listed', hasProblem: true });
    expect(life.notes.at(-1)).toEqual({ kind: 'degraded', reason: 'lists' });
    const before = life.record;
    expect(life.tell({ kind: 'listed', hasProblem: true }).record).toBe(before);
  });

  it('stay those of the former connection when another one takes its place', () => {
    const life = wellLife().wait(70_000).tell({ kind: 'connected', era: 'modern' });
    expect(life.state).toMatchObject({ phase: 'ready', since: life.now, era: 'modern', isListed: true });
    expect(life.noteKinds.filter((kind) => kind === 'started')).toHaveLength(1);
  });
});

describe('disabling', () => {
  it('closes at once, or when what runs has ended, and nothing is tried then', () => {
    const life = wellLife().tell(off('admin', BEGIN + 5_000));
    expect(life.state).toMatchObject({ phase: 'draining', until: BEGIN + 5_000 });
    life.tell({ kind: 'drained' });
    expect(project(life.record)).toMatchObject({ healthStatus: 'disabled', disabledBy: 'admin' });
    for (const kind of ['started', 'renewed', 'retried', 'wanted', 'repaired', 'due', 'restored'] as const)
      expect(life.tell({ kind }).state.phase).toBe('disabled');
    expect(life.commands).toEqual(['connect', 'drain', 'close']);
    expect(life.notes.slice(2)).toEqual([
      { kind: 'manually_disabled', reason: 'admin' },
      { kind: 'stopped', reason: 'disabled' },
    ]);
    expect(life.tell({ kind: 'enabled' }).state.phase).toBe('stopped');
    expect(life.notes.at(-1)).toEqual({ kind: 'manually_enabled', reason: 'admin' });
  });

  // guard: lifecycle/end-keeps-disabled, lifecycle/end-keeps-disabling
  it('outlives the end of Omni, also when it was under way', () => {
    const done = new Life().tell(off('admin')).tell({ kind: 'ended', until: 0 });
    expect(done.state).toMatchObject({ phase: 'disabled', by: 'admin' });
    const underWay = wellLife()
      .tell(off('admin', BEGIN + 60_000))
      .tell({ kind: 'ended', until: BEGIN + 9 });
    expect(underWay.state).toMatchObject({ phase: 'draining', until: BEGIN + 9 });
    expect(underWay.toDue().state).toMatchObject({ phase: 'disabled', by: 'admin' });
  });

  // guard: lifecycle/admin-first
  it('by an admin is not taken over by a definition, and not lifted by one', () => {
    for (const until of [0, BEGIN + 5_000]) {
      const life = wellLife().tell(off('admin', until)).tell(off('configuration', until));
      life.tell({ kind: 'enabled', byDefinition: true }).tell({ kind: 'redefined' });
      expect(life.toDue().state).toMatchObject({ phase: 'disabled', by: 'admin' });
    }
  });

  // guard: lifecycle/admin-only
  it.each<[DisabledBy, string]>([
    ['configuration', 'stopped'],
    ['missing_env', 'stopped'],
    ['feature_flag', 'stopped'],
    ['admin', 'disabled'],
    ['quarantine', 'disabled'],
    ['auto_downtime', 'disabled'],
  ])('by %s is %s when the definition enables it', (by, phase) => {
    expect(new Life().tell(off(by)).tell({ kind: 'enabled', byDefinition: true }).state.phase).toBe(phase);
  });

  it('for another reason is told, and for the same one is not', () => {
    const life = new Life().tell(off('missing_env'));
    const before = life.record;
    expect(life.tell(off('missing_env')).record).toBe(before);
    expect(life.tell(off('feature_flag')).state).toMatchObject({ by: 'feature_flag' });
    // Nothing has run that could have stopped.
    expect(life.noteKinds).toEqual(['manually_disabled', 'manually_disabled']);
  });

  it('gives an attempt up that is under way', () => {
    const life = new Life().tell({ kind: 'started' }).tell(off('admin'));
    expect(life.commands).toEqual(['connect', 'abort', 'close']);
  });
});

describe('another definition', () => {
  // guard: lifecycle/rearmed
  it('arms again what was disabled by itself or misconfigured, and nothing else', () => {
    const auto = wellLife().lose();
    auto.attemptsUntilOver();
    expect(auto.tell({ kind: 'redefined' }).state).toMatchObject({ phase: 'starting', isTrial: false });
    const misconfigured = new Life().tell({ kind: 'started' }).fail(MISSING).tell({ kind: 'redefined' });
    expect(misconfigured.state.phase).toBe('starting');
    for (const by of ['admin', 'configuration', 'missing_env', 'feature_flag', 'quarantine'] as const)
      expect(new Life().tell(off(by)).tell({ kind: 'redefined' }).state.phase).toBe('disabled');
    const well = wellLife();
    expect(well.tell({ kind: 'redefined' }).state).toMatchObject({ phase: 'ready', isListed: true });
  });

  it('resets the counters, keeps the downtime that was, and is no trial', () => {
    const life = wellLife().lose();
    for (let attempt = 0; attempt < 7; attempt++) life.toDue().fail();
    const downMs = outageMs(life.record.history.outage, life.now);
    life.tell({ kind: 'redefined' });
    expect(life.state).toMatchObject({ phase: 'starting', isTrial: false });
    expect(life.record.history).toMatchObject({
      consecutiveFailures: 0,
      opens: 0,
      rung: 0,
      outage: null,
      totalDowntimeMs: downMs,
    });
    life.fail();
    expect(life.state).toMatchObject({ phase: 'down', circuit: null, nextAttemptAt: life.now + 500 });
  });
});

describe('misconfigured', () => {
  it('is tried no more, and comes back when it is repaired', () => {
    const life = new Life().tell({ kind: 'started' }).fail(MISSING);
    expect(project(life.record)).toMatchObject({
      inner: 'misconfigured',
      healthStatus: 'disabled',
      health: { action: 'configure', detail: 'no such command' },
    });
    expect(dueAt(life.record, life.settings)).toBeNull();
    expect(life.tell({ kind: 'repaired' }).state.phase).toBe('starting');
  });

  it('is tried with other credentials', () => {
    const life = new Life().tell({ kind: 'started' }).fail(MISSING).tell({ kind: 'renewed' });
    expect(life.state.phase).toBe('starting');
  });
});

describe('sleep', () => {
  it('ends when somebody wants it, and nothing is probed meanwhile', () => {
    const life = wellLife()
      .wait(600_000)
      .tell({ kind: 'idle', until: BEGIN + 600_010 });
    expect(life.toDue().state.phase).toBe('asleep');
    expect(life.notes.at(-1)).toEqual({ kind: 'stopped', reason: 'idle' });
    expect(project(life.record)).toMatchObject({ healthStatus: 'healthy', level: 'ok' });
    expect(dueAt(life.record, life.settings)).toBeNull();
    expect(life.tell({ kind: 'started' }).state.phase).toBe('asleep');
    expect(life.tell({ kind: 'wanted' }).state.phase).toBe('starting');
  });

  // guard: lifecycle/wanted-again
  it('does not begin when a call comes while it is being stopped: it goes on with its connection', () => {
    const life = wellLife().tell({ kind: 'idle', until: BEGIN + 5_000 });
    expect(life.state.phase).toBe('draining');
    life.tell({ kind: 'wanted' });
    expect(life.state.phase).toBe('starting');
    expect(life.commands.slice(-2)).toEqual(['drain', 'connect']);
    // What it tells of the drain comes too late.
    expect(life.tell({ kind: 'drained' }).state.phase).toBe('starting');
    expect(life.notes.at(-1)).toEqual({ kind: 'stopped', reason: 'idle' });
    // Negative control: where no call comes it falls asleep.
    const idle = wellLife()
      .tell({ kind: 'idle', until: BEGIN + 5_000 })
      .tell({ kind: 'drained' });
    expect(idle.state.phase).toBe('asleep');
  });

  it('is where an upstream begins that is started on demand', () => {
    expect(new Life().tell({ kind: 'started', isAsleep: true }).state.phase).toBe('asleep');
  });
});

describe('start and end', () => {
  it('take no second start, and connect again when what was to end is wanted again', () => {
    const life = new Life().tell({ kind: 'started' }).tell({ kind: 'started' });
    expect(life.commands).toEqual(['connect']);
    life
      .tell({ kind: 'ended', until: BEGIN + 9 })
      .tell({ kind: 'started' })
      .tell({ kind: 'drained' });
    expect(life.commands).toEqual(['connect', 'abort', 'drain', 'close', 'connect']);
    expect(life.state).toMatchObject({ phase: 'starting', isTrial: false });
    expect(life.record.history.lastAttemptAt).toBe(life.now);
  });

  it('tell one stopped row with the reason shutdown', () => {
    for (const life of [
      wellLife(),
      wellLife().lose(),
      new Life().tell({ kind: 'started', isAsleep: true }),
    ]) {
      life.tell({ kind: 'ended', until: 0 }).tell({ kind: 'ended', until: 0 });
      expect(life.notes.filter(({ kind }) => kind === 'stopped')).toEqual([
        { kind: 'stopped', reason: 'shutdown' },
      ]);
    }
  });

  it('shorten a drain, and never lengthen it', () => {
    const life = wellLife().tell({ kind: 'ended', until: BEGIN + 5_000 });
    expect(life.tell({ kind: 'ended', until: BEGIN + 90_000 }).state).toMatchObject({ until: BEGIN + 5_000 });
    expect(life.tell({ kind: 'ended', until: BEGIN + 1_000 }).state).toMatchObject({ until: BEGIN + 1_000 });
    expect(life.tell({ kind: 'ended', until: 0 }).state.phase).toBe('stopped');
  });
});

describe('an attempt that need not wait', () => {
  it.each(['renewed', 'retried'] as const)(
    'is made when it is %s, as the trial that it would have been',
    (kind) => {
      const life = wellLife().lose();
      for (let attempt = 0; attempt < 5; attempt++) life.toDue().fail();
      expect(life.tell({ kind }).state).toMatchObject({ phase: 'starting', isTrial: true });
    },
  );

  it('is not made by what is well', () => {
    const life = wellLife();
    const before = life.record;
    for (const kind of ['renewed', 'retried', 'wanted', 'repaired', 'started', 'enabled'] as const)
      expect(life.tell({ kind }).record).toBe(before);
  });
});

describe('a suspend of the machine', () => {
  it('shifts every time, so that nothing counts and nothing is due at once', () => {
    const gap = 3_600_000;
    const down = wellLife().wait(1_000).lose().wait(200);
    const left = (dueAt(down.record, down.settings) ?? 0) - down.now;
    down.wait(gap).tell({ kind: 'shifted', byMs: gap });
    expect((dueAt(down.record, down.settings) ?? 0) - down.now).toBe(left);
    expect(outageMs(down.record.history.outage, down.now)).toBe(200);
    expect(down.record.history.falls).toEqual([down.now - 200]);
    const ready = wellLife().wait(gap).tell({ kind: 'shifted', byMs: gap });
    expect(dueAt(ready.record, ready.settings)).toBe(ready.now + 30_000);
    const login = new Life()
      .tell({ kind: 'started' })
      .fail(REFUSED)
      .wait(gap)
      .tell({ kind: 'shifted', byMs: gap });
    expect(dueAt(login.record, login.settings)).toBe(login.now + 600_000);
    const drains = wellLife()
      .tell({ kind: 'ended', until: BEGIN + 50 })
      .wait(gap);
    drains.tell({ kind: 'shifted', byMs: gap });
    expect(dueAt(drains.record, drains.settings)).toBe(drains.now + 50);
  });
});

describe('a record of a process that is gone', () => {
  it('goes on waiting where it waited, and counts from now on', () => {
    const life = wellLife().lose().wait(100);
    const paused = { startedAt: life.now - 100, accruedMs: 100, runningSince: null };
    const kept = recordOf(life.state, { ...life.record.history, outage: paused });
    const restored = new Life(settingsOf(), kept);
    restored.now = life.now + 60_000;
    restored.tell({ kind: 'restored' });
    expect(restored.commands).toEqual([]);
    expect(restored.state.phase).toBe('down');
    expect(outageMs(restored.record.history.outage, restored.now + 5)).toBe(105);
  });

  it('connects what was up or starting, and leaves a trial one', () => {
    expect(wellLife().tell({ kind: 'restored' }).state).toMatchObject({ phase: 'starting', isTrial: false });
    const trial = new Life(settingsOf(), recordOf({ phase: 'starting', since: BEGIN, isTrial: true }));
    expect(trial.tell({ kind: 'restored' }).state).toMatchObject({ phase: 'starting', isTrial: true });
  });

  it('ends what drained', () => {
    const life = wellLife()
      .tell(off('admin', BEGIN + 5_000))
      .tell({ kind: 'restored' });
    expect(life.state).toMatchObject({ phase: 'disabled', by: 'admin' });
  });
});

describe('a fact that comes late', () => {
  it('changes nothing', () => {
    const down = wellLife().lose();
    const before = down.record;
    down.tell({ kind: 'connected', era: 'legacy' }).fail().lose();
    down
      .tell({ kind: 'listed', hasProblem: false })
      .tell({ kind: 'probed' })
      .tell(MISSED)
      .tell({ kind: 'drained' });
    expect(down.record).toBe(before);
    expect(down.record.history.lastError).toBe(FAILURE.error);
  });
});
