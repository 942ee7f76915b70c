import {
  callForeign,
  silentLogger,
  systemClock,
  type Clock,
  type ComponentStatus,
  type CancelTimer,
  type Logger,
  type Millis,
} from '@omni/ports';
import {
  counts,
  rollUpLiveness,
  rollUpReadiness,
  type ComponentHealth,
  type HealthFacts,
  type HealthRollup,
  type ReadinessScope,
} from './health-rollup.ts';
import { Scorecard } from './scorecard.ts';

/** A part of Omni that can say how it is. */
export interface HealthComponent {
  /** Unique, e.g. `upstream:github`; registering a name again replaces the component. */
  readonly name: string;
  readonly critical: boolean;
  /** The server that it is the status of; absent for Omni's own parts. */
  readonly server?: string;
  /** Answers at once, from what is known already. One that throws counts as `error`. */
  getStatus(): ComponentStatus;
  /** Looks anew; resolves when that is known. Absent where {@link getStatus} is never behind. */
  probe?(): Promise<void>;
  /** Whether what {@link getStatus} says was found out too long ago. Absent: it never was. */
  isOutdated?(): boolean;
}

export type HealthListener = (readiness: HealthRollup) => void;

export interface HealthMonitorOptions {
  /** Default: the system's. */
  readonly clock?: Pick<Clock, 'now' | 'after'>;
  /** Default: nothing is logged. */
  readonly logger?: Pick<Logger, 'error'>;
  /** From one look at all components to the next, beside those asked for; 0: none. Default: 5,000. */
  readonly sampleMs?: Millis;
}

const DEFAULT_SAMPLE_MS = 5_000;

interface Registered {
  readonly component: HealthComponent;
  readonly scorecard: Scorecard;
  /** When its `getStatus` began to throw; `undefined` while it answers. */
  throwingSince: number | undefined;
}

/**
 * Rolls the statuses of all components up to readiness and liveness (S003-HM-01, S003-HM-02).
 *
 * Components are asked whenever somebody looks, and every few seconds between {@link start} and {@link stop},
 * so that what changes without a word is announced, too. Starts as not accepting, so that nothing is called
 * ready before it is.
 */
export class HealthMonitor {
  readonly #clock: Pick<Clock, 'now' | 'after'>;
  readonly #sampleMs: Millis;
  readonly #logger: Pick<Logger, 'error'>;
  readonly #registered = new Map<string, Registered>();
  readonly #listeners = new Set<{ readonly tell: HealthListener }>();
  #isAccepting = false;
  #fatal: string | undefined;
  #announced: string;
  #cancelSample: CancelTimer | undefined;

  constructor(options: HealthMonitorOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? silentLogger;
    this.#sampleMs = options.sampleMs ?? DEFAULT_SAMPLE_MS;
    this.#announced = fingerprint(this.getReadiness());
  }

  /** @param scope - What readiness depends on. Default: `critical`. */
  getReadiness(scope?: ReadinessScope): HealthRollup {
    return rollUpReadiness(this.#facts(), scope);
  }

  /** Begins to look by itself, until {@link stop}. @param signal - Ends it as well. */
  start(signal?: AbortSignal): void {
    if (this.#sampleMs === 0 || this.#cancelSample !== undefined) return;
    signal?.addEventListener('abort', () => this.stop(), { once: true });
    const sample = (): void => {
      this.refresh();
      this.#cancelSample = this.#clock.after(this.#sampleMs, sample);
    };
    this.#cancelSample = this.#clock.after(this.#sampleMs, sample);
  }

  stop(): void {
    this.#cancelSample?.();
    this.#cancelSample = undefined;
  }

  /**
   * Lets all components look anew that can.
   *
   * @param deadlineMs - How long they are waited for at most.
   */
  async probe(deadlineMs: Millis): Promise<void> {
    await this.#probe([...this.#registered.values()], deadlineMs);
  }

  /**
   * Lets those components look anew on which readiness of this scope depends, and of which what is known is
   * too old.
   *
   * @param deadlineMs - How long they are waited for at most.
   * @returns `undefined` where all that is known is young enough.
   */
  probeOutdated(scope: ReadinessScope | undefined, deadlineMs: Millis): Promise<void> | undefined {
    const outdated = [...this.#registered.values()].filter(
      ({ component }) => counts(component, scope ?? 'critical') && component.isOutdated?.() === true,
    );
    return outdated.length === 0 ? undefined : this.#probe(outdated, deadlineMs);
  }

  async #probe(registered: readonly Registered[], deadlineMs: Millis): Promise<void> {
    const probes = registered.map(async ({ component }) => {
      try {
        await component.probe?.();
      } catch (error) {
        this.#logger.error({ error, component: component.name }, 'a component could not be probed');
      }
    });
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(deadlineMs, resolve);
      void Promise.all(probes).then(() => {
        cancel();
        resolve();
      });
    });
    this.refresh();
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
    const registered: Registered = {
      component,
      scorecard: new Scorecard('unknown', this.#clock.now()),
      throwingSince: undefined,
    };
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
    const { component, scorecard } = registered;
    const { name, critical, server } = component;
    const clock = this.#clock;
    const status = this.#statusOf(registered);
    const { level, since } = status;
    scorecard.see(level, clock.now());
    return {
      name,
      critical,
      level,
      since,
      ...(server !== undefined && { server }),
      // Most looks are at levels; the rest may be long.
      get details() {
        return status.details;
      },
      get ownerDetails() {
        return status.ownerDetails;
      },
      get scorecard() {
        return scorecard.facts(clock.now());
      },
    };
  }

  #statusOf(registered: Registered): ComponentStatus {
    try {
      const status = registered.component.getStatus();
      registered.throwingSince = undefined;
      return status;
    } catch {
      // A broken component must not take the health page down with it. What was thrown may hold anything, so
      // it is not repeated.
      registered.throwingSince ??= this.#clock.now();
      return { level: 'error', details: { problem: 'getStatus failed' }, since: registered.throwingSince };
    }
  }
}

function fingerprint(readiness: HealthRollup): string {
  const components = readiness.components.map(({ name, critical, level }) => [name, critical, level]);
  return JSON.stringify([readiness.ready, readiness.live, readiness.level, readiness.reason, components]);
}
