/** How well a component is. `unknown` is said when nobody has looked yet, never `ok`. */
export type StatusLevel = 'ok' | 'warn' | 'error' | 'unknown';

/** What a component says of itself (seed 003, "Health Monitoring and Status"). */
export interface ComponentStatus {
  readonly level: StatusLevel;
  /** Facts for an operator; free of secrets. */
  readonly details: Readonly<Record<string, unknown>>;
  /** When the level was last entered: milliseconds since the epoch. */
  readonly since: number;
}
