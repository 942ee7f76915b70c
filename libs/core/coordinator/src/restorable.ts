import {
  type LifecycleSettings,
  NO_HISTORY,
  restoreRecord,
  type UpstreamHistory,
  type UpstreamRecord,
  type UpstreamState,
} from '@omni/model';
import type { Millis, StoredUpstream } from '@omni/ports';

export interface RestorableOptions {
  readonly stored: StoredUpstream;
  /** Identity of the definition that is in force. */
  readonly definition: string;
  readonly now: Millis;
  readonly settings: LifecycleSettings;
}

/** What counts of a record from an earlier run. */
export interface RestoredRecord {
  /** `undefined`: that of the present record stays. */
  readonly state: UpstreamState | undefined;
  readonly history: UpstreamHistory;
}

/**
 * What counts of a record from an earlier run, before anything has been started: who has switched it off, how
 * long it waits, and what had failed. Nothing of it runs, and whatever its definition says is for its start.
 *
 * @returns `undefined` when nothing was stored, or nothing that is a record.
 */
export function restorable({
  stored,
  definition,
  now,
  settings,
}: RestorableOptions): RestoredRecord | undefined {
  if (stored.record === null) return undefined;
  const kept = restoreRecord(parsed(stored.record), {
    now,
    writtenAt: stored.writtenAt ?? now,
    settings,
  });
  if (kept === undefined) return undefined;
  const { state, history } = kept;
  const isSame = (stored.recordRevision ?? stored.revision) === definition;
  const { totalDowntimeMs, lastAttemptAt, lastSeenAt } = history;
  const known = isSame ? history : { ...NO_HISTORY, totalDowntimeMs, lastAttemptAt, lastSeenAt };
  return {
    state: /* guard: coordinator/restored */ isKept(state, isSame) ? state : undefined,
    history: known,
  };
}

/** What becomes of the present record. What is off by its definition waits for no next attempt. */
export function withRestored({ state: present }: UpstreamRecord, restored: RestoredRecord): UpstreamRecord {
  const { state = present, history } = restored;
  const isOff = present.phase === 'disabled' && state.phase !== 'disabled';
  return { state: /* guard: coordinator/off-by-definition */ isOff ? present : state, history };
}

function isKept(state: UpstreamRecord['state'], isSame: boolean): boolean {
  if (state.phase === 'down') return isSame;
  if (state.phase !== 'disabled') return false;
  switch (state.by) {
    case 'admin':
    case 'quarantine':
      return true;
    case 'auto_downtime':
    case 'auto_cycles':
      return isSame;
    default:
      // What the definition and the environment say is looked at again.
      return false;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
