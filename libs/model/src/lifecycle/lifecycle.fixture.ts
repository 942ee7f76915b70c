import { DEFAULT_LIFECYCLE, type LifecycleSettings, type Millis } from '@omni/ports';
import { dueAt } from './due-at.ts';
import type { Circumstances } from './circumstances.ts';
import { transition } from './transition.ts';
import {
  type Fall,
  type LifecycleNote,
  NO_HISTORY,
  type UpstreamCommand,
  type UpstreamEvent,
  type UpstreamRecord,
  type UpstreamState,
} from './upstream-state.ts';

export const BEGIN = 1_800_000_000_000;

export const FAILURE: Fall = {
  error: { code: 'OMNI_UPSTREAM_EXITED', message: 'it ended', hint: 'Look.' },
  pauseMs: 0,
  nature: 'failure',
};
export const REFUSED: Fall = {
  error: { code: 'OMNI_UPSTREAM_HTTP_STATUS', message: 'it answered 401', hint: 'Log in.' },
  pauseMs: 0,
  nature: 'login',
};
export const MISSING: Fall = {
  error: { code: 'OMNI_UPSTREAM_SPAWN_FAILED', message: 'no such command', hint: 'Install it.' },
  pauseMs: 0,
  nature: 'misconfigured',
};

export const STOPPED: UpstreamRecord = recordOf({ phase: 'stopped', since: BEGIN });

export function recordOf(
  state: UpstreamState,
  history: Partial<UpstreamRecord['history']> = {},
): UpstreamRecord {
  return { state, history: { ...NO_HISTORY, ...history } };
}

/** The defaults without chance, but for what is given. */
export function settingsOf(
  given: {
    readonly breaker?: Partial<LifecycleSettings['breaker']>;
    readonly restart?: Partial<LifecycleSettings['restart']>;
    readonly probe?: Partial<LifecycleSettings['probe']>;
  } = {},
): LifecycleSettings {
  const { breaker, restart, probe } = DEFAULT_LIFECYCLE;
  return {
    breaker: { ...breaker, ...given.breaker },
    restart: { ...restart, jitter: 0, ...given.restart },
    probe: { ...probe, jitter: 0, ...given.probe },
  };
}

/** One life on a clock of its own, and all that came of it. */
export class Life {
  record: UpstreamRecord;
  now: Millis = BEGIN;
  readonly settings: LifecycleSettings;
  readonly commands: UpstreamCommand['kind'][] = [];
  readonly notes: LifecycleNote[] = [];

  constructor(settings = settingsOf(), record = STOPPED) {
    this.settings = settings;
    this.record = record;
  }

  get state(): UpstreamState {
    return this.record.state;
  }

  get noteKinds(): readonly string[] {
    return this.notes.map(({ kind }) => kind);
  }

  /** @param random - Of the chance that it is decided with. */
  tell(event: UpstreamEvent, random = 0): this {
    const at: Circumstances = { now: this.now, random, settings: this.settings };
    const { record, commands, notes } = transition(this.record, event, at);
    this.record = record;
    this.commands.push(...commands.map(({ kind }) => kind));
    this.notes.push(...notes);
    return this;
  }

  fail(fall: Partial<Fall> = {}): this {
    return this.tell({ kind: 'connectFailed', ...FAILURE, ...fall });
  }

  lose(fall: Partial<Fall> = {}): this {
    return this.tell({ kind: 'connectionLost', ...FAILURE, ...fall });
  }

  /** Up, and its lists read. */
  comeUp(): this {
    return this.tell({ kind: 'connected', era: 'legacy' }).tell({ kind: 'listed', hasProblem: false });
  }

  wait(ms: Millis): this {
    this.now += ms;
    return this;
  }

  /** Goes on to when something is due, and tells it; does nothing where nothing is. */
  toDue(): this {
    const at = dueAt(this.record, this.settings);
    if (at === null) return this;
    this.now = Math.max(this.now, at);
    return this.tell({ kind: 'due' });
  }

  /**
   * A server that never comes back: when it is tried, in seconds since now, until nothing is tried any more.
   */
  attemptsUntilOver(fall: Partial<Fall> = {}): readonly number[] {
    const begin = this.now;
    const attempts: number[] = [];
    while (this.state.phase === 'down' || this.state.phase === 'starting') {
      if (this.state.phase === 'down') this.toDue();
      if (this.state.phase !== 'starting') break;
      attempts.push((this.now - begin) / 1_000);
      this.fail(fall);
      if (attempts.length > 200) break;
    }
    return attempts;
  }
}

/** A life that has just come up. */
export function wellLife(settings = settingsOf()): Life {
  return new Life(settings).tell({ kind: 'started' }).comeUp();
}
