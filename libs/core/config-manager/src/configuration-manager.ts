import { callForeign, GatewayError, silentLogger, type Logger } from '@omni/ports';

/** Ends a subscription. Calling it again does nothing. */
export type Unsubscribe = () => void;

/** What parts that live by a configuration may do with it (S003-CF-03). */
export interface ConfigAccessor<Configuration> {
  /** The one in force: the same object until another one is. */
  effective(): Configuration;
  /**
   * @param onChange - Called with each new configuration, in the order of subscription. What it throws is
   * logged, and reaches nobody.
   */
  subscribe(onChange: (configuration: Configuration) => void): Unsubscribe;
  /**
   * Asks somebody before a configuration comes into force: the first who throws keeps all of it out.
   *
   * @param check - Called with each candidate, in the order of subscription.
   */
  guard(check: (candidate: Configuration) => void): Unsubscribe;
}

/** The configuration in force, and word of its changes. */
export class ConfigurationManager<Configuration> implements ConfigAccessor<Configuration> {
  readonly #listeners = new Set<(configuration: Configuration) => unknown>();
  readonly #checks = new Set<(candidate: Configuration) => void>();
  readonly #logger: Pick<Logger, 'error'>;
  #effective: Configuration;

  /** @param logger - Told of subscribers that fail. Default: nothing is logged. */
  constructor(configuration: Configuration, logger: Pick<Logger, 'error'> = silentLogger) {
    this.#effective = configuration;
    this.#logger = logger;
  }

  effective(): Configuration {
    return this.#effective;
  }

  subscribe(onChange: (configuration: Configuration) => void): Unsubscribe {
    const listener = (configuration: Configuration): unknown => onChange(configuration);
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  guard(check: (candidate: Configuration) => void): Unsubscribe {
    const own = (candidate: Configuration): void => check(candidate);
    this.#checks.add(own);
    return () => void this.#checks.delete(own);
  }

  /** @throws {@link GatewayError} `OMNI_CONFIG_REFUSED` where somebody keeps the candidate out. */
  check(candidate: Configuration): void {
    for (const check of [...this.#checks]) {
      try {
        check(candidate);
      } catch (cause) {
        // guard: configuration/veto
        throw new GatewayError('OMNI_CONFIG_REFUSED', refusalText(cause), { cause });
      }
    }
  }

  /** Puts a validated configuration in force, then tells the subscribers. */
  replace(configuration: Configuration): void {
    this.#effective = configuration;
    const listeners = [...this.#listeners]; // who subscribes meanwhile reads effective()
    for (const listener of listeners) {
      // guard: configuration/listener
      callForeign(
        () => listener(configuration),
        (error) => this.#logger.error({ error }, 'a listener for changes of the configuration has failed'),
      );
    }
  }
}

function refusalText(cause: unknown): string {
  const reason = cause instanceof GatewayError ? `: ${cause.message}` : '';
  return `A part of Omni does not take this configuration${reason}`;
}
