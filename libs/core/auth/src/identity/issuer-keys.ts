import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import type { ComponentStatus } from '@omni/ports';
import { askProvider, isSecureAddress, type ProviderAccess, unavailable } from './ask-provider.ts';

export interface IssuerKeysOptions extends ProviderAccess {
  readonly issuer: string;
  /** Absent: as the metadata of the issuer say. */
  readonly jwksUrl?: string | undefined;
}

/** How old keys become before they are read again. */
const FRESH_MS = 600_000;
/** How long they count while they cannot be read again: tokens seldom live longer. */
const KEPT_MS = 3_600_000;
/** From one look for a key that nobody knows to the next, whoever asks. */
const UNKNOWN_KEY_MS = 30_000;
/** From a failure to the next attempt. */
const RETRY_MS = 5_000;

/** Keys that an issuer signs with: read when they are needed, by one request for all who wait. */
export class IssuerKeys {
  readonly #options: IssuerKeysOptions;
  #keys: JWTVerifyGetKey | undefined;
  #readMs = -Infinity;
  #triedMs = -Infinity;
  #lookedMs = -Infinity;
  #failure: unknown;
  #failedAt: number | undefined;
  #reading: Promise<void> | undefined;
  #jwksUrl: string | undefined;

  constructor(options: IssuerKeysOptions) {
    this.#options = options;
    this.#jwksUrl = options.jwksUrl;
  }

  /** Whether the last attempt to read them has failed. */
  getStatus(): ComponentStatus {
    return {
      level: this.#failedAt === undefined ? (this.#keys === undefined ? 'unknown' : 'ok') : 'warn',
      details: { provider: this.#options.name },
      since: this.#failedAt ?? 0,
    };
  }

  /**
   * The key of a signature.
   *
   * @throws {@link GatewayError} `OMNI_AUTH_UNAVAILABLE` where it cannot be known, and errors of jose where
   * the issuer has no such key.
   */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    await this.#ensure();
    try {
      return await this.#current()(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await this.#lookAgain(error);
      return this.#current()(header, token);
    }
  };

  #current(): JWTVerifyGetKey {
    const ageMs = this.#options.clock.monotonicMs() - this.#readMs;
    if (this.#keys !== undefined && /* guard: identity/kept-keys */ ageMs < KEPT_MS) return this.#keys;
    throw unavailable(this.#options.name, 'cannot be asked for its keys', { cause: this.#failure });
  }

  /** Waits only where there is nothing that still counts. */
  async #ensure(): Promise<void> {
    const nowMs = this.#options.clock.monotonicMs();
    const ageMs = nowMs - this.#readMs;
    if (ageMs < FRESH_MS) return;
    const mayTry = this.#failure === undefined || nowMs - this.#triedMs >= RETRY_MS;
    const reading = mayTry || this.#reading !== undefined ? this.#read() : undefined;
    if (ageMs >= KEPT_MS) await reading;
  }

  /** A key that nobody knows may be new. */
  async #lookAgain(unknown: Error): Promise<void> {
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#reading === undefined) {
      if (/* guard: identity/key-flood */ nowMs - this.#lookedMs < UNKNOWN_KEY_MS)
        throw this.#failure === undefined
          ? unknown
          : unavailable(this.#options.name, 'cannot be asked for a new key', { cause: this.#failure });
      this.#lookedMs = nowMs;
    }
    await this.#read();
    if (this.#failure !== undefined)
      throw unavailable(this.#options.name, 'cannot be asked for a new key', { cause: this.#failure });
  }

  /** Never rejected: what fails is known from {@link #failure}. */
  #read(): Promise<void> {
    return (this.#reading ??= this.#load().finally(() => (this.#reading = undefined)));
  }

  async #load(): Promise<void> {
    const { clock, name, jwksUrl } = this.#options;
    this.#triedMs = clock.monotonicMs();
    try {
      this.#jwksUrl ??= await this.#discover();
      const set = await askProvider(this.#options, request(this.#jwksUrl));
      if (!isKeySet(set)) throw unavailable(name, 'answered with something that is no set of keys');
      this.#keys = createLocalJWKSet({ keys: set.keys.filter(({ kty }) => kty !== 'oct') });
      this.#readMs = clock.monotonicMs();
      this.#failure = this.#failedAt = undefined;
    } catch (error) {
      this.#failure = error;
      this.#failedAt ??= clock.now();
      this.#jwksUrl = jwksUrl;
    }
  }

  /** @see RFC 8414, section 3; OpenID Connect Discovery 1.0, section 4. */
  async #discover(): Promise<string> {
    const { issuer, name } = this.#options;
    const { origin, pathname } = new URL(issuer);
    const path = pathname.replace(/\/$/, '');
    const addresses = [
      `${origin}${path}/.well-known/openid-configuration`,
      `${origin}/.well-known/oauth-authorization-server${path}`,
      `${origin}/.well-known/openid-configuration${path}`,
    ];
    for (const address of new Set(addresses)) {
      const metadata = await askProvider(this.#options, request(address));
      if (metadata === undefined) continue;
      // Holds: `Object` makes one of anything.
      const { issuer: named, jwks_uri: jwksUrl } = Object(metadata) as Record<string, unknown>;
      if (/* guard: identity/metadata-issuer */ named !== issuer)
        throw unavailable(name, 'has metadata of another issuer');
      if (typeof jwksUrl !== 'string' || /* guard: identity/keys-address */ !isSecureAddress(jwksUrl))
        throw unavailable(name, 'names no https: address of its keys');
      return jwksUrl;
    }
    throw unavailable(name, 'has no metadata; set the address of its keys');
  }
}

function request(url: string): { method: 'GET'; url: string; headers: string[] } {
  return { method: 'GET', url, headers: ['Accept', 'application/json'] };
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  // Holds: `Object` makes one of anything.
  const { keys } = Object(value) as Record<string, unknown>;
  return Array.isArray(keys) && keys.every((key) => typeof key === 'object' && key !== null);
}
