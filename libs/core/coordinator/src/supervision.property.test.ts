import { describe, expect, it } from '@jest/globals';
import type { LifecycleNote, UpstreamCommand, UpstreamEvent } from '@omni/model';
import { VirtualClock } from '@omni/testing';
import fc from 'fast-check';
import { coordinatorProgram } from './coordinator.ts';
import { HeldRoleHost } from './held-role-host.fixture.ts';
import { ScriptedDisk, type WriteMode } from './scripted-store.fixture.ts';
import { FALL, RecordedUpstream, supervisionScene } from './supervision-scene.fixture.ts';
import type { Supervision } from './supervision.ts';

const NAMES = ['one', 'two', 'three'] as const;

/** What may happen at any time, in any order. */
type Step =
  | { readonly kind: 'event'; readonly upstream: number; readonly event: UpstreamEvent }
  | { readonly kind: 'outcome'; readonly upstream: number; readonly isGood: boolean }
  | { readonly kind: 'toRole' | 'toMain' | 'settle'; readonly role: number }
  | { readonly kind: 'exit' | 'stick' | 'gone'; readonly role: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'disk'; readonly mode: WriteMode };

const upstream = fc.nat(NAMES.length - 1);
const role = fc.nat(3);
const event = fc.constantFrom<UpstreamEvent>(
  { kind: 'started' },
  { kind: 'listed', hasProblem: false },
  { kind: 'listed', hasProblem: true },
  { kind: 'connectionLost', ...FALL },
  { kind: 'probed' },
  { kind: 'probeMissed', isBusy: false },
  { kind: 'silent' },
  { kind: 'retried' },
  { kind: 'renewed' },
  { kind: 'redefined' },
  { kind: 'ended', until: 0 },
  { kind: 'disabled', by: 'admin', reason: 'a test', until: 0 },
  { kind: 'enabled' },
  { kind: 'drained' },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('event' as const), upstream, event }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('outcome' as const), upstream, isGood: fc.boolean() }),
  },
  {
    weight: 12,
    arbitrary: fc.record({ kind: fc.constantFrom('toRole' as const, 'toMain', 'settle'), role }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('exit' as const, 'stick', 'gone'), role }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ max: 4_000, min: 1 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('disk' as const),
      mode: fc.constantFrom<WriteMode>('works', 'fails', 'lost', 'hangs'),
    }),
  },
);

/** A server with one connection at a time: what it is told must fit what it has. */
class OneConnection {
  readonly upstream: RecordedUpstream;
  readonly flaws: string[] = [];
  #has: 'nothing' | 'attempt' | 'connection' = 'nothing';

  constructor(upstreamOf: RecordedUpstream) {
    this.upstream = upstreamOf;
    upstreamOf.onCommand = (command) => this.#execute(command);
  }

  /** Whether what it has is what is believed of it: no fact was lost. */
  get isAsBelieved(): boolean {
    const { phase } = this.upstream;
    return (
      (phase === 'starting') === (this.#has === 'attempt') &&
      (phase === 'ready') === (this.#has === 'connection')
    );
  }

  outcome(isGood: boolean): void {
    if (this.#has !== 'attempt') return;
    this.#has = isGood ? 'connection' : 'nothing';
    this.upstream.report(isGood ? { kind: 'connected', era: 'modern' } : { kind: 'connectFailed', ...FALL });
  }

  report(reported: UpstreamEvent): void {
    if (reported.kind === 'connectionLost') {
      if (this.#has !== 'connection') return;
      this.#has = 'nothing';
    }
    this.upstream.report(reported);
  }

  #execute({ kind }: UpstreamCommand): void {
    switch (kind) {
      case 'connect':
        if (this.#has !== 'nothing') this.flaws.push(`connect with ${this.#has}`);
        this.#has = 'attempt';
        return;
      case 'abort':
        if (this.#has === 'attempt') this.#has = 'nothing';
        return;
      case 'cut':
      case 'close':
        this.#has = 'nothing';
        return;
      default:
    }
  }
}

interface World {
  readonly disk: ScriptedDisk;
  readonly clock: VirtualClock;
  readonly host: HeldRoleHost;
  readonly servers: readonly OneConnection[];
  readonly notes: { readonly upstream: string; readonly kind: LifecycleNote['kind'] }[];
  readonly told: string[];
}

async function run(steps: readonly Step[]): Promise<World> {
  const clock = new VirtualClock();
  const disk = new ScriptedDisk();
  const host = new HeldRoleHost(coordinatorProgram({ clock, random: () => 0.5, openStore: disk.open }));
  host.endsAtOnce = false;
  const { supervision, observer } = supervisionScene(host, clock, { store: 'disk' });
  void supervision.start();
  const notes: World['notes'] = [];
  const servers = NAMES.map((name) => new OneConnection(new RecordedUpstream(supervision, name)));
  for (const { upstream: recorded } of servers) {
    const onChanged = recorded.onChanged.bind(recorded);
    const name = NAMES[servers.findIndex((server) => server.upstream === recorded)] ?? '';
    recorded.onChanged = (record, changed) => {
      notes.push(...changed.map(({ kind }) => ({ upstream: name, kind })));
      onChanged(record, changed);
    };
  }
  for (let turn = 0; turn < 5; turn++) {
    host.deliverAll();
    await clock.advanceAsync(0);
  }
  for (const server of servers) server.report({ kind: 'started' });
  const roleOf = (index: number) => host.roles.at(-1 - index);
  for (const taken of steps) {
    switch (taken.kind) {
      case 'event':
        servers[taken.upstream]?.report(taken.event);
        break;
      case 'outcome':
        servers[taken.upstream]?.outcome(taken.isGood);
        break;
      case 'toRole':
        roleOf(taken.role)?.deliverToRole();
        break;
      case 'toMain':
        roleOf(taken.role)?.deliverToMain();
        break;
      case 'settle':
        await clock.advanceAsync(0);
        break;
      case 'exit':
        roleOf(taken.role)?.exit();
        break;
      case 'stick':
        host.last.isStuck = true;
        break;
      case 'gone':
        roleOf(taken.role)?.gone?.();
        break;
      case 'pass':
        await clock.advanceAsync(taken.ms);
        break;
      case 'disk':
        disk.mode = taken.mode;
    }
  }
  // Everything heals: the last threads end, the disk works, and time passes.
  disk.mode = 'works';
  host.endsAtOnce = true;
  let wellFor = 0;
  for (let turn = 0; turn < 2_000 && wellFor < 20; turn++) {
    wellFor = isWell(supervision, disk) ? wellFor + 1 : 0;
    for (const held of host.roles) held.gone?.();
    host.deliverAll();
    await clock.advanceAsync(0);
    host.deliverAll();
    clock.advance(500);
  }
  return { disk, clock, host, servers, notes, told: observer.notes.map(({ note }) => note.id) };
}

function isWell(supervision: Supervision, disk: ScriptedDisk): boolean {
  const { level, details } = supervision.getStatus();
  return level === 'ok' && details['unwrittenNotes'] === 0 && disk.events.length === 0;
}

describe('Supervision', () => {
  it('loses nothing and does nothing twice, whatever dies and whenever', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 50, maxLength: 150, size: 'max' }), async (steps) => {
        const { disk, servers, notes, told } = await run(steps);
        expect(servers.flatMap(({ flaws }) => flaws)).toEqual([]);
        expect(servers.map(({ isAsBelieved }) => isAsBelieved)).toEqual([true, true, true]);
        // What was executed is what is stored, row by row.
        expect(disk.log.map((row) => ({ upstream: row.upstream, kind: row.eventType }))).toEqual(notes);
        expect(told).toHaveLength(new Set(told).size);
        expect(told).toHaveLength(notes.length);
        for (const [index, { upstream: recorded }] of servers.entries()) {
          const row = disk.rows.get(NAMES[index] ?? '');
          if (recorded.records.length > 0) expect(row?.record).toBe(JSON.stringify(recorded.handle.record));
        }
        expect(disk.events).toEqual([]);
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });
});
