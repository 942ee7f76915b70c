/** Ends a subscription. Calling it again does nothing. */
export type Unsubscribe = () => void;

/** The configuration in force, and word of its changes (S003-CF-03). */
export class ConfigurationManager<Configuration> {
  readonly #listeners = new Set<(configuration: Configuration) => void>();
  #effective: Configuration;

  constructor(configuration: Configuration) {
    this.#effective = configuration;
  }

  /** The same object until {@link replace} is called. */
  effective(): Configuration {
    return this.#effective;
  }

  /** @param onChange - Called with each new configuration, in the order of subscription; must not throw. */
  subscribe(onChange: (configuration: Configuration) => void): Unsubscribe {
    const listener = (configuration: Configuration): void => onChange(configuration);
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Puts a validated configuration in force, then tells the subscribers. */
  replace(configuration: Configuration): void {
    this.#effective = configuration;
    const listeners = [...this.#listeners]; // who subscribes meanwhile reads effective()
    for (const listener of listeners) listener(configuration);
  }
}
