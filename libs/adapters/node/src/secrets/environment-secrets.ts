import { GatewayError, SecretBuffer, type SecretProvider } from '@omni/ports';

export interface EnvironmentSecretsOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /**
   * Begins the names of variables that hold secrets: with `OMNI_SECRET_` the secret `db/password#user` is
   * `OMNI_SECRET_DB_PASSWORD_USER`. Absent: names are those of variables.
   */
  readonly prefix?: string;
}

/** Secrets in variables of the environment. */
export class EnvironmentSecrets implements SecretProvider {
  readonly #environment: EnvironmentSecretsOptions['environment'];
  readonly #prefix: string | undefined;

  constructor({ environment, prefix }: EnvironmentSecretsOptions) {
    this.#environment = environment;
    this.#prefix = prefix;
  }

  getName(): string {
    return 'environment';
  }

  isAvailable(): Promise<boolean> {
    return Promise.resolve(true);
  }

  resolve(name: string): Promise<SecretBuffer | undefined> {
    const variable = this.#variableOf(name);
    const value = Object.hasOwn(this.#environment, variable) ? this.#environment[variable] : undefined;
    return Promise.resolve(value === undefined || value === '' ? undefined : SecretBuffer.of(value));
  }

  store(): Promise<void> {
    return Promise.reject(readOnly());
  }

  delete(): Promise<boolean> {
    return Promise.reject(readOnly());
  }

  /** Empty: names of variables do not say which are secrets, nor what their secrets are called. */
  list(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  #variableOf(name: string): string {
    if (this.#prefix === undefined) return name;
    return this.#prefix + name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');
  }
}

function readOnly(): GatewayError {
  return new GatewayError('OMNI_SECRET_READ_ONLY', 'The environment of a running program takes no secrets', {
    hint: 'Set the variable where Omni is started.',
  });
}
