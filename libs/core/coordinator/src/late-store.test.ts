import { describe, expect, it } from '@jest/globals';
import { DEFAULT_LIFECYCLE, type DisabledBy, NO_HISTORY, type UpstreamRecord } from '@omni/model';
import type { OutsideDefinition, StateStore, StoredList } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { coordinatorProgram } from './coordinator.ts';
import { HeldRoleHost } from './held-role-host.fixture.ts';
import { ScriptedDisk } from './scripted-store.fixture.ts';
import {
  FALL,
  FRESH,
  RecordedUpstream,
  supervisionScene,
  type SupervisionScene,
  UP,
} from './supervision-scene.fixture.ts';

interface Scene extends SupervisionScene {
  readonly clock: VirtualClock;
  readonly host: HeldRoleHost;
  readonly disk: ScriptedDisk;
  readonly pass: (ms?: number) => Promise<void>;
}

const FILES: OutsideDefinition = {
  name: 'files',
  source: 'file',
  revision: 'files#1',
  transport: 'stdio',
  url: null,
  command: 'node',
  enabled: true,
  critical: true,
};

function scene(disk: ScriptedDisk, openStore: () => Promise<StateStore>, clock = new VirtualClock()): Scene {
  const host = new HeldRoleHost(coordinatorProgram({ clock, random: () => 0.5, openStore }));
  const made = supervisionScene(host, clock, { store: 'disk', run: 'run2' });
  const pass = async (ms = 0): Promise<void> => {
    for (let left = ms; left >= 0; left -= 100) {
      for (let turn = 0; turn < 6; turn++) {
        host.deliverAll();
        await clock.advanceAsync(0);
      }
      if (left > 0) await clock.advanceAsync(Math.min(100, left));
    }
  };
  return { ...made, clock, host, disk, pass };
}

const SWITCHED_OFF: UpstreamRecord = {
  state: { phase: 'disabled', since: 0, by: 'admin', reason: 'by hand' },
  history: NO_HISTORY,
};

function diskOf(record: UpstreamRecord): ScriptedDisk {
  const disk = new ScriptedDisk();
  disk.upstreams.push({
    name: 'files',
    source: 'file',
    revision: 'files#1',
    record: JSON.stringify(record),
    writtenAt: 0,
  });
  return disk;
}

describe('a store that opens late', () => {
  it('does not lose who was switched off by hand when it takes 2.9 s to open', async () => {
    const disk = diskOf(SWITCHED_OFF);
    const clock = new VirtualClock();
    const late = async (): Promise<StateStore> => {
      await new Promise<void>((resolve) => clock.after(2_900, resolve));
      return disk.open();
    };
    const { supervision, pass } = scene(disk, late, clock);
    supervision.define([FILES], []);
    const upstream = new RecordedUpstream(supervision, 'files');
    const started = supervision.start();
    await pass(2_600);
    await started;
    upstream.report({ kind: 'started' }, ...UP);
    await pass(30_000);
    const kept = disk.rows.get('files')?.record ?? JSON.stringify(SWITCHED_OFF);
    expect(JSON.parse(kept)).toMatchObject({ state: { phase: 'disabled', by: 'admin' } });
  });

  it('does not lose it either when the first attempt to open fails', async () => {
    const disk = diskOf(SWITCHED_OFF);
    disk.canOpen = false;
    const { supervision, pass } = scene(disk, disk.open);
    supervision.define([FILES], []);
    const upstream = new RecordedUpstream(supervision, 'files');
    const started = supervision.start();
    await pass(100);
    await started;
    upstream.report({ kind: 'started' }, ...UP);
    disk.canOpen = true;
    await pass(6_000);
    const kept = disk.rows.get('files')?.record ?? JSON.stringify(SWITCHED_OFF);
    expect(JSON.parse(kept)).toMatchObject({ state: { phase: 'disabled', by: 'admin' } });
  });
});

describe('a server that is off by its definition', () => {
  const error = { code: 'OMNI_UPSTREAM_EXITED', message: 'exited', hint: '' } as const;
  const history: UpstreamRecord['history'] = { ...NO_HISTORY, totalDowntimeMs: 7_000 };
  const ready = { phase: 'ready', since: 0, era: 'modern', isTrial: false, isListed: true } as const;
  const offBy = (by: DisabledBy): UpstreamRecord => ({
    state: { phase: 'disabled', since: 0, by, reason: `${by}: so` },
    history: NO_HISTORY,
  });
  const states: readonly UpstreamRecord['state'][] = [
    { phase: 'stopped', since: 0 },
    { ...ready, hasListProblem: false, misses: 0, probeAt: null },
    { phase: 'down', since: 0, error, nextAttemptAt: 1_000, circuit: null },
  ];
  const cases = (['configuration', 'missing_env', 'feature_flag'] as const).flatMap((by) =>
    states.map((state): [DisabledBy, string, UpstreamRecord] => [by, state.phase, { state, history }]),
  );

  // guard: coordinator/off-by-definition
  it.each(cases)('by %s stays so when the store opens late, where it was %s', async (by, _phase, stored) => {
    const disk = diskOf(stored);
    disk.canOpen = false;
    const { supervision, pass } = scene(disk, disk.open);
    supervision.define([FILES], []);
    const upstream = new RecordedUpstream(supervision, 'files', DEFAULT_LIFECYCLE, offBy(by));
    const started = supervision.start();
    await pass(100);
    await started;
    upstream.report({ kind: 'started' });
    disk.canOpen = true;
    await pass(30_000);
    expect(supervision.getStatus().details['store']).toBe('open');
    expect(upstream.handle.record.state).toMatchObject({ phase: 'disabled', by });
    expect(upstream.handle.record.history.totalDowntimeMs).toBe(7_000);
    expect(upstream.commands).toEqual([]);
  });

  it.each(cases)(
    'by %s stays so when it comes later than the store, where it was %s',
    async (by, _phase, stored) => {
      const disk = diskOf(stored);
      const { supervision, pass } = scene(disk, disk.open);
      void supervision.start();
      await pass(100);
      const upstream = new RecordedUpstream(supervision, 'files', DEFAULT_LIFECYCLE, offBy(by));
      upstream.report({ kind: 'started' });
      await pass(30_000);
      expect(upstream.handle.record.state).toMatchObject({ phase: 'disabled', by });
      expect(upstream.handle.record.history.totalDowntimeMs).toBe(7_000);
      expect(upstream.commands).toEqual([]);
    },
  );
});

describe('an upstream that is adopted after the store was opened', () => {
  it('gets what was stored of it, as those do that are defined in the store', async () => {
    const disk = diskOf(SWITCHED_OFF);
    const { supervision, pass } = scene(disk, disk.open);
    void supervision.start();
    await pass(100);
    // What `onDefinitions` leads to.
    const upstream = new RecordedUpstream(supervision, 'files');
    upstream.report({ kind: 'started' });
    await pass(100);
    expect(upstream.phase).toBe('disabled');
  });
});

describe('an upstream that is defined in the store, whose row has no revision', () => {
  /** What is left of it after a run in which it fell three times, and was killed. */
  async function diskAfterFalls(): Promise<ScriptedDisk> {
    const disk = new ScriptedDisk();
    const { supervision, pass } = scene(disk, disk.open);
    void supervision.start();
    await pass(100);
    const upstream = new RecordedUpstream(supervision, 'files');
    upstream.report({ kind: 'started' }, ...UP);
    upstream.report({ kind: 'connectionLost', ...FALL });
    // It is tried again and again.
    upstream.onCommand = ({ kind }) => {
      if (kind === 'connect') upstream.report({ kind: 'connectFailed', ...FALL });
    };
    await pass(10_000);
    const next = new ScriptedDisk();
    const { record = null, recordRevision = null } = disk.rows.get('files') ?? {};
    const row = { name: 'files', source: 'db', revision: null, record, recordRevision } as const;
    next.upstreams.push({ ...row, writtenAt: clockOf(record) });
    return next;
  }

  function clockOf(record: string | null): number {
    return (JSON.parse(record ?? '{}') as UpstreamRecord).state.since;
  }

  it('has after a restart where it stood: its outage, its failures and its wait', async () => {
    const disk = await diskAfterFalls();
    const written = JSON.parse(disk.upstreams[0]?.record ?? '{}') as UpstreamRecord;
    expect(written).toMatchObject({
      state: { phase: 'down' },
      history: { outage: expect.anything(), consecutiveFailures: expect.any(Number) },
    });
    expect(written.history.consecutiveFailures).toBeGreaterThan(1);
    const { supervision, pass } = scene(disk, disk.open);
    void supervision.start();
    await pass(100);
    const upstream = new RecordedUpstream(supervision, 'files');
    await pass(100);
    const { state, history } = upstream.handle.record;
    expect(state).toMatchObject({
      phase: 'down',
      circuit: 'circuit' in written.state && written.state.circuit,
    });
    expect(history.consecutiveFailures).toBe(written.history.consecutiveFailures);
    expect(history.failedCycles).toBe(written.history.failedCycles);
    expect(history.outage).not.toBeNull();
  });

  // guard: coordinator/restored-first
  it('is told of that with the first fact, and not while it is adopted', async () => {
    const disk = await diskAfterFalls();
    const { supervision, pass } = scene(disk, disk.open);
    void supervision.start();
    await pass(100);
    const told: string[] = [];
    const adopted = { definition: 'files#1', record: FRESH, settings: DEFAULT_LIFECYCLE };
    const handle = supervision.adopt(
      { ...adopted, name: 'files' },
      { execute: ({ kind }) => told.push(kind), onChanged: ({ state }) => told.push(state.phase) },
    );
    await pass(0);
    expect(told).toEqual([]);
    handle.report({ kind: 'started' });
    await pass(0);
    expect(told).toEqual(['down']);
    expect(handle.record.history.outage?.runningSince).not.toBeNull();
  });

  it('begins anew when its definition is another one', async () => {
    const disk = await diskAfterFalls();
    const [row] = disk.upstreams;
    if (row === undefined) throw new TypeError('nothing was written');
    disk.upstreams[0] = { ...row, recordRevision: 'files#0' };
    const { supervision, pass } = scene(disk, disk.open);
    void supervision.start();
    await pass(100);
    const upstream = new RecordedUpstream(supervision, 'files');
    await pass(100);
    expect(upstream.phase).toBe('stopped');
    expect(upstream.handle.record.history.outage).toBeNull();
  });

  it('gets its lists, which servers that nobody defines any more do not', async () => {
    const disk = await diskAfterFalls();
    const list = { kind: 'tools', revision: 'files#1', bytes: new Uint8Array(1), readAt: 0 } as const;
    disk.lists.push({ ...list, upstream: 'files' }, { ...list, upstream: 'gone' });
    const { supervision, pass, observer } = scene(disk, disk.open);
    void supervision.start();
    await pass(100);
    expect(observer.lists).toEqual([[{ ...list, upstream: 'files' }]]);
  });
});

describe('a stop', () => {
  it('knows that the thread is stuck that it could not end itself', async () => {
    const disk = new ScriptedDisk();
    const { supervision, pass, host } = scene(disk, disk.open);
    void supervision.start();
    await pass(100);
    host.endsAtOnce = false;
    host.last.isStuck = true;
    const stopped = supervision.stop(1_000);
    await pass(6_500);
    await stopped;
    expect(supervision.isStuck).toBe(true);
  });

  // guard: coordinator/orderly-end
  it('takes a thread for stuck only when it has not ended for 2 s: a second signal may come before', async () => {
    const disk = new ScriptedDisk();
    const { supervision, pass, host, clock } = scene(disk, disk.open);
    void supervision.start();
    await pass(100);
    host.endsAtOnce = false;
    void supervision.stop(0);
    await pass(1_900);
    expect(supervision.isStuck).toBe(false);
    await pass(200);
    expect(supervision.isStuck).toBe(true);
    host.last.gone?.();
    await pass(0);
    expect(supervision.isStuck).toBe(false);
    await pass(60_000);
    expect(clock.pendingTimers).toBe(0);
  });

  it('takes nobody for stuck that has ended before', async () => {
    const disk = new ScriptedDisk();
    const { supervision, pass, host, clock } = scene(disk, disk.open);
    void supervision.start();
    await pass(100);
    host.endsAtOnce = false;
    const stopped = supervision.stop(0);
    await pass(1_000);
    host.last.gone?.();
    await stopped;
    await pass(10_000);
    expect(supervision.isStuck).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });

  // guard: coordinator/end-grace
  it('leaves a busy thread time to end, also where requests have had all of it', async () => {
    const disk = new ScriptedDisk();
    const { supervision, pass, host } = scene(disk, disk.open);
    void supervision.start();
    await pass(100);
    host.endsAtOnce = false;
    let wasStuck: boolean | undefined;
    const stopped = supervision.stop(0).then(() => (wasStuck = supervision.isStuck));
    await pass(4_000);
    expect(wasStuck).toBeUndefined();
    host.last.gone?.();
    await stopped;
    expect(wasStuck).toBe(false);
  });

  it('does not wait for a coordinator that died while it wrote', async () => {
    const disk = new ScriptedDisk();
    const { supervision, pass, host } = scene(disk, disk.open);
    supervision.define([FILES], []);
    void supervision.start();
    await pass(100);
    disk.mode = 'hangs';
    const upstream = new RecordedUpstream(supervision, 'files');
    upstream.report({ kind: 'started' }, ...UP);
    await pass(100);
    let isOver = false;
    void supervision.stop(60_000).then(() => (isOver = true));
    await pass(100);
    disk.canOpen = false;
    host.last.exit();
    await pass(10_000);
    expect(isOver).toBe(true);
  });
});

describe('lists', () => {
  it('are stored when the store can be written again', async () => {
    const disk = new ScriptedDisk();
    const { supervision, pass } = scene(disk, disk.open);
    supervision.define([FILES], []);
    void supervision.start();
    await pass(100);
    const list: StoredList = {
      upstream: 'files',
      kind: 'tools',
      revision: 'files#1',
      bytes: new Uint8Array(1),
      readAt: 0,
    };
    disk.mode = 'fails';
    const upstream = new RecordedUpstream(supervision, 'files');
    upstream.report({ kind: 'started' }, ...UP);
    supervision.saveList(list);
    await pass(1_000);
    disk.mode = 'works';
    await pass(120_000);
    expect(disk.rows.size).toBe(1);
    expect(disk.lists).toHaveLength(1);
  });
});

describe('a store that cannot be opened', () => {
  it('is said once, not every five seconds', async () => {
    const disk = new ScriptedDisk();
    disk.canOpen = false;
    const { supervision, pass, logger } = scene(disk, disk.open);
    void supervision.start();
    await pass(60_000);
    expect(logger.errors).toHaveLength(1);
  });
});

describe('a store whose opening takes longer than 3 s', () => {
  it('is opened all the same: a large database is checked, PostgreSQL has 5 s to answer', async () => {
    const disk = new ScriptedDisk();
    const clock = new VirtualClock();
    const slow = async (): Promise<StateStore> => {
      await new Promise<void>((resolve) => clock.after(4_500, resolve));
      return disk.open();
    };
    const { supervision, pass, observer, host } = scene(disk, slow, clock);
    void supervision.start();
    await pass(60_000);
    expect(host.roles).toHaveLength(1);
    expect(observer.restarts).toEqual([]);
    expect(supervision.getStatus().details['store']).toBe('open');
  });
});
