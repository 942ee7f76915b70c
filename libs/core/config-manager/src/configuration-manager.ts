import { callForeign, silentLogger, type Logger } from '@omni/ports';

/** Ends a subscription. Calling it again does nothing. */
export type Unsubscribe = () => void;

/** The configuration in force, and word of its changes (S003-CF-03). */
export class ConfigurationManager<Configuration> {
  readonly #listeners = new Set<(configuration: Configuration) => unknown>();
  readonly #logger: Pick<Logger, 'error'>;
  #effective: Configuration;

  /** @param logger - Told of subscribers that fail. Default: nothing is logged. */
  constructor(configuration: Configuration, logger: Pick<Logger, 'error'> = silentLogger) {
    this.#effective = configuration;
    this.#logger = logger;
  }

  /** The same object until {@link replace} is called. */
  effective(): Configuration {
    return this.#effective;
  }

  /**
   * @param onChange - Called with each new configuration, in the order of subscription. What it throws is
   * logged, and reaches nobody.
   */
  subscribe(onChange: (configuration: Configuration) => void): Unsubscribe {
    const listener = (configuration: Configuration): unknown => onChange(configuration);
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
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
