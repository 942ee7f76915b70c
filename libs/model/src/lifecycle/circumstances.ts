import type { LifecycleSettings, Millis } from '@omni/ports';
import type { LifecycleNote, UpstreamCommand, UpstreamRecord, UpstreamState } from './upstream-state.ts';

/** What a transition may not find out for itself. */
export interface Circumstances {
  /** Wall clock. */
  readonly now: Millis;
  /** Uniform in 0 ≤ x < 1. */
  readonly random: number;
  readonly settings: LifecycleSettings;
}

export interface Transition {
  readonly record: UpstreamRecord;
  readonly commands: readonly UpstreamCommand[];
  /** What the health log and observers are told. */
  readonly notes: readonly LifecycleNote[];
}

export function becomes(
  record: UpstreamRecord,
  state: UpstreamState,
  commands: readonly UpstreamCommand[] = [],
  notes: readonly LifecycleNote[] = [],
): Transition {
  return { record: { state, history: record.history }, commands, notes };
}

export function stays(record: UpstreamRecord): Transition {
  return { record, commands: [], notes: [] };
}
