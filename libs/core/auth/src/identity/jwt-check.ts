import { decodeJwt, errors, jwtVerify } from 'jose';
import { GatewayError, type ComponentStatus, type IssuerSettings } from '@omni/ports';
import { isSecureAddress, type ProviderAccess } from './ask-provider.ts';
import { IssuerKeys } from './issuer-keys.ts';
import { verifiedToken } from './token-claims.ts';
import type { RefusalReason, RefusedToken, VerifiedToken } from './verified-token.ts';

/** Clocks of others may be this far from ours. */
const TOLERANCE_S = 30;
/** JWS with a signature of the issuer: there is nothing symmetric, and no `none` (RFC 8725, section 3.1). */
const SIGNATURES: ReadonlySet<string> = new Set([
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]);
/** What is no access token says so (RFC 8725, section 3.11; RFC 9068, section 4). */
const ACCESS_TOKEN = /^(?:application\/)?(?:at\+jwt|jwt)$/i;

/** Whether a token has the form of a JWT. */
export function isJwt(token: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(token);
}

/** Tokens that one issuer has signed. */
export class JwtCheck {
  readonly #settings: IssuerSettings;
  readonly #access: ProviderAccess;
  readonly #algorithms: string[];
  readonly #keys: IssuerKeys;

  /** @throws {@link GatewayError} `OMNI_CONFIG_INVALID`: an unsafe address, or no fit algorithm. */
  constructor(settings: IssuerSettings, access: ProviderAccess) {
    const { issuer, jwksUrl, algorithms } = settings;
    for (const address of [issuer, jwksUrl])
      if (address !== undefined && /* guard: identity/https */ !isSecureAddress(address))
        throw new GatewayError(
          'OMNI_CONFIG_INVALID',
          `The identity provider "${settings.name}" needs https: addresses, or http: on this machine`,
        );
    this.#settings = settings;
    this.#access = access;
    this.#algorithms = algorithms.filter((name) => /* guard: identity/symmetric */ SIGNATURES.has(name));
    if (this.#algorithms.length === 0)
      throw new GatewayError(
        'OMNI_CONFIG_INVALID',
        `The identity provider "${settings.name}" has no algorithms`,
      );
    this.#keys = new IssuerKeys({ ...access, issuer, jwksUrl });
  }

  getStatus(): ComponentStatus {
    return this.#keys.getStatus();
  }

  /** @throws {@link GatewayError} `OMNI_AUTH_UNAVAILABLE` where the keys cannot be had. */
  async verify(token: string): Promise<VerifiedToken | RefusedToken> {
    try {
      const { payload, protectedHeader } = await jwtVerify(token, this.#keys.find, {
        issuer: this.#settings.issuer,
        algorithms: this.#algorithms,
        clockTolerance: TOLERANCE_S,
        currentDate: new Date(this.#access.clock.now()),
        requiredClaims: ['exp', 'aud'],
      });
      const { typ } = protectedHeader;
      if (typ !== undefined && /* guard: identity/token-type */ !ACCESS_TOKEN.test(typ))
        return { refused: 'claims' };
      return verifiedToken(payload, this.#settings);
    } catch (error) {
      if (error instanceof GatewayError) throw error;
      return { refused: reasonOf(error) };
    }
  }
}

/** Who a token claims to be from; nobody has checked that. */
export function claimedIssuer(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): RefusalReason {
  if (error instanceof errors.JWTExpired) return 'expired';
  if (error instanceof errors.JWTClaimValidationFailed)
    return error.claim === 'nbf' ? 'not_yet_valid' : error.claim === 'iss' ? 'issuer' : 'claims';
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported)
    return 'algorithm';
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid) return 'malformed';
  // Whatever else it is: no key fits, or the signature is wrong.
  return 'signature';
}
