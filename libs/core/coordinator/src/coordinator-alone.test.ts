import { describe, expect, it } from '@jest/globals';
import { DEFAULT_LIFECYCLE, NO_HISTORY } from '@omni/model';
import { VirtualClock } from '@omni/testing';
import { coordinatorProgram } from './coordinator.ts';
import type { CoordinatorData, Decision, FromCoordinator, ToCoordinator } from './messages.ts';
import { ScriptedDisk } from './scripted-store.fixture.ts';
import { FALL } from './supervision-scene.fixture.ts';

describe('a coordinator alone', () => {
  it('decides by messages alone, and keeps time and store itself, whoever is at the other end [S001-ARC-01]', async () => {
    const clock = new VirtualClock();
    const disk = new ScriptedDisk();
    const said: FromCoordinator[] = [];
    let tell: (message: ToCoordinator) => void = () => {};
    const data: CoordinatorData = {
      epoch: 1,
      mark: null,
      store: 'disk',
      mayOpenStore: true,
      scanMs: 30_000,
      retentionMs: 86_400_000,
    };
    const end = coordinatorProgram({ clock, random: () => 0, openStore: () => disk.open() })({
      data,
      // Holds: this library says nothing else.
      post: (message) => void said.push(structuredClone(message) as FromCoordinator),
      onMessage: (handler) => (tell = (message) => handler(structuredClone(message))),
    });
    await clock.advanceAsync(0);
    const record = { state: { phase: 'stopped', since: 0 }, history: NO_HISTORY } as const;
    tell({ kind: 'adopt', id: 1, record, settings: DEFAULT_LIFECYCLE });
    tell({ kind: 'fact', id: 1, sequence: 1, event: { kind: 'started' } });
    tell({ kind: 'fact', id: 1, sequence: 2, event: { kind: 'connected', era: 'modern' } });
    tell({ kind: 'fact', id: 1, sequence: 3, event: { kind: 'listed', hasProblem: false } });
    tell({ kind: 'fact', id: 1, sequence: 4, event: { kind: 'connectionLost', ...FALL } });
    // The wait before the attempt is its own.
    await clock.advanceAsync(500);
    end();
    const decisions = said.filter((message): message is Decision => message.kind === 'decision');
    expect(decisions.map(({ fact }) => fact)).toEqual([1, 2, 3, 4, null]);
    expect(decisions.map(({ change }) => change?.record.state.phase)).toEqual([
      'starting',
      'ready',
      'ready',
      'down',
      'starting',
    ]);
    expect(decisions.at(-1)?.change?.commands).toEqual([{ kind: 'connect' }]);
    expect(said.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['ready', 'storeOpened']));
    await clock.advanceAsync(60_000);
    expect(clock.pendingTimers).toBe(0);
  });
});
