import type { SecretBuffer } from './secret-buffer.ts';

/**
 * Where secrets are kept (X002-03). It neither caches nor logs values; whoever asks does.
 *
 * Methods that ask fail with a {@link GatewayError}:
 *
 * - `OMNI_SECRET_UNAVAILABLE`: it cannot be asked now.
 * - `OMNI_SECRET_DENIED`: it does not allow it.
 * - `OMNI_SECRET_CORRUPT`: what is kept cannot be read.
 * - `OMNI_SECRET_KEY_MISSING`: what is kept is there, and its key is not.
 * - `OMNI_SECRET_READ_ONLY`: of {@link store} and {@link delete}, where secrets are put by other means.
 */
export interface SecretProvider {
  /** Short and stable, e.g. `vault`: for messages, metrics and audit. */
  getName(): string;
  /** Whether it can be asked now. Never throws. */
  isAvailable(): Promise<boolean>;
  /**
   * @param name - In the provider's own terms, e.g. `db/password#user`.
   * @returns The caller's own; `undefined` when there is no such secret.
   */
  resolve(name: string, signal: AbortSignal): Promise<SecretBuffer | undefined>;
  /** Keeps a value, in place of the one before; durable when it returns. It stays the caller's. */
  store(name: string, value: SecretBuffer): Promise<void>;
  /** @returns Whether it was there. */
  delete(name: string): Promise<boolean>;
  /** Names, sorted; empty where a provider cannot say them. */
  list(): Promise<readonly string[]>;
  /**
   * Absent where nobody tells of changes: values are read again when they have become old.
   *
   * @param listener - Something may be other now: values that are in use are read again.
   * @returns Ends it.
   */
  subscribe?(listener: () => void): () => void;
}
