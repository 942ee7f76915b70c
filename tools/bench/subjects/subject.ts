import type { HeapProbe } from '../heap-probe.ts';
import type { CorePlan, PinnedProcess } from '../pinned-process.ts';
import type { Target } from '../target.ts';
import type { Upstream } from '../upstream-process.ts';

/** How a subject reaches the upstream. */
export type UpstreamKind = 'http' | 'stdio';

/** What a subject gets to start with. */
export interface SubjectContext {
  readonly upstream: Upstream;
  readonly kind: UpstreamKind;
  readonly cores: CorePlan;
  /** A folder of its own for configuration, state and logs; removed after the run. */
  readonly folder: string;
  /**
   * Whether it is to answer questions about its heap, see {@link HeapProbe}; Omni and the programs of this
   * folder can. Default `false`.
   */
  readonly isProbed?: boolean;
}

/** A subject that runs. */
export interface RunningSubject {
  readonly target: Target;
  /** The process whose tree is measured. */
  readonly process: Pick<PinnedProcess, 'pid' | 'isGone' | 'logTail' | 'stop'>;
  /** There when it was asked for. */
  readonly heap?: HeapProbe;
}

/** Something that is measured. */
export interface Subject {
  readonly name: string;
  /** What it is, in one line for the report. */
  readonly description: string;
  readonly kinds: readonly UpstreamKind[];
  /**
   * Its version as the manifest shows it. Throws {@link SubjectUnavailable} when it is not installed and
   * cannot be.
   */
  version(): string;
  start(context: SubjectContext): Promise<RunningSubject>;
}

/** This machine cannot run a subject; it is left out, with the reason in the report. */
export class SubjectUnavailable extends Error {
  override readonly name = 'SubjectUnavailable';
}
