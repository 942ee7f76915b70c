import type { LatencySummary } from './histogram.ts';
import type { PinnedProcessOptions } from './pinned-process.ts';
import type { StdioTarget, Target } from './target.ts';

/** One chunk of work for the load process. */
export interface LoadJob {
  /** Each connection has one of them, in turns. */
  readonly targets: readonly (Target | StdioTarget)[];
  /** What is called. Default: the echo tool. */
  readonly what?: 'echo' | 'tools/list';
  /** Size of each result's text; for a list that of the whole answer. */
  readonly bytes: number;
  /** Connections with one call each; on standard streams, calls at the same time. */
  readonly connections: number;
  /** Load before the measured time, not counted. */
  readonly warmUpMs: number;
  readonly measureMs: number;
  /**
   * Calls per second on a fixed schedule (open loop). Absent: each connection sends its next call when it has
   * its answer (closed loop).
   */
  readonly ratePerSecond?: number;
  /** How long answers are waited for at the end, in milliseconds. Default: 5,000. */
  readonly drainMs?: number;
}

/** What the load process measured. */
export interface LoadResult {
  /**
   * Right answers within the measured time (closed loop), or to calls that were due within it (open loop).
   */
  readonly calls: number;
  readonly seconds: number;
  /** Of right answers. */
  readonly latencyUs: LatencySummary;
  /** Calls that a limit of Omni refused, over the whole run; they are no faults. */
  readonly refused: number;
  /** Count per fault; empty when all went well. */
  readonly faults: Readonly<Record<string, number>>;
  /** CPU seconds of the load process itself within the measured time. */
  readonly loadCpuSeconds: number;
  /** Open loop only: calls due, and the part of them that left before the measured time was over. */
  readonly due?: number;
  readonly sent?: number;
  /** Open loop only: right answers that came within the measured time. */
  readonly answered?: number;
}

/** How to start a program on whose standard streams calls are to be made. */
export type StdioProgram = Omit<PinnedProcessOptions, 'pipes' | 'ipc'>;

/** What the parent asks of the load process; each order has a number, which its events carry. */
export type LoadOrder = { readonly order: number } & (
  | { readonly kind: 'run'; readonly job: LoadJob }
  | { readonly kind: 'spawn'; readonly program: StdioProgram }
  | { readonly kind: 'end'; readonly pipe: string }
);

/** What the load process tells its parent. */
export type LoadEvent =
  | { readonly kind: 'ready' }
  | ({ readonly order: number } & (
      | { readonly kind: 'measuring' }
      | { readonly kind: 'measured' }
      | { readonly kind: 'done'; readonly result: LoadResult }
      | { readonly kind: 'spawned'; readonly pid: number }
      | { readonly kind: 'ended' }
      | { readonly kind: 'failed'; readonly reason: string }
    ));
