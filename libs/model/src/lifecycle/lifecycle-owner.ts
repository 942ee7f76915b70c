import type { LifecycleSettings } from '@omni/ports';
import type { LifecycleNote, UpstreamCommand, UpstreamEvent, UpstreamRecord } from './upstream-state.ts';

/** Does what the life cycle of one upstream commands. */
export interface LifecycleExecutor {
  /** Executes a command; may report events before it returns. */
  execute(command: UpstreamCommand): void;
  /** Told after the commands of a transition were executed. */
  onChanged(record: UpstreamRecord, notes: readonly LifecycleNote[]): void;
}

/** One upstream at whoever owns its record. */
export interface LifecycleHandle {
  /** As it was decided last. An owner in another thread may be a moment ahead. */
  readonly record: UpstreamRecord;
  /** The decision is executed before this returns, or soon after, where the owner is in another thread. */
  report(event: UpstreamEvent): void;
  /** Other numbers from now on; times that were decided stay. */
  configure(settings: LifecycleSettings): void;
  /** Nothing more is decided about it. */
  release(): void;
}

export interface AdoptedUpstream {
  readonly name: string;
  /** Identity of its definition: what is decided for another one is not executed. */
  readonly definition: string;
  /** For an upstream of which nothing is known. */
  readonly record: UpstreamRecord;
  readonly settings: LifecycleSettings;
}

/** Owns the records of upstreams: the only one who applies `transition` to them. */
export interface LifecycleOwner {
  /** @param executor - Hears nothing before this has returned. */
  adopt(upstream: AdoptedUpstream, executor: LifecycleExecutor): LifecycleHandle;
}
