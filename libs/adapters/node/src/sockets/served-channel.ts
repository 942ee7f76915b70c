/** A channel as who serves it sees it. */
export interface ServedChannel {
  /** Monotonic: since when nothing of it would be lost with its end; `undefined` while something would. */
  readonly idleSinceMs: number | undefined;
}
