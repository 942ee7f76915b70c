import type { ComponentStatus, StatusLevel } from '@omni/ports';
import type { ScorecardFacts } from './scorecard.ts';

/** A component's status as it was when somebody looked. */
export interface ComponentHealth extends ComponentStatus {
  readonly name: string;
  /** Whether readiness depends on it. */
  readonly critical: boolean;
  /** The server that it is the status of; absent for Omni's own parts. */
  readonly server?: string;
  /** Put together when somebody looks at it. */
  readonly scorecard: ScorecardFacts;
}

/**
 * What readiness depends on. `core`: the critical ones of Omni's own parts. `critical`: all critical
 * components. `all`: every component.
 */
export const READINESS_SCOPES = ['core', 'critical', 'all'] as const;
export type ReadinessScope = (typeof READINESS_SCOPES)[number];

/** The health of the whole, for one question: does it live, or is it ready. */
export interface HealthRollup {
  /** Whether requests may be sent here. */
  readonly ready: boolean;
  /** Whether the process is worth keeping; `false` asks the supervisor for a restart. */
  readonly live: boolean;
  /**
   * The answer in one word. Readiness: `ok` or `warn` exactly when `ready`. Liveness: `ok` exactly when
   * `live`, `error` otherwise.
   */
  readonly level: StatusLevel;
  /** Reasons, besides components, why the gateway is not ready or not live. */
  readonly reason: string | undefined;
  /** In the order of registration; empty for liveness, which depends on none. */
  readonly components: readonly ComponentHealth[];
}

/** What the roll-up is made from. */
export interface HealthFacts {
  /** Whether new work is taken: not before the start is complete, and not while stopping. */
  readonly isAccepting: boolean;
  /** Why the runtime cannot recover; `undefined` while it can. */
  readonly fatal: string | undefined;
  readonly components: readonly ComponentHealth[];
}

/**
 * Ready: alive, accepting, and every component that the scope counts `ok` or `warn`. What it does not count
 * lowers the level to `warn` at most.
 *
 * @param scope - Default: `critical`.
 */
export function rollUpReadiness(facts: HealthFacts, scope: ReadinessScope = 'critical'): HealthRollup {
  const { isAccepting, fatal, components } = facts;
  const live = fatal === undefined;
  const reason = fatal ?? (isAccepting ? undefined : 'not accepting work');
  const level = reason === undefined ? levelOf(components, scope) : 'error';
  return { ready: level === 'ok' || level === 'warn', live, level, reason, components };
}

/** Alive unless something fatal was reported: a sick upstream is no reason to restart Omni. */
export function rollUpLiveness(facts: HealthFacts): HealthRollup {
  const live = facts.fatal === undefined;
  return {
    ready: rollUpReadiness(facts).ready,
    live,
    level: live ? 'ok' : 'error',
    reason: facts.fatal,
    components: [],
  };
}

function levelOf(components: readonly ComponentHealth[], scope: ReadinessScope): StatusLevel {
  const counted = components.filter((component) => counts(component, scope));
  if (counted.some(({ level }) => level === 'error')) return 'error';
  if (counted.some(({ level }) => level === 'unknown')) return 'unknown';
  return components.every(({ level }) => level === 'ok') ? 'ok' : 'warn';
}

/** Whether readiness of this scope depends on the component. */
export function counts(
  { critical, server }: Pick<ComponentHealth, 'critical' | 'server'>,
  scope: ReadinessScope,
): boolean {
  switch (scope) {
    case 'core':
      return critical && server === undefined;
    case 'critical':
      return critical;
    case 'all':
      return true;
  }
}
