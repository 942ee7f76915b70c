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

/** Why requests are cancelled whose client cannot be told any more: their servers hear it. */
export const CLIENT_CLOSED = 'the client closed the connection';
export const CONNECTION_CLOSED = 'the connection was closed';
/** Why requests are cancelled that run when Omni ends. */
export const OMNI_STOPPED = 'Omni stopped before the answer came';

/** Whether the client may have lost its connection, in place of not wanting the answer. */
export function isClientGone(reason: string | undefined): boolean {
  return reason === CLIENT_CLOSED || reason === CONNECTION_CLOSED;
}
