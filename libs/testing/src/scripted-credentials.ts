import type { CredentialProvider, CredentialValues } from '@omni/ports';

/** What a test has for one upstream; nothing where it says nothing. */
export interface ScriptedValues {
  readonly headers?: CredentialValues;
  readonly environment?: CredentialValues;
}

const NO_VALUES: CredentialValues = Object.freeze({});

/** Credentials that a test changes. */
export class ScriptedCredentials implements CredentialProvider {
  /** Headers that were refused, in order. */
  readonly refused: CredentialValues[] = [];
  /** What a refusal leads to. Default: there is nobody to ask. */
  onRefused: ((upstream: string, signal: AbortSignal) => Promise<void>) | undefined;
  readonly #values = new Map<string, ScriptedValues>();
  readonly #listeners = new Set<(upstream: string) => void>();

  /** How many listen to changes. */
  get listeners(): number {
    return this.#listeners.size;
  }

  /** Changes what is named, and tells it. */
  set(upstream: string, values: ScriptedValues): void {
    this.#values.set(upstream, { ...this.#values.get(upstream), ...values });
    for (const listener of [...this.#listeners]) listener(upstream);
  }

  headers(upstream: string): CredentialValues {
    return this.#values.get(upstream)?.headers ?? NO_VALUES;
  }

  environment(upstream: string): CredentialValues {
    return this.#values.get(upstream)?.environment ?? NO_VALUES;
  }

  refresh(upstream: string, refused: CredentialValues, signal: AbortSignal): Promise<void> | undefined {
    this.refused.push(refused);
    return this.onRefused?.(upstream, signal);
  }

  subscribe(listener: (upstream: string) => void): () => void {
    // Two subscriptions of one function are two.
    const own = (upstream: string): void => listener(upstream);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }
}
