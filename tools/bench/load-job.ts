import type { LatencySummary } from './histogram.ts';
import type { Target } from './target.ts';

/** One chunk of work for the load process. */
export interface LoadJob {
  readonly target: Target;
  /** What is called. Default: the echo tool. */
  readonly what?: 'echo' | 'tools/list';
  /** Size of each result's text; for a list that of the whole answer. */
  readonly bytes: number;
  readonly connections: number;
  /** Load before the measured time, not counted. */
  readonly warmUpMs: number;
  readonly measureMs: number;
  /**
   * Calls per second on a fixed schedule (open loop). Absent: each connection sends its next call when it has
   * its answer (closed loop).
   */
  readonly ratePerSecond?: number;
}

/** What the load process measured. */
export interface LoadResult {
  /**
   * Right answers within the measured time (closed loop), or to calls that were due within it (open loop).
   */
  readonly calls: number;
  readonly seconds: number;
  readonly latencyUs: LatencySummary;
  /** Count per fault; empty when all went well. */
  readonly faults: Readonly<Record<string, number>>;
  /** CPU seconds of the load process itself within the measured time. */
  readonly loadCpuSeconds: number;
  /** Open loop only: calls due, and the part of them that left before the measured time was over. */
  readonly due?: number;
  readonly sent?: number;
}

/** What the load process tells its parent. */
export type LoadEvent =
  | { readonly kind: 'ready' }
  | { readonly kind: 'measuring' }
  | { readonly kind: 'measured' }
  | { readonly kind: 'done'; readonly result: LoadResult }
  | { readonly kind: 'failed'; readonly reason: string };
