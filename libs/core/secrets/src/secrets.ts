import {
  type AuditSink,
  callForeign,
  type Clock,
  type ComponentStatus,
  GatewayError,
  type Logger,
  type Metrics,
  type Millis,
  type SecretBuffer,
  type SecretProvider,
  type SecretReference,
  secretReferenceText,
  silentAudit,
  shownReference,
  silentLogger,
  type StatusLevel,
} from '@omni/ports';
import { AccessLog, type Hits, type SecretConsumer } from './access/access-log.ts';
import { KeptSecret, type ReadOptions, type ReadSecret } from './access/kept-secret.ts';
import { secretMeter } from './access/secret-metrics.ts';
import { refusalOf, type SecretRules, type SecretUser } from './access/secret-rules.ts';
import { type AskOptions, askRoute } from './providers/provider-chain.ts';
import { SecretRoutes, type SecretRoutesOptions } from './providers/secret-routes.ts';

export interface SecretsOptions extends SecretRoutesOptions {
  readonly clock: Clock;
  /** Told every access. Default: nobody. */
  readonly audit?: AuditSink;
  /** Default: nothing is measured. */
  readonly metrics?: Metrics;
  /** Default: nothing is logged. */
  readonly logger?: Pick<Logger, 'warn'>;
  /** Where secrets may go. Default: everywhere. */
  readonly rules?: SecretRules;
  /** How long a value is used before it is read again, in milliseconds. Default: 300,000. */
  readonly ttlMs?: number;
  /**
   * How long a running server keeps a value that cannot be read again, in milliseconds. Default: 86,400,000.
   */
  readonly maxStaleMs?: number;
  /** Longest wait for one provider, in milliseconds. Default: 5,000. */
  readonly timeoutMs?: number;
}

/** A secret that somebody relies on: read again when it is old, or when its provider tells of a change. */
export interface WatchedSecret {
  /** The value in force; `undefined` when there is none, or it could not be read. Counts as an access. */
  readonly text: string | undefined;
  /** Why it could not be read last time. */
  readonly failure: GatewayError | undefined;
  /** Settles when it has been read once, with a value or without. */
  readonly ready: Promise<void>;
  /** Reads it again, however fresh it is. */
  refresh(): Promise<void>;
  close(): void;
}

/** Shorter ones stand in harmless text too often: whoever has such a secret is warned. */
export const MIN_MASKED_LENGTH = 8;
const DEFAULTS = { ttlMs: 300_000, maxStaleMs: 86_400_000, timeoutMs: 5_000 };
/** A value of a provider that stands in is asked for again soon. */
const FALLBACK_TTL_MS = 30_000;

/**
 * All secrets: who may have which, where they are read, how long they are kept, and who is told.
 *
 * Values are kept until {@link SecretsOptions.ttlMs} is over and zeroed then.
 */
export class Secrets {
  readonly #routes: SecretRoutes;
  readonly #clock: Clock;
  readonly #logger: Pick<Logger, 'warn'>;
  readonly #log: AccessLog;
  readonly #rules: SecretRules;
  readonly #ask: AskOptions;
  readonly #ttlMs: number;
  readonly #maxStaleMs: number;
  readonly #kept = new Map<string, KeptSecret>();
  readonly #unsubscribe: readonly (() => void)[];
  #status: { readonly level: StatusLevel; readonly since: Millis };

  constructor(options: SecretsOptions) {
    const { clock, audit = silentAudit, logger = silentLogger, rules = {}, metrics } = options;
    const { ttlMs, maxStaleMs, timeoutMs } = { ...DEFAULTS, ...options };
    this.#routes = new SecretRoutes(options);
    this.#clock = clock;
    this.#logger = logger;
    this.#log = new AccessLog(audit, clock);
    this.#rules = rules;
    this.#ttlMs = ttlMs;
    this.#maxStaleMs = maxStaleMs;
    this.#status = { level: 'ok', since: clock.now() };
    this.#ask = { clock, timeoutMs, meter: secretMeter(metrics) };
    this.#unsubscribe = this.#routes.providers.map(
      (provider) => provider.subscribe?.(() => void this.#outdate([provider])) ?? (() => {}),
    );
  }

  /** All providers, each once. */
  get providers(): readonly SecretProvider[] {
    return this.#routes.providers;
  }

  /** Why somebody may not use a secret; `undefined` when it may. */
  refusalOf(reference: SecretReference, user: SecretUser): string | undefined {
    const schemes = this.#routes.schemesOf(reference);
    return refusalOf(this.#rules, { name: reference.name, schemes }, user);
  }

  /**
   * The value, from the cache or from its provider.
   *
   * @returns The caller's own, to be disposed.
   * @throws {@link GatewayError} `OMNI_SECRET_DENIED`, `OMNI_SECRET_UNKNOWN`, `OMNI_SECRET_UNAVAILABLE`,
   * `OMNI_SECRET_CORRUPT`, `OMNI_SECRET_KEY_MISSING`.
   */
  async resolve(reference: SecretReference, user: SecretUser): Promise<SecretBuffer> {
    this.#admit(reference, user);
    const kept = this.#of(reference, user.id);
    if (kept.isFresh && kept.failure === undefined) this.#log.hits(reference, user.id).add();
    const secret = await kept.get();
    if (secret === undefined) throw unknownSecret(reference);
    return secret.copy();
  }

  /**
   * Keeps a secret up to date for somebody that uses it for long.
   *
   * @param onChange - Called when the value is another one, or gone.
   * @throws {@link GatewayError} `OMNI_SECRET_DENIED`.
   */
  watch(reference: SecretReference, user: SecretUser, onChange: () => void): WatchedSecret {
    this.#admit(reference, user);
    const kept = this.#of(reference, user.id);
    return new Watched(kept, this.#log.hits(reference, user.id), {
      onChange: () =>
        callForeign(onChange, (error) =>
          this.#logger.warn({ error }, 'a listener for changes of a secret has failed'),
        ),
      onShort: () =>
        this.#logger.warn(
          { secret: secretReferenceText(reference), user: user.id },
          `a secret has fewer than ${MIN_MASKED_LENGTH} characters: it is not masked in what servers print`,
        ),
    });
  }

  /** Something may be other now: what is watched is read again, the rest is forgotten. */
  async refresh(): Promise<void> {
    await this.#outdate(this.providers);
  }

  /**
   * Whether `${SECRET:name}` is this value: for who has it already, so that no rule counts.
   *
   * @returns `undefined` where there is none.
   * @throws {@link GatewayError} As {@link resolve}, where it cannot be read.
   */
  async isKept(name: string, value: SecretBuffer, user: SecretUser): Promise<boolean | undefined> {
    const kept = await this.#of({ scheme: 'SECRET', name }, user.id).get();
    return kept?.equals(value);
  }

  /**
   * Keeps a value in the first provider of the chain that takes it.
   *
   * @returns The name of the provider.
   * @throws {@link GatewayError} `OMNI_SECRET_READ_ONLY` when none does; that of the provider otherwise.
   */
  async store(name: string, value: SecretBuffer, user: SecretUser): Promise<string> {
    const provider = await this.#firstOf((one) => one.store(name, value));
    this.#log.record({ scheme: 'SECRET', name }, user.id, { kind: 'stored', provider: provider.getName() });
    await this.#outdate([provider]);
    return provider.getName();
  }

  /**
   * Forgets a secret wherever in the chain it is kept.
   *
   * @returns The names of the providers that had it.
   */
  async delete(name: string, user: SecretUser): Promise<readonly string[]> {
    const from: string[] = [];
    for (const provider of this.#routes.chain) {
      const isGone = await provider.delete(name).catch(readOnlyAs(false));
      if (!isGone) continue;
      from.push(provider.getName());
      this.#log.record({ scheme: 'SECRET', name }, user.id, {
        kind: 'deleted',
        provider: provider.getName(),
      });
    }
    await this.#outdate(this.#routes.chain);
    return from;
  }

  /** Whether what is in use could be read. */
  getStatus(): ComponentStatus {
    const failed = [...this.#kept.values()].filter(({ failure }) => failure !== undefined);
    const level = failed.length === 0 ? 'ok' : 'warn';
    if (level !== this.#status.level) this.#status = { level, since: this.#clock.now() };
    return {
      ...this.#status,
      details: { kept: this.#kept.size, failed: failed.length },
      ownerDetails: { failed: failed.map(({ reference }) => secretReferenceText(reference)) },
    };
  }

  /** Writes down what was counted, and zeroes everything. */
  dispose(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#log.flush();
    for (const kept of [...this.#kept.values()]) kept.close();
  }

  #admit(reference: SecretReference, user: SecretUser): void {
    const reason = this.refusalOf(reference, user);
    if (reason === undefined) return;
    this.#log.record(reference, user.id, { kind: 'refused', reason });
    // Clients are told the message: who else may have it is for the audit.
    throw new GatewayError(
      'OMNI_SECRET_DENIED',
      `Not allowed by secrets.rules: ${shownReference(reference)} for ${user.id}`,
    );
  }

  /** What some of these providers may have been asked for. */
  async #outdate(providers: readonly SecretProvider[]): Promise<void> {
    const isAsked = (kept: KeptSecret): boolean => {
      const { links = [], fallback = [] } = this.#routes.routeOf(kept.reference) ?? {};
      return [...links, ...fallback].some(({ provider }) => providers.includes(provider));
    };
    await Promise.all([...this.#kept.values()].filter(isAsked).map((kept) => kept.outdate()));
  }

  /** @param consumer - In whose name it is read if it is not there. */
  #of(reference: SecretReference, consumer: SecretConsumer): KeptSecret {
    const key = secretReferenceText(reference);
    let kept = this.#kept.get(key);
    if (kept === undefined) {
      kept = new KeptSecret({
        reference,
        clock: this.#clock,
        maxStaleMs: this.#maxStaleMs,
        read: (options) => this.#read(reference, consumer, options),
        onEmpty: () => void this.#kept.delete(key),
      });
      this.#kept.set(key, kept);
    }
    return kept;
  }

  async #read(
    reference: SecretReference,
    consumer: SecretConsumer,
    { mayFallBack }: ReadOptions,
  ): Promise<ReadSecret> {
    const route = this.#routes.routeOf(reference);
    try {
      if (route === undefined)
        throw new GatewayError(
          'OMNI_SECRET_UNAVAILABLE',
          `There is no provider for \${${reference.scheme}:…}`,
          {
            hint: `Configure one under "secrets", or write another reference.`,
          },
        );
      const found = await askRoute(mayFallBack ? route : { ...route, fallback: [] }, this.#ask);
      if (found === undefined) {
        this.#log.record(reference, consumer, { kind: 'failed', code: 'OMNI_SECRET_UNKNOWN' });
        return { secret: undefined, ttlMs: this.#ttlMs };
      }
      const { secret, provider, insteadOf } = found;
      if (insteadOf === undefined) {
        this.#log.record(reference, consumer, { kind: 'resolved', provider });
        return { secret, ttlMs: this.#ttlMs };
      }
      this.#log.record(reference, consumer, { kind: 'fallback', provider, insteadOf: insteadOf.message });
      this.#logger.warn(
        { secret: secretReferenceText(reference), provider, reason: insteadOf.message },
        'a secret is read from the provider that stands in',
      );
      return { secret, ttlMs: Math.min(this.#ttlMs, FALLBACK_TTL_MS), isStandIn: true };
    } catch (error) {
      const failure = GatewayError.from(error);
      this.#log.record(reference, consumer, { kind: 'failed', code: failure.code });
      throw failure;
    }
  }

  async #firstOf(act: (provider: SecretProvider) => Promise<void>): Promise<SecretProvider> {
    for (const provider of this.#routes.chain) {
      const isDone = await act(provider).then(() => true, readOnlyAs(false));
      if (isDone) return provider;
    }
    throw new GatewayError('OMNI_SECRET_READ_ONLY', 'No provider of secrets.chain takes secrets');
  }
}

interface WatchedListener {
  onChange(): void;
  /** A value is too short to be masked. */
  onShort(): void;
}

class Watched implements WatchedSecret {
  readonly ready: Promise<void>;
  readonly #kept: KeptSecret;
  readonly #hits: Hits;
  readonly #listener: WatchedListener;
  readonly #unwatch: () => void;
  /** Made once for each value: a text cannot be zeroed, so that there should be few. */
  #text: string | undefined;
  #source: SecretBuffer | undefined;
  #flaw: GatewayError | undefined;

  constructor(kept: KeptSecret, hits: Hits, listener: WatchedListener) {
    this.#kept = kept;
    this.#hits = hits;
    this.#listener = listener;
    this.#unwatch = kept.watch(() => listener.onChange());
    this.ready = kept.isFresh ? Promise.resolve() : kept.read();
  }

  get text(): string | undefined {
    this.#hits.add();
    const { current } = this.#kept;
    if (current !== this.#source) this.#take(current);
    return this.#text;
  }

  get failure(): GatewayError | undefined {
    return this.#kept.failure ?? this.#flaw;
  }

  refresh(): Promise<void> {
    return this.#kept.outdate();
  }

  close(): void {
    this.#unwatch();
    this.#text = undefined;
    this.#source = undefined;
  }

  #take(source: SecretBuffer | undefined): void {
    this.#source = source;
    this.#flaw = undefined;
    try {
      this.#text = source?.text();
      // guard: secrets/short-warning
      if (this.#text !== undefined && this.#text.length < MIN_MASKED_LENGTH) this.#listener.onShort();
    } catch {
      this.#text = undefined;
      // Not as cause: what a decoder says may quote bytes.
      const { reference } = this.#kept;
      this.#flaw = new GatewayError('OMNI_SECRET_CORRUPT', `No text in UTF-8: ${shownReference(reference)}`);
    }
  }
}

/** Told where nobody has a value. */
export function unknownSecret(reference: SecretReference): GatewayError {
  return new GatewayError('OMNI_SECRET_UNKNOWN', `There is no value for ${shownReference(reference)}`);
}

/** For `catch`: a provider that takes nothing is passed over. */
function readOnlyAs<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof GatewayError && error.code === 'OMNI_SECRET_READ_ONLY') return value;
    throw error;
  };
}
