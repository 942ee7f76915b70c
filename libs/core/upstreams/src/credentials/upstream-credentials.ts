import type { Clock, CredentialProvider, CredentialValues, Logger, UpstreamSpec } from '@omni/ports';
import { safeExcerpt } from '../connection/safe-excerpt.ts';
import { SecretHistory } from './secret-history.ts';

export interface UpstreamCredentialsOptions {
  readonly spec: UpstreamSpec;
  readonly credentials: CredentialProvider;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A provider that takes longer has none: what was refused waits for it. */
const RENEWAL_MS = 10_000;

/** What proves Omni to one upstream: the configured values, and those of the provider over them. */
export class UpstreamCredentials {
  readonly upstream: string;
  readonly #options: UpstreamCredentialsOptions;
  readonly #secrets: SecretHistory;
  readonly #headers: LayeredValues;
  readonly #environment: LayeredValues;
  /** The question for newer headers that is under way. */
  #renewal: Promise<void> | undefined;
  #abort: AbortController | undefined;
  #isKept = false;

  constructor(options: UpstreamCredentialsOptions) {
    const { spec } = options;
    const { transport } = spec;
    this.#options = options;
    this.upstream = spec.name;
    this.#secrets = new SecretHistory(spec.secretValues);
    const onNew = (values: CredentialValues): void => {
      this.#secrets.remember(values);
      // Nobody may ask what is secret before there are others.
      this.#rememberTold();
    };
    const headers = 'headers' in transport ? transport.headers : {};
    this.#headers = new LayeredValues(headers, /* guard: credentials/header-case */ isSameHeader, onNew);
    this.#environment = new LayeredValues('env' in transport ? transport.env : {}, Object.is, onNew);
  }

  /** The headers in force: the same object until one of them changes. */
  get headers(): CredentialValues {
    if (this.#isKept) return this.#headers.latest;
    return this.#headers.under(this.#options.credentials.headers(this.upstream));
  }

  /** The environment in force, likewise. */
  get environment(): CredentialValues {
    if (this.#isKept) return this.#environment.latest;
    return this.#environment.under(this.#options.credentials.environment(this.upstream));
  }

  /**
   * Values that must never be printed: of the configuration, those in force, and those that were; longest
   * first.
   */
  get secretValues(): readonly string[] {
    // What is in force may not have been asked for yet.
    void this.headers;
    void this.environment;
    this.#rememberTold();
    return this.#secrets.values;
  }

  /** Another definition has the name by now: what the provider has is for that one. */
  keep(): void {
    // guard: credentials/kept-by-retired
    this.#isKept = true;
  }

  /** The configuration names other secrets by now. */
  know(secretValues: readonly string[]): void {
    this.#secrets.know(secretValues);
  }

  /** Whether headers or an environment that were in force are so no longer. */
  isOutdated(values: CredentialValues): boolean {
    return values !== this.headers && values !== this.environment;
  }

  /**
   * The upstream has refused headers that were in force.
   *
   * @returns Whether there are others by now, or will be.
   */
  renew(refused: CredentialValues): boolean | Promise<boolean> {
    if (this.headers !== refused) return true;
    this.#renewal = /* guard: credentials/asked-once */ this.#renewal ?? this.#ask();
    if (this.#renewal === undefined) return false;
    return this.#renewal.then(() => /* guard: credentials/unchanged */ this.headers !== refused);
  }

  /** Nobody waits for newer headers any more. */
  stop(): void {
    this.#abort?.abort();
  }

  #rememberTold(): void {
    if (this.#isKept) return;
    const told = this.#options.credentials.secretValues?.(this.upstream);
    if (told !== undefined) this.#secrets.rememberSecrets(told);
  }

  #ask(): Promise<void> | undefined {
    if (this.#isKept) return undefined;
    const { credentials: provider, clock } = this.#options;
    const abort = new AbortController();
    let asked: Promise<void> | undefined;
    try {
      asked = provider.refresh(this.upstream, provider.headers(this.upstream), abort.signal);
    } catch (error) {
      this.#warn(error instanceof Error ? error.message : String(error));
    }
    if (asked === undefined) return undefined;
    this.#abort = abort;
    return new Promise((resolve) => {
      const finish = (): void => {
        if (this.#abort !== abort) return;
        this.#abort = undefined;
        this.#renewal = undefined;
        cancelTimer();
        resolve();
      };
      const cancelTimer = clock.after(RENEWAL_MS, () => {
        this.#warn(`there was no answer within ${RENEWAL_MS / 1_000} s`);
        // guard: credentials/renewal-time
        abort.abort();
      });
      abort.signal.addEventListener('abort', finish);
      asked.then(finish, (error: unknown) => {
        if (this.#abort === abort) this.#warn(error instanceof Error ? error.message : String(error));
        finish();
      });
    });
  }

  #warn(reason: string): void {
    this.#options.logger.warn(
      { upstream: this.upstream, reason: safeExcerpt(reason, this.secretValues) },
      'The credentials of the server could not be renewed',
    );
  }
}

/** Values with others over them; the same object until one of them changes. */
class LayeredValues {
  readonly #base: CredentialValues;
  readonly #isSameName: (a: string, b: string) => boolean;
  readonly #onNew: (values: CredentialValues) => void;
  #over: CredentialValues | undefined;
  #values: CredentialValues;

  constructor(
    base: CredentialValues,
    isSameName: (a: string, b: string) => boolean,
    onNew: (values: CredentialValues) => void,
  ) {
    this.#base = base;
    this.#isSameName = isSameName;
    this.#onNew = onNew;
    this.#values = base;
    onNew(base);
  }

  /** Those that were asked for last. */
  get latest(): CredentialValues {
    return this.#values;
  }

  under(over: CredentialValues): CredentialValues {
    if (over === this.#over) return this.#values;
    this.#over = over;
    const names = Object.keys(over);
    const kept = Object.entries(this.#base).filter(
      ([name]) => !names.some((other) => this.#isSameName(name, other)),
    );
    const values = { ...Object.fromEntries(kept), ...over };
    // The same values in another object are no change.
    if (hasSameValues(values, this.#values)) return this.#values;
    this.#values = values;
    this.#onNew(values);
    return values;
  }
}

function isSameHeader(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function hasSameValues(a: CredentialValues, b: CredentialValues): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
