import { describe, expect, it } from '@jest/globals';
import { dueAt } from './due-at.ts';
import { BEGIN, FAILURE, MISSING, REFUSED, settingsOf, STOPPED } from './lifecycle.fixture.ts';
import { project } from './projection.ts';
import { restoreRecord } from './restore-record.ts';
import { transition } from './transition.ts';
import {
  NOTE_KINDS,
  type UpstreamCommand,
  type UpstreamEvent,
  type UpstreamRecord,
} from './upstream-state.ts';

const DEPTH = 8;
/** Small numbers, so that eight events lead everywhere. */
const SETTINGS = settingsOf({
  breaker: { failureThreshold: 1, disableAfterMs: 350_000, disableAfterCycles: 1 },
  restart: { stepsMs: [500, 1_000], flapFalls: 2, jitter: 0.1 },
  probe: { softMisses: 2, jitter: 0.1 },
});

/**
 * Every kind of event, facts that come late among them. The clock stands still: that time passes is told as a
 * shift to the past.
 */
const EVENTS: readonly UpstreamEvent[] = [
  { kind: 'started' },
  { kind: 'started', isAsleep: true },
  { kind: 'ended', until: BEGIN },
  { kind: 'ended', until: BEGIN + 5_000 },
  { kind: 'enabled' },
  { kind: 'enabled', byDefinition: true },
  { kind: 'disabled', by: 'admin', reason: 'by hand', until: BEGIN },
  { kind: 'disabled', by: 'configuration', reason: 'disabled', until: BEGIN + 5_000 },
  { kind: 'connected', era: 'modern' },
  { kind: 'connectFailed', ...FAILURE },
  { kind: 'connectFailed', ...REFUSED },
  { kind: 'connectFailed', ...MISSING },
  { kind: 'connectionLost', ...FAILURE },
  { kind: 'connectionLost', ...REFUSED },
  { kind: 'listed', hasProblem: false },
  { kind: 'listed', hasProblem: true },
  { kind: 'probed' },
  { kind: 'probeMissed', isBusy: false },
  { kind: 'probeMissed', isBusy: true },
  { kind: 'silent' },
  { kind: 'renewed' },
  { kind: 'retried' },
  { kind: 'wanted' },
  { kind: 'idle', until: BEGIN + 5_000 },
  { kind: 'redefined' },
  { kind: 'repaired' },
  { kind: 'due' },
  { kind: 'drained' },
  { kind: 'shifted', byMs: -400_000 },
  { kind: 'restored' },
];

/** What the commands have made of a world that does exactly what it is told. */
interface World {
  readonly isConnecting: boolean;
  readonly isConnected: boolean;
  readonly isDraining: boolean;
}

const NOTHING: World = { isConnecting: false, isConnected: false, isDraining: false };

/** An event that the world tells of is over in it; what was kept of another process is not there. */
function afterEvent(world: World, { kind }: UpstreamEvent, isHeeded: boolean): World {
  if (kind === 'restored') return NOTHING;
  if (!isHeeded) return world;
  if (kind === 'connected') return { ...world, isConnecting: false, isConnected: true };
  if (kind === 'connectFailed') return { ...world, isConnecting: false };
  if (kind === 'connectionLost') return { ...world, isConnected: false };
  return kind === 'drained' ? { ...world, isDraining: false } : world;
}

function afterCommand(world: World, command: UpstreamCommand): World {
  switch (command.kind) {
    case 'connect':
      // Two at once would be two processes; what drains may go on as it is.
      if (world.isConnecting || (world.isConnected && !world.isDraining))
        throw new RangeError('it is connecting or connected');
      return { isConnecting: true, isConnected: false, isDraining: false };
    case 'abort':
      if (!world.isConnecting) throw new RangeError('there is no attempt to give up');
      return { ...world, isConnecting: false };
    case 'probe':
      if (!world.isConnected) throw new RangeError('there is nothing to ask');
      return world;
    case 'cut':
      if (!world.isConnected) throw new RangeError('there is nothing to cut');
      return { ...world, isConnected: false };
    case 'drain':
      if (world.isConnecting) throw new RangeError('an attempt would go on');
      return { ...world, isDraining: true };
    case 'close':
      if (world.isConnecting) throw new RangeError('an attempt would go on');
      return { ...world, isConnected: false, isDraining: false };
  }
}

interface Place {
  readonly record: UpstreamRecord;
  readonly world: World;
}

/** What has to hold wherever the life cycle has been led to; the rules that do not. */
function brokenRules({ record, world }: Place): readonly string[] {
  const { state, history } = record;
  const { phase } = state;
  const due = dueAt(record, SETTINGS);
  const isCounting = history.outage !== null && history.outage.runningSince !== null;
  const isWell = phase === 'ready' && state.isListed;
  const mayCount = phase === 'down' || phase === 'starting' || (phase === 'ready' && !state.isListed);
  const rules: Readonly<Record<string, boolean>> = {
    'an attempt is under way exactly while it starts': world.isConnecting === (phase === 'starting'),
    'it is connected exactly while it is ready or drains':
      world.isConnected === (phase === 'ready' || (phase === 'draining' && world.isConnected)),
    'it drains only while it drains': !world.isDraining || phase === 'draining',
    'what is down or drains waits for a time': (phase !== 'down' && phase !== 'draining') || due !== null,
    'what is off waits for nothing': phase !== 'disabled' || due === null,
    'downtime counts only while it is down': mayCount || !isCounting,
    'what is well has no outage and no failures':
      !isWell || (history.outage === null && history.consecutiveFailures === 0),
    'what is down has an outage': phase !== 'down' || isCounting,
    'falls are bounded': history.falls.length <= SETTINGS.restart.flapFalls,
    'the rung is a step': history.rung < SETTINGS.restart.stepsMs.length,
    'downtime is not negative': history.totalDowntimeMs >= 0,
    'the projection agrees with the phase':
      (phase === 'disabled' || phase === 'misconfigured') ===
      (project(record).healthStatus === 'disabled' && phase !== 'stopped' && phase !== 'draining'),
  };
  return Object.entries(rules).flatMap(([rule, holds]) => (holds ? [] : [rule]));
}

describe('transition', () => {
  it(`holds in every state, after every event, to depth ${DEPTH} [S001-CO-07]`, () => {
    let places: ReadonlyMap<string, Place> = new Map([['', { record: STOPPED, world: NOTHING }]]);
    const seen = new Map<string, Place>();
    const edges = new Set<string>();
    const commandKinds = new Set<string>();
    const noteKinds = new Set<string>();
    const broken: string[] = [];
    for (let depth = 1; depth <= DEPTH; depth++) {
      const next = new Map<string, Place>();
      for (const { record, world } of places.values()) {
        for (const event of EVENTS) {
          const outcome = transition(record, event, { now: BEGIN, random: 0.5, settings: SETTINGS });
          const isHeeded = outcome.record !== record || outcome.commands.length > 0;
          const reached: Place = {
            record: outcome.record,
            world: outcome.commands.reduce(afterCommand, afterEvent(world, event, isHeeded)),
          };
          edges.add(`${record.state.phase} ${event.kind} ${outcome.record.state.phase}`);
          for (const { kind } of outcome.commands) commandKinds.add(kind);
          for (const { kind } of outcome.notes) noteKinds.add(kind);
          const key = JSON.stringify(reached);
          if (seen.has(key)) continue;
          seen.set(key, reached);
          next.set(key, reached);
          for (const rule of brokenRules(reached)) broken.push(`${rule}: ${key} after ${event.kind}`);
        }
      }
      places = next;
    }
    expect(broken.slice(0, 5)).toEqual([]);
    // Every phase, every command and every note is reached; a test that has seen little would say little.
    expect([...new Set([...seen.values()].map(({ record }) => record.state.phase))].toSorted()).toEqual([
      'asleep',
      'disabled',
      'down',
      'draining',
      'login',
      'misconfigured',
      'ready',
      'starting',
      'stopped',
    ]);
    expect([...commandKinds].toSorted()).toEqual(['abort', 'close', 'connect', 'cut', 'drain', 'probe']);
    expect([...noteKinds].toSorted()).toEqual([...NOTE_KINDS].toSorted());
    expect(edges.size).toBeGreaterThan(200);
  });

  it('is plain data everywhere: a round trip through JSON changes nothing that is decided next', () => {
    let records: readonly UpstreamRecord[] = [STOPPED];
    const at = { now: BEGIN, random: 0.5, settings: SETTINGS };
    const seen = new Map<string, UpstreamRecord>();
    for (let depth = 1; depth <= 4; depth++) {
      const next: UpstreamRecord[] = [];
      for (const record of records)
        for (const event of EVENTS) {
          const outcome = transition(record, event, at);
          const text = JSON.stringify(outcome.record);
          if (seen.has(text)) continue;
          seen.set(text, outcome.record);
          next.push(outcome.record);
        }
      records = next;
    }
    for (const [text, record] of seen) {
      const copy = JSON.parse(text) as UpstreamRecord;
      expect(copy).toStrictEqual(record);
      expect(restoreRecord(copy, { now: BEGIN, writtenAt: BEGIN, settings: SETTINGS })).toBeDefined();
    }
    const sample = [...seen.values()].filter((_record, index) => index % 40 === 0);
    for (const record of sample) {
      const copy = JSON.parse(JSON.stringify(record)) as UpstreamRecord;
      for (const event of EVENTS) expect(transition(copy, event, at)).toEqual(transition(record, event, at));
    }
  });

  it('changes nothing that it was given', () => {
    const frozen = deepFrozen(STOPPED);
    for (const event of EVENTS)
      expect(() =>
        transition(frozen, event, { now: BEGIN, random: 0, settings: deepFrozen(SETTINGS) }),
      ).not.toThrow();
  });
});

function deepFrozen<T extends object>(value: T): T {
  for (const member of Object.values(value))
    if (typeof member === 'object' && member !== null) deepFrozen(member);
  return Object.freeze(value);
}
