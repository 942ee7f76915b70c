import {
  type CancelTimer,
  type Clock,
  GatewayError,
  type SecretBuffer,
  type SecretReference,
} from '@omni/ports';

/** What was read: a value, or word that there is none. */
export interface ReadSecret {
  readonly secret: SecretBuffer | undefined;
  /** How long it may be used before it is read again. */
  readonly ttlMs: number;
  /** Whether it is of a provider that stands in for another one. */
  readonly isStandIn?: boolean;
}

export interface ReadOptions {
  /** Not where the provider's own value is in use: another one would take its place. */
  readonly mayFallBack: boolean;
}

export interface KeptSecretOptions {
  readonly reference: SecretReference;
  readonly clock: Clock;
  /** How long a value is used that cannot be read again, where somebody relies on it. */
  readonly maxStaleMs: number;
  /** Reads it; never called twice at a time. */
  readonly read: (options: ReadOptions) => Promise<ReadSecret>;
  /** There is nothing left to keep. */
  readonly onEmpty: () => void;
}

/** Told that the value is another one, or gone. */
export type SecretListener = () => void;

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

/**
 * One secret: read once for all that want it at a time, kept until it expires, zeroed then. Where somebody
 * watches it, it is read again instead, and kept for a while if it cannot be.
 */
export class KeptSecret {
  readonly #options: KeptSecretOptions;
  readonly #listeners = new Set<SecretListener>();
  #value:
    { readonly secret: SecretBuffer; readonly readAtMs: number; readonly isStandIn: boolean } | undefined;
  #freshUntilMs = 0;
  #reading: Promise<void> | undefined;
  /** What is being read may be older than what was told meanwhile. */
  #isOutdated = false;
  #failure: GatewayError | undefined;
  #retryMs = FIRST_RETRY_MS;
  #cancelTimer: CancelTimer | undefined;
  #isClosed = false;

  constructor(options: KeptSecretOptions) {
    this.#options = options;
  }

  get reference(): SecretReference {
    return this.#options.reference;
  }

  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  /** Why it could not be read last time. */
  get failure(): GatewayError | undefined {
    return this.#failure;
  }

  /** Whether it need not be read for who asks now. */
  get isFresh(): boolean {
    return this.#options.clock.monotonicMs() < this.#freshUntilMs;
  }

  /** The value in force, however old; `undefined` when there is none. It stays this object's. */
  get current(): SecretBuffer | undefined {
    return this.#value?.secret;
  }

  /**
   * The value as of now; `undefined` when there is none. It stays this object's.
   *
   * @throws {@link GatewayError} When it cannot be read: nobody gets a value that is too old here.
   */
  async get(): Promise<SecretBuffer | undefined> {
    if (!this.isFresh) await this.read();
    // What failed a moment ago is not tried again for each who asks.
    if (this.#failure !== undefined) throw this.#failure;
    return this.#value?.secret;
  }

  /** Reads it now, or waits for who does. Never throws: {@link failure} says it. */
  read(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#reading = /* guard: secrets/single-flight */ this.#reading ?? this.#readOnce();
    return this.#reading;
  }

  /** It may be another one by now. */
  outdate(): Promise<void> {
    this.#freshUntilMs = 0;
    this.#isOutdated = this.#reading !== undefined;
    if (this.isWatched) return this.read();
    this.#drop();
    return Promise.resolve();
  }

  watch(listener: SecretListener): () => void {
    const own = (): void => listener();
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
      if (!this.isWatched && !this.isFresh) this.#drop();
    };
  }

  /** Zeroes what is kept; it is not read again. */
  close(): void {
    this.#isClosed = true;
    this.#listeners.clear();
    this.#drop();
  }

  async #readOnce(): Promise<void> {
    const { clock, read } = this.#options;
    try {
      do {
        this.#isOutdated = false;
        this.#keep(await read({ mayFallBack: /* guard: secrets/in-use-in-an-outage */ !this.#isInUse }));
      } while (this.#isOutdated);
    } catch (error) {
      this.#fail(GatewayError.from(error));
    } finally {
      this.#reading = undefined;
    }
    if (this.#isClosed) this.#drop();
    else this.#rest(this.#freshUntilMs - clock.monotonicMs());
  }

  /** Whether somebody relies on a value of the provider itself that is not too old. */
  get #isInUse(): boolean {
    const { clock, maxStaleMs } = this.#options;
    if (this.#value === undefined || this.#value.isStandIn || !this.isWatched) return false;
    return clock.monotonicMs() - this.#value.readAtMs <= maxStaleMs;
  }

  #keep({ secret, ttlMs, isStandIn = false }: ReadSecret): void {
    const { clock } = this.#options;
    const readAtMs = clock.monotonicMs();
    const former = this.#value?.secret;
    this.#failure = undefined;
    this.#retryMs = FIRST_RETRY_MS;
    this.#freshUntilMs = readAtMs + ttlMs;
    if (secret !== undefined && former?.equals(secret) === true) {
      // Those who have made a text of it need no other one.
      secret.dispose();
      this.#value = { secret: former, readAtMs, isStandIn };
      return;
    }
    this.#value = secret === undefined ? undefined : { secret, readAtMs, isStandIn };
    former?.dispose();
    if (secret !== former) this.#tell();
  }

  #fail(failure: GatewayError): void {
    const { clock, maxStaleMs } = this.#options;
    this.#failure = failure;
    this.#freshUntilMs = clock.monotonicMs() + this.#retryMs;
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
    const { readAtMs = 0 } = this.#value ?? {};
    // guard: secrets/max-stale
    if (this.#value !== undefined && clock.monotonicMs() - readAtMs > maxStaleMs) this.#forget();
  }

  /** Until it is to be read again, or to go. */
  #rest(delayMs: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#options.clock.after(Math.max(0, delayMs), () => {
      if (this.isWatched) void this.read();
      else this.#drop();
    });
  }

  #forget(): void {
    const { secret } = this.#value ?? {};
    this.#value = undefined;
    secret?.dispose();
    this.#tell();
  }

  #drop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#freshUntilMs = 0;
    if (this.#reading !== undefined) return;
    // guard: secrets/zeroed-on-eviction
    this.#value?.secret.dispose();
    this.#value = undefined;
    this.#failure = undefined;
    this.#options.onEmpty();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
