/** How well a component is. `unknown` is said when nobody has looked yet, never `ok`. */
export type StatusLevel = 'ok' | 'warn' | 'error' | 'unknown';

/** What a component says of itself (S003-HM-01). */
export interface ComponentStatus {
  readonly level: StatusLevel;
  /**
   * Facts for everybody who shows who they are; free of secrets. Put together when somebody looks at them.
   */
  readonly details: Readonly<Record<string, unknown>>;
  /** Facts for the owner alone: they may repeat what any user sent. */
  readonly ownerDetails?: Readonly<Record<string, unknown>> | undefined;
  /** When the level was last entered: milliseconds since the epoch. */
  readonly since: number;
}
