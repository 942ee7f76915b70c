import { describe, expect, it } from '@jest/globals';
import type { OutsideDefinition, StoredDefinition } from '@omni/ports';
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

interface StoredScene extends SupervisionScene {
  readonly clock: VirtualClock;
  readonly host: HeldRoleHost;
  readonly disk: ScriptedDisk;
  /** Lets messages and promises arrive, and time pass. */
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

function stored(disk: ScriptedDisk = new ScriptedDisk(), run = 'run1'): StoredScene {
  const clock = new VirtualClock();
  const host = new HeldRoleHost(coordinatorProgram({ clock, random: () => 0.5, openStore: disk.open }));
  const scene = supervisionScene(host, clock, { store: 'disk', run });
  const pass = async (ms = 0): Promise<void> => {
    for (let left = ms; left >= 0; left -= 100) {
      for (let turn = 0; turn < 4; turn++) {
        host.deliverAll();
        await clock.advanceAsync(0);
      }
      if (left > 0) await clock.advanceAsync(Math.min(100, left));
    }
  };
  return { ...scene, clock, host, disk, pass };
}

async function started(disk?: ScriptedDisk): Promise<StoredScene> {
  const scene = stored(disk);
  scene.supervision.define([FILES], []);
  void scene.supervision.start();
  await scene.pass();
  return scene;
}

function told({ observer }: StoredScene): readonly string[] {
  return observer.notes.map(({ note, isPersisted }) => `${note.note.kind}${isPersisted ? '' : ' (early)'}`);
}

function logged({ log }: ScriptedDisk): readonly string[] {
  return log.map(({ eventType }) => eventType);
}

describe('Journal', () => {
  it('[S001-WR-01] writes state, log and event at once, and tells it when that is done', async () => {
    const scene = await started();
    const { supervision, disk, pass } = scene;
    const upstream = new RecordedUpstream(supervision, 'files');
    upstream.report({ kind: 'started' }, ...UP);
    await pass();
    disk.mode = 'hangs';
    upstream.report({ kind: 'connectionLost', ...FALL });
    await pass();
    expect(upstream.phase).toBe('down');
    expect(told(scene)).toEqual(['started', 'connected']);
    const batch = [...disk.batches.values()].at(-1);
    expect(batch?.states?.map(({ name, healthStatus }) => [name, healthStatus])).toEqual([
      ['files', 'healthy'],
    ]);
    expect(batch?.log).toHaveLength(batch?.events?.length ?? -1);
    expect(disk.events).toEqual([]);
  });

  it('[S001-CO-05] keeps the row of an upstream equal to its record', async () => {
    const { supervision, disk, pass } = await started();
    const upstream = new RecordedUpstream(supervision, 'files');
    for (const event of [{ kind: 'started' } as const, ...UP, { kind: 'connectionLost', ...FALL } as const]) {
      upstream.report(event);
      await pass();
      expect(disk.rows.get('files')?.record).toBe(JSON.stringify(upstream.handle.record));
    }
    expect(disk.rows.get('files')).toMatchObject({ healthStatus: 'disconnected', circuitState: 'closed' });
    expect(disk.batches.values().next().value?.defined).toEqual([FILES]);
  });

  it('[S001-CO-06] logs every transition that has a note', async () => {
    const scene = await started();
    const upstream = new RecordedUpstream(scene.supervision, 'files');
    upstream.report({ kind: 'started' }, ...UP, { kind: 'connectionLost', ...FALL });
    await scene.pass(700);
    upstream.report(...UP);
    await scene.pass();
    expect(logged(scene.disk)).toEqual(upstream.notes);
    expect(told(scene)).toEqual(upstream.notes);
    expect(scene.disk.log[2]).toMatchObject({
      status: 'disconnected',
      previousStatus: 'healthy',
      errorCode: FALL.error.code,
    });
  });

  // guard: coordinator/stored
  it('tells early what cannot be stored, once, and stores it later', async () => {
    const scene = await started();
    const { supervision, disk, pass } = scene;
    const upstream = new RecordedUpstream(supervision, 'files');
    disk.mode = 'fails';
    upstream.report({ kind: 'started' }, ...UP);
    await pass();
    expect(told(scene)).toEqual(['started (early)', 'connected (early)']);
    expect(supervision.getStatus()).toMatchObject({
      level: 'warn',
      details: { store: 'OMNI_STORE_UNAVAILABLE' },
    });
    upstream.report({ kind: 'connectionLost', ...FALL });
    await pass();
    disk.mode = 'works';
    await pass(2_500);
    expect(logged(disk)).toEqual(['started', 'connected', 'disconnected', 'recovery_attempt']);
    expect(told(scene)).toEqual([
      'started (early)',
      'connected (early)',
      'disconnected (early)',
      'recovery_attempt (early)',
    ]);
    expect(disk.events).toEqual([]);
    expect(supervision.getStatus().level).toBe('ok');
  });

  it('writes a batch without an answer again, under its key', async () => {
    const scene = await started();
    const { supervision, disk, pass } = scene;
    const upstream = new RecordedUpstream(supervision, 'files');
    disk.mode = 'lost';
    upstream.report({ kind: 'started' });
    await pass();
    upstream.report(...UP);
    await pass();
    disk.mode = 'works';
    await pass(1_500);
    expect(disk.attempts.length).toBeGreaterThan(disk.batches.size);
    expect(logged(disk)).toEqual(['started', 'connected']);
    expect(scene.observer.notes).toHaveLength(2);
  });

  // guard: coordinator/notes
  it('counts what it cannot keep in one row', async () => {
    const scene = await started();
    const { supervision, disk, pass } = scene;
    const upstream = new RecordedUpstream(supervision, 'files');
    disk.mode = 'fails';
    upstream.report({ kind: 'started' });
    await pass();
    for (let turn = 0; turn < 700; turn++)
      upstream.report({ kind: 'connected', era: 'modern' }, { kind: 'ended', until: 0 }, { kind: 'started' });
    await pass();
    const { notes } = upstream;
    disk.mode = 'works';
    await pass(31_000);
    const gap = disk.log.find(({ eventType }) => eventType === 'gap');
    const { rows } = JSON.parse(gap?.metadata ?? '{}') as { readonly rows: number };
    expect(rows).toBeGreaterThan(300);
    expect(disk.log.length - 1 + rows).toBe(notes.length);
    expect(scene.observer.notes).toHaveLength(notes.length);
  });

  it('writes what main has decided alone when there is a coordinator again', async () => {
    const scene = await started();
    const { supervision, disk, pass, host } = scene;
    const upstream = new RecordedUpstream(supervision, 'files');
    upstream.report({ kind: 'started' }, ...UP);
    await pass();
    host.last.exit();
    upstream.report({ kind: 'connectionLost', ...FALL });
    await pass(800);
    expect(told(scene)).toEqual(['started', 'connected', 'disconnected (early)', 'recovery_attempt (early)']);
    upstream.report(...UP);
    await pass(3_000);
    expect(logged(disk)).toEqual(upstream.notes);
    expect(disk.rows.get('files')?.record).toBe(JSON.stringify(upstream.handle.record));
    expect(scene.observer.notes).toHaveLength(upstream.notes.length);
  });

  it('replaces a coordinator whose work never ends, and loses nothing', async () => {
    const scene = await started();
    const { supervision, disk, pass } = scene;
    const upstream = new RecordedUpstream(supervision, 'files');
    disk.mode = 'hangs';
    upstream.report({ kind: 'started' }, ...UP);
    await pass(3_000);
    disk.mode = 'works';
    await pass(3_500);
    expect(scene.observer.restarts.map(({ reason }) => reason)).toEqual(['has not answered for 3 s']);
    expect(logged(disk)).toEqual(upstream.notes);
    expect(upstream.commands).toEqual(['connect']);
  });

  it('opens no store while a predecessor may hold it', async () => {
    const scene = await started();
    const { supervision, disk, pass, host } = scene;
    const upstream = new RecordedUpstream(supervision, 'files');
    host.endsAtOnce = false;
    host.last.isStuck = true;
    await pass(6_000);
    upstream.report({ kind: 'started' }, ...UP);
    await pass(1_000);
    expect(upstream.phase).toBe('ready');
    expect(disk.opens).toBe(1);
    expect(supervision.isStuck).toBe(true);
    host.roles[0]?.gone?.();
    await pass(1_000);
    expect(disk.opens).toBe(2);
    expect(logged(disk)).toEqual(upstream.notes);
  });

  it('tells at a start what an earlier run has stored and not told', async () => {
    const disk = new ScriptedDisk();
    const note = { id: 'run0-1', at: 1, upstream: 'files', note: { kind: 'connected' } };
    disk.addEvent(JSON.stringify(note));
    const scene = await started(disk);
    expect(scene.observer.notes).toEqual([{ note, isPersisted: true }]);
    expect(disk.events).toEqual([]);
  });

  // guard: coordinator/restored
  it('starts with what was stored of an upstream', async () => {
    const disk = new ScriptedDisk();
    const scene = stored(disk);
    const { clock, supervision, pass } = scene;
    const now = clock.now();
    const off = { phase: 'disabled', since: now, by: 'admin', reason: 'too loud' } as const;
    disk.upstreams.push(
      {
        name: 'files',
        source: 'file',
        revision: 'files#1',
        record: JSON.stringify({ ...FRESH, state: off }),
        writtenAt: now,
      },
      { name: 'gone', source: 'file', revision: 'gone#1', record: JSON.stringify(FRESH), writtenAt: now },
    );
    const upstream = new RecordedUpstream(supervision, 'files');
    const other = new RecordedUpstream(supervision, 'other');
    supervision.define([FILES, { ...FILES, name: 'other', revision: 'other#1' }], []);
    const ready = supervision.start();
    await pass();
    await ready;
    upstream.report({ kind: 'started' });
    other.report({ kind: 'started' });
    await pass();
    expect(upstream.handle.record.state).toEqual(off);
    expect(other.phase).toBe('starting');
    // Another configuration, such as that of an editor, takes nothing away.
    expect([...disk.batches.values()].flatMap(({ removed }) => removed)).toEqual([]);
  });

  it('starts without what is stored when that takes too long or fails', async () => {
    const disk = new ScriptedDisk();
    disk.canOpen = false;
    const scene = stored(disk);
    const ready = scene.supervision.start();
    await scene.pass();
    await ready;
    const upstream = new RecordedUpstream(scene.supervision, 'files');
    upstream.report({ kind: 'started' }, ...UP);
    await scene.pass();
    expect(upstream.phase).toBe('ready');
    expect(told(scene)).toEqual(['started (early)', 'connected (early)']);
    disk.canOpen = true;
    await scene.pass(6_000);
    expect(logged(disk)).toEqual(['started', 'connected']);
  });

  it('takes nobody for stuck whose database takes its time to be reached', async () => {
    const disk = new ScriptedDisk();
    let reach = (): void => {};
    disk.reached = new Promise((resolve) => (reach = resolve));
    const scene = stored(disk);
    const ready = scene.supervision.start();
    await scene.pass(20_000);
    await ready;
    expect(scene.observer.restarts).toEqual([]);
    expect(disk.opens).toBe(1);
    reach();
    await scene.pass();
    expect(scene.supervision.getStatus().details).toMatchObject({ store: 'open', replacements: 0 });
  });

  it('[S001-CO-03] looks every 30 s at what is defined in the store', async () => {
    const { disk, pass, observer, clock } = await started();
    expect(observer.definitions).toEqual([]);
    const definition: StoredDefinition = {
      ...FILES,
      name: 'api',
      source: 'db',
      revision: null,
      definition: null,
    };
    disk.definitions = [definition];
    await pass(31_000);
    expect(observer.definitions).toEqual([[definition]]);
    disk.definitions = [];
    await pass(30_000);
    expect(observer.definitions).toEqual([[definition], []]);
    expect(disk.pruned).toEqual([clock.now() - 90 * 86_400_000 - 31_000]);
  });

  // guard: coordinator/pruned-in-parts
  it('is written between the parts of a log that takes long to prune, and keeps its coordinator', async () => {
    const { supervision, disk, pass, clock, observer } = await started();
    disk.oldRows = 9_000;
    // All parts together take longer than a coordinator may be silent.
    disk.whilePruning = () => new Promise((resolve) => clock.after(900, resolve));
    await pass(30_500);
    const upstream = new RecordedUpstream(supervision, 'files');
    upstream.report({ kind: 'started' }, ...UP);
    await pass(20_000);
    expect(disk.oldRows).toBe(0);
    expect(disk.work.join()).toMatch(/prune,write,prune/);
    expect(observer.restarts).toEqual([]);
  });

  it('keeps the newest of each list', async () => {
    const { disk, pass, supervision } = await started();
    const list = { upstream: 'files', revision: 'files#1', kind: 'tools', readAt: 1 } as const;
    disk.mode = 'fails';
    for (const byte of [1, 2, 3]) supervision.saveList({ ...list, bytes: Uint8Array.of(byte) });
    await pass();
    disk.mode = 'works';
    supervision.saveList({ ...list, bytes: Uint8Array.of(4) });
    await pass();
    expect(disk.lists.map(({ bytes }) => [...bytes])).toEqual([[4]]);
  });

  it('writes everything before it stops', async () => {
    const { supervision, disk, pass, clock } = await started();
    const upstream = new RecordedUpstream(supervision, 'files');
    upstream.report({ kind: 'started' }, ...UP);
    await pass();
    supervision.hold();
    upstream.report({ kind: 'ended', until: 0 });
    const stopped = supervision.stop(5_000);
    await pass();
    await stopped;
    expect(logged(disk)).toEqual(['started', 'connected', 'stopped']);
    expect(disk.events).toEqual([]);
    upstream.handle.release();
    expect(clock.pendingTimers).toBe(0);
  });

  it('stops at the deadline when the store does not answer', async () => {
    const { supervision, disk, pass } = await started();
    const upstream = new RecordedUpstream(supervision, 'files');
    disk.mode = 'hangs';
    upstream.report({ kind: 'started' }, ...UP);
    await pass();
    const stopped = supervision.stop(1_000);
    await pass(1_000);
    await stopped;
    expect(upstream.phase).toBe('ready');
  });
});
