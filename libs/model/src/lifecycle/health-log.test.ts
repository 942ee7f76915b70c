import { describe, expect, it } from '@jest/globals';
import { DEFAULT_LIFECYCLE, type LifecycleSettings } from '@omni/ports';
import { dueAt } from './due-at.ts';
import { transition } from './transition.ts';
import { type Fall, NO_HISTORY, type UpstreamEvent, type UpstreamRecord } from './upstream-state.ts';

const ERROR = { code: 'OMNI_UPSTREAM_EXITED', message: 'x', hint: '' } as const;
const CRASH: Fall = { error: ERROR, pauseMs: 0, nature: 'failure' };

function play(events: readonly (UpstreamEvent | number)[], settings: LifecycleSettings = DEFAULT_LIFECYCLE) {
  let record: UpstreamRecord = { state: { phase: 'stopped', since: 0 }, history: NO_HISTORY };
  let now = 1_000_000;
  const notes: string[] = [];
  for (const event of events) {
    if (typeof event === 'number') now += event;
    else {
      const done = transition(record, event, { now, random: 0, settings });
      record = done.record;
      notes.push(...done.notes.map(({ kind }) => kind));
    }
  }
  return { record, notes, now };
}

const OPENED: readonly (UpstreamEvent | number)[] = [
  { kind: 'started' },
  { kind: 'connectFailed', ...CRASH },
  ...Array.from(
    { length: 5 },
    () => [20_000, { kind: 'due' }, { kind: 'connectFailed', ...CRASH }] as const,
  ).flat(),
];

describe('a circuit that was opened', () => {
  it.each<[string, readonly (UpstreamEvent | number)[]]>([
    [
      'a login in between',
      [31_000, { kind: 'due' }, { kind: 'connectFailed', ...CRASH, nature: 'login' }, { kind: 'renewed' }],
    ],
    ['another definition', [{ kind: 'redefined' }]],
    ['a stop and a start', [{ kind: 'ended', until: 0 }, { kind: 'started' }]],
  ])('is told to be closed when the server is well again, also after %s', (_what, between) => {
    const { notes, record } = play([
      ...OPENED,
      ...between,
      { kind: 'connected', era: 'modern' },
      { kind: 'listed', hasProblem: false },
    ]);
    expect(record.state.phase).toBe('ready');
    expect(notes.filter((kind) => kind === 'circuit_opened')).toHaveLength(1);
    expect(notes.filter((kind) => kind === 'circuit_closed')).toHaveLength(1);
  });
});

describe('30 minutes of downtime', () => {
  it('end an attempt that takes longer, as they end everything else', () => {
    // A trial that never answers; connectTimeout may be 24 days.
    const { record } = play([...OPENED, 31_000, { kind: 'due' }]);
    expect(record.state.phase).toBe('starting');
    const at = dueAt(record, DEFAULT_LIFECYCLE) ?? 0;
    const due = (now: number) =>
      transition(record, { kind: 'due' }, { now, random: 0, settings: DEFAULT_LIFECYCLE });
    expect(due(at).record.state).toMatchObject({ phase: 'disabled', by: 'auto_downtime' });
    expect(due(at).commands).toEqual([{ kind: 'abort' }, { kind: 'close' }]);
    // Negative control: before, it goes on.
    expect(due(at - 1)).toEqual({ record, commands: [], notes: [] });
  });
});

describe('a server that is to be switched off', () => {
  it('is said to be so once when the same is said twice while it drains', () => {
    const off = { kind: 'disabled', by: 'configuration', reason: 'x', until: 9_000_000 } as const;
    const { notes } = play([
      { kind: 'started' },
      { kind: 'connected', era: 'modern' },
      { kind: 'listed', hasProblem: false },
      off,
      off,
    ]);
    expect(notes.filter((kind) => kind === 'manually_disabled')).toHaveLength(1);
    // Negative control: for another reason it is said again.
    const other = { ...off, reason: 'y' };
    expect(play([{ kind: 'started' }, off, other]).notes).toEqual(['manually_disabled', 'manually_disabled']);
  });
});
