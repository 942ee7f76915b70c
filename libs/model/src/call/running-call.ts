/** A request under way. */
export interface RunningCall {
  /**
   * The client does not want the answer any more; nothing more is sent to its reply. `reason` is told to the
   * upstream.
   */
  cancel(reason?: string): void;
}

/** In place of a call that is over already. */
export const NOTHING_RUNS: RunningCall = { cancel() {} };
