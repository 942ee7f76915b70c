import { type Clock, GatewayError, type SecretBuffer, type SecretProvider } from '@omni/ports';
import type { SecretMeter } from '../access/secret-metrics.ts';

/** A provider, and what a reference is called there. */
export interface ChainLink {
  readonly provider: SecretProvider;
  readonly name: string;
}

/** Whom a reference asks. */
export interface ProviderRoute {
  /** In this order, while they have no such secret. */
  readonly links: readonly ChainLink[];
  /** Where one of the former cannot be asked. Empty: nobody may stand in for them. */
  readonly fallback: readonly ChainLink[];
}

/** What was found, and where. */
export interface FoundSecret {
  readonly secret: SecretBuffer;
  readonly provider: string;
  /** Set where the provider stood in for one that could not be asked. */
  readonly insteadOf?: GatewayError;
}

export interface AskOptions {
  readonly clock: Clock;
  readonly meter: SecretMeter;
  /** Longest wait for one provider. */
  readonly timeoutMs: number;
}

/**
 * Asks the providers of a route.
 *
 * One that cannot be asked is not passed over in silence: what stands behind it might be an older value. Only
 * those of `fallback` are asked then.
 *
 * @returns `undefined` when each was asked and none has it.
 * @throws {@link GatewayError} `OMNI_SECRET_…`, of the provider that could not be asked.
 */
export async function askRoute(route: ProviderRoute, options: AskOptions): Promise<FoundSecret | undefined> {
  for (const { provider, name } of route.links) {
    try {
      const secret = await ask({ provider, name }, options);
      if (secret !== undefined) return { secret, provider: provider.getName() };
    } catch (error) {
      return await askFallback(GatewayError.from(error), route.fallback, options);
    }
  }
  return undefined;
}

async function askFallback(
  failure: GatewayError,
  links: readonly ChainLink[],
  options: AskOptions,
): Promise<FoundSecret> {
  // Refused is refused: only what cannot be asked has a stand-in.
  // guard: secrets/fallback-of-refused
  if (failure.code !== 'OMNI_SECRET_UNAVAILABLE') throw failure;
  for (const { provider, name } of links) {
    const secret = await ask({ provider, name }, options).catch(() => undefined);
    if (secret === undefined) continue;
    options.meter.fellBack(provider.getName());
    return { secret, provider: provider.getName(), insteadOf: failure };
  }
  throw failure;
}

async function ask(
  { provider, name }: ChainLink,
  { clock, meter, timeoutMs }: AskOptions,
): Promise<SecretBuffer | undefined> {
  const startedMs = clock.monotonicMs();
  const abort = new AbortController();
  let cancelTimer = (): void => {};
  // Told who waits, but does not listen, is not waited for either.
  const late = new Promise<never>((_resolve, reject) => {
    cancelTimer = clock.after(timeoutMs, () => {
      reject(unavailable(provider, `did not answer within ${timeoutMs / 1_000} s`));
      abort.abort();
    });
  });
  try {
    const asked = provider.resolve(name, abort.signal);
    // An answer that nobody waits for any more is a secret all the same.
    void asked.then(
      (secret) => abort.signal.aborted && secret?.dispose(),
      () => {},
    );
    const secret = await Promise.race([asked, late]);
    meter.asked(provider.getName(), clock.monotonicMs() - startedMs, secret === undefined ? 'unknown' : 'ok');
    return secret;
  } catch (error) {
    const failure = asFailure(provider, error);
    meter.asked(provider.getName(), clock.monotonicMs() - startedMs, failure.code);
    throw failure;
  } finally {
    cancelTimer();
  }
}

/** What nobody foresaw counts as out of reach; its words may hold anything, and stay in `cause`. */
function asFailure(provider: SecretProvider, error: unknown): GatewayError {
  if (error instanceof GatewayError && error.code.startsWith('OMNI_SECRET_')) return error;
  return unavailable(provider, 'has failed', error);
}

function unavailable(provider: SecretProvider, what: string, cause?: unknown): GatewayError {
  return new GatewayError(
    'OMNI_SECRET_UNAVAILABLE',
    `The provider of secrets "${provider.getName()}" ${what}`,
    {
      ...(cause !== undefined && { cause }),
    },
  );
}
