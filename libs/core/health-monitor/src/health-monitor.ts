import {
  callForeign,
  silentLogger,
  systemClock,
  type Clock,
  type ComponentStatus,
  type Logger,
} from '@omni/ports';
import {
  rollUpLiveness,
  rollUpReadiness,
  type ComponentHealth,
  type HealthFacts,
  type HealthRollup,
} from './health-rollup.ts';

/** A part of Omni that can say how it is. */
export interface HealthComponent {
  /** Unique, e.g. `upstream:github`; registering a name again replaces the component. */
  readonly name: string;
  readonly critical: boolean;
  /** Answers at once, from what is known already. One that throws counts as `error`. */
  getStatus(): ComponentStatus;
}

export type HealthListener = (readiness: HealthRollup) => void;

export interface HealthMonitorOptions {
  /** Default: the system's. */
  readonly clock?: Pick<Clock, 'now'>;
  /** Default: nothing is logged. */
  readonly logger?: Pick<Logger, 'error'>;
}

interface Registered {
  readonly component: HealthComponent;
  /** When its `getStatus` began to throw; `undefined` while it answers. */
  throwingSince: number | undefined;
}

/**
 * Rolls the statuses of all components up to readiness and liveness (S003-HM-01, S003-HM-02).
 *
 * Components are asked whenever somebody looks; nothing runs in between. Starts as not accepting, so that
 * nothing is called ready before it is.
 */
export class HealthMonitor {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #logger: Pick<Logger, 'error'>;
  readonly #registered = new Map<string, Registered>();
  readonly #listeners = new Set<{ readonly tell: HealthListener }>();
  #isAccepting = false;
  #fatal: string | undefined;
  #announced: string;

  constructor(options: HealthMonitorOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? silentLogger;
    this.#announced = fingerprint(this.getReadiness());
  }

  getReadiness(): HealthRollup {
    return rollUpReadiness(this.#facts());
  }

  getLiveness(): HealthRollup {
    return rollUpLiveness(this.#facts());
  }

  /**
   * @param listener - Called with the readiness when readiness, liveness or any component's level has
   * changed, not when only details have. What it throws is logged, and reaches nobody.
   * @returns Ends the subscription.
   */
  on(_event: 'statusChanged', listener: HealthListener): () => void {
    const subscription = { tell: listener };
    this.#listeners.add(subscription);
    return () => void this.#listeners.delete(subscription);
  }

  /** @returns Takes the component out again; does nothing when another has taken its name. */
  register(component: HealthComponent): () => void {
    const registered: Registered = { component, throwingSince: undefined };
    this.#registered.set(component.name, registered);
    this.refresh();
    return () => {
      if (this.#registered.get(component.name) !== registered) return;
      this.#registered.delete(component.name);
      this.refresh();
    };
  }

  /** Looks at all components and announces what has changed. Components, or whoever owns a timer, call it. */
  refresh(): void {
    const readiness = this.getReadiness();
    const seen = fingerprint(readiness);
    if (seen === this.#announced) return;
    this.#announced = seen;
    // guard: health/listener
    for (const { tell } of this.#listeners) callForeign(() => tell(readiness), this.#onListenerFailed);
  }

  /** `true` once the start is complete, `false` as soon as stopping begins. */
  setAccepting(isAccepting: boolean): void {
    this.#isAccepting = isAccepting;
    this.refresh();
  }

  /**
   * Reports that the runtime cannot recover: liveness is off for good, and readiness with it.
   *
   * @param reason - For an operator; free of secrets.
   */
  setFatal(reason: string): void {
    this.#fatal ??= reason;
    this.refresh();
  }

  readonly #onListenerFailed = (error: unknown): void =>
    this.#logger.error({ error }, 'a listener for changes of the status has failed');

  #facts(): HealthFacts {
    return {
      isAccepting: this.#isAccepting,
      fatal: this.#fatal,
      components: [...this.#registered.values()].map((registered) => this.#look(registered)),
    };
  }

  #look(registered: Registered): ComponentHealth {
    const { name, critical } = registered.component;
    try {
      const status = registered.component.getStatus();
      const { level, since } = status;
      registered.throwingSince = undefined;
      return {
        name,
        critical,
        level,
        since,
        // Most looks are at levels; details may be long.
        get details() {
          return status.details;
        },
        get ownerDetails() {
          return status.ownerDetails;
        },
      };
    } catch {
      // A broken component must not take the health page down with it. What was thrown may hold anything, so
      // it is not repeated.
      registered.throwingSince ??= this.#clock.now();
      return {
        name,
        critical,
        level: 'error',
        details: { problem: 'getStatus failed' },
        since: registered.throwingSince,
      };
    }
  }
}

function fingerprint(readiness: HealthRollup): string {
  const components = readiness.components.map(({ name, critical, level }) => [name, critical, level]);
  return JSON.stringify([readiness.ready, readiness.live, readiness.level, readiness.reason, components]);
}
