import { describe, expect, it } from '@jest/globals';
import { LAST_STEP_MS } from '../connection/backoff.ts';
import { restoreState } from './restore-state.ts';
import { transition } from './transition.ts';
import type { ErrorFacts, UpstreamCommand, UpstreamEvent, UpstreamState } from './upstream-state.ts';

const BEGIN = 1_800_000_000_000;
const LONGEST_MS = LAST_STEP_MS * 1.1;
const CRASH: ErrorFacts = { code: 'OMNI_UPSTREAM_EXITED', message: 'it ended', hint: 'Look.' };
const STOPPED: UpstreamState = { phase: 'stopped', since: BEGIN };

/**
 * Every kind of event, at a moment; those with a time once with one that is past and once with one to come.
 */
function eventsAt(now: number): readonly UpstreamEvent[] {
  return [
    { kind: 'started' },
    { kind: 'ended', until: now },
    { kind: 'ended', until: now + 5_000 },
    { kind: 'enabled' },
    { kind: 'disabled', reason: 'by hand', until: now },
    { kind: 'disabled', reason: 'by hand', until: now + 5_000 },
    { kind: 'connected', era: 'modern' },
    { kind: 'connectFailed', error: CRASH, pauseMs: 0 },
    { kind: 'connectionLost', error: CRASH, pauseMs: 0 },
    { kind: 'renewed' },
    { kind: 'due' },
    { kind: 'drained' },
    { kind: 'restored' },
  ];
}

/** What the commands have made of a world that does exactly what it is told. */
interface World {
  readonly isConnecting: boolean;
  readonly isConnected: boolean;
  readonly isDraining: boolean;
  readonly dueAt: number | null;
}

const NOTHING: World = { isConnecting: false, isConnected: false, isDraining: false, dueAt: null };

/** An event that the world tells of is over in it; what was kept of another process is not there. */
function afterEvent(world: World, { kind }: UpstreamEvent, isHeeded: boolean): World {
  if (kind === 'restored') return NOTHING;
  if (!isHeeded) return world;
  if (kind === 'connected') return { ...world, isConnecting: false, isConnected: true };
  if (kind === 'connectFailed') return { ...world, isConnecting: false };
  if (kind === 'connectionLost') return { ...world, isConnected: false };
  if (kind === 'due') return { ...world, dueAt: null };
  return kind === 'drained' ? { ...world, isDraining: false } : world;
}

function afterCommand(world: World, command: UpstreamCommand): World {
  switch (command.kind) {
    case 'connect':
      // Two at once would be two processes.
      if (world.isConnecting || world.isConnected) throw new RangeError('it is connecting or connected');
      return { ...world, isConnecting: true };
    case 'abort':
      if (!world.isConnecting) throw new RangeError('there is no attempt to give up');
      return { ...world, isConnecting: false };
    case 'drain':
      return { ...world, isDraining: true };
    case 'close':
      return { ...world, isConnected: false, isDraining: false };
    case 'schedule':
      return { ...world, dueAt: command.at };
    case 'unschedule':
      return { ...world, dueAt: null };
  }
}

interface Place {
  /** How many sequences of events lead here. */
  readonly ways: number;
  readonly state: UpstreamState;
  readonly world: World;
}

/** What has to hold wherever the life cycle has been led to. */
function checkPlace({ state, world }: Omit<Place, 'ways'>): void {
  const { phase } = state;
  const said = JSON.stringify({ state, world });
  const facts = {
    connecting: phase === 'starting',
    timer: phase === 'down' || phase === 'draining',
    connected: phase === 'ready' || (phase === 'draining' && world.isConnected),
  };
  expect({
    said,
    connecting: world.isConnecting,
    timer: world.dueAt !== null,
    connected: world.isConnected,
  }).toEqual({
    said,
    ...facts,
  });
  if (state.phase === 'down') expect(world.dueAt).toBe(state.nextRetryAt);
}

/** No wait is negative or longer than a step; one that was kept may be over. */
function checkWait(command: UpstreamCommand, event: UpstreamEvent, now: number): void {
  if (command.kind !== 'schedule') return;
  if (event.kind !== 'restored') expect(command.at).toBeGreaterThanOrEqual(now);
  expect(command.at - now).toBeLessThanOrEqual(Math.ceil(LONGEST_MS));
}

describe('transition', () => {
  it('holds in every state, after every event, to depth 6', () => {
    const randoms = [0, 0.999];
    let places: ReadonlyMap<string, Place> = new Map([['', { ways: 1, state: STOPPED, world: NOTHING }]]);
    const phases = new Set<string>();
    const kinds = new Set<string>();
    for (let depth = 1; depth <= 6; depth++) {
      const now = BEGIN + depth * 1_000;
      const next = new Map<string, Place>();
      for (const { ways, state, world } of places.values()) {
        for (const event of eventsAt(now)) {
          for (const random of randoms) {
            const outcome = transition(state, event, { now, random });
            // Plain data: JSON keeps every bit of it.
            expect(JSON.parse(JSON.stringify(outcome))).toStrictEqual(outcome);
            expect(JSON.parse(JSON.stringify(event))).toStrictEqual(event);
            expect(restoreState(outcome.state, now)).toBeDefined();
            const told = afterEvent(world, event, outcome.state !== state || outcome.commands.length > 0);
            const reached = { state: outcome.state, world: outcome.commands.reduce(afterCommand, told) };
            checkPlace(reached);
            for (const command of outcome.commands) checkWait(command, event, now);
            phases.add(outcome.state.phase);
            for (const { kind } of outcome.commands) kinds.add(kind);
            const key = JSON.stringify(reached);
            next.set(key, { ...reached, ways: ways + (next.get(key)?.ways ?? 0) });
          }
        }
      }
      places = next;
    }
    expect([...phases].toSorted()).toEqual(['disabled', 'down', 'draining', 'ready', 'starting', 'stopped']);
    expect([...kinds].toSorted()).toEqual(['abort', 'close', 'connect', 'drain', 'schedule', 'unschedule']);
    // Every sequence of six events, with every chance: those that lead to the same place go on as one.
    const ways = [...places.values()].reduce((sum, place) => sum + place.ways, 0);
    expect(ways).toBe((eventsAt(0).length * randoms.length) ** 6);
  });

  it('gives the same for the same, and changes nothing that it was given', () => {
    const state = Object.freeze<UpstreamState>({
      phase: 'ready',
      since: BEGIN,
      era: 'legacy',
      backoff: Object.freeze({ failures: 2 }),
      lastError: null,
    });
    const lose = (): unknown =>
      transition(
        state,
        { kind: 'connectionLost', error: CRASH, pauseMs: 0 },
        { now: BEGIN + 1_000, random: 0.5 },
      );
    expect(lose()).toEqual(lose());
    expect(lose()).toMatchObject({
      state: { phase: 'down', nextRetryAt: BEGIN + 3_100, backoff: { failures: 3 } },
      commands: [{ kind: 'schedule', at: BEGIN + 3_100 }],
    });
  });

  it('keeps the longest wait when the wall clock is set back during a life', () => {
    const state: UpstreamState = {
      phase: 'ready',
      since: BEGIN,
      era: 'legacy',
      backoff: { failures: 9 },
      lastError: null,
    };
    const lost = transition(
      state,
      { kind: 'connectionLost', error: CRASH, pauseMs: 0 },
      { now: BEGIN - 1e9, random: 0 },
    );
    expect(lost.commands).toEqual([{ kind: 'schedule', at: BEGIN - 1e9 + LAST_STEP_MS }]);
  });

  it('waits as long as the server asks for, where that is longer', () => {
    const starting = transition(STOPPED, { kind: 'started' }, { now: BEGIN, random: 0 }).state;
    const at = { now: BEGIN, random: 0 };
    const waitOf = (
      kind: 'connectFailed' | 'connectionLost',
      state: UpstreamState,
      pauseMs: number,
    ): unknown => transition(state, { kind, error: CRASH, pauseMs }, at).commands;
    expect(waitOf('connectFailed', starting, 7_000)).toEqual([{ kind: 'schedule', at: BEGIN + 7_000 }]);
    expect(waitOf('connectFailed', starting, 20)).toEqual([{ kind: 'schedule', at: BEGIN + 500 }]);
    const ready = transition(starting, { kind: 'connected', era: 'legacy' }, at).state;
    expect(waitOf('connectionLost', ready, 7_000)).toEqual([{ kind: 'schedule', at: BEGIN + 7_000 }]);
  });

  it('takes another connection in the place of the open one, and connects at once when a cause may be gone', () => {
    const at = { now: BEGIN, random: 0 };
    const starting = transition(STOPPED, { kind: 'started' }, at).state;
    const ready = transition(starting, { kind: 'connected', era: 'modern' }, at).state;
    const later = { now: BEGIN + 70_000, random: 0 };
    const replaced = transition(ready, { kind: 'connected', era: 'legacy' }, later);
    expect(replaced).toMatchObject({
      state: { phase: 'ready', since: BEGIN + 70_000, era: 'legacy' },
      commands: [],
    });
    expect(transition(ready, { kind: 'renewed' }, later)).toEqual({ state: ready, commands: [] });
    const down = transition(ready, { kind: 'connectionLost', error: CRASH, pauseMs: 0 }, at).state;
    expect(transition(down, { kind: 'renewed' }, at)).toMatchObject({
      state: { phase: 'starting', backoff: { failures: 1 }, lastError: CRASH },
      commands: [{ kind: 'unschedule' }, { kind: 'connect' }],
    });
  });

  it('takes no second start, and connects again when what was to end is wanted again', () => {
    const at = { now: BEGIN, random: 0 };
    const starting = transition(STOPPED, { kind: 'started' }, at).state;
    expect(transition(starting, { kind: 'started' }, at)).toEqual({ state: starting, commands: [] });
    const draining = transition(starting, { kind: 'ended', until: BEGIN + 9 }, at).state;
    const wanted = transition(draining, { kind: 'started' }, at).state;
    expect(transition(wanted, { kind: 'drained' }, at)).toMatchObject({
      state: { phase: 'starting' },
      commands: [{ kind: 'unschedule' }, { kind: 'close' }, { kind: 'connect' }],
    });
  });
});
