import { GatewayError, type IntrospectionSettings, type IssuerSettings } from '@omni/ports';
import { askProvider, isSecureAddress, type ProviderAccess, unavailable } from './ask-provider.ts';
import { verifiedToken } from './token-claims.ts';
import type { RefusedToken, VerifiedToken } from './verified-token.ts';

/** Tokens that mean nothing to anybody but their issuer. @see RFC 7662. */
export class Introspection {
  readonly #settings: IssuerSettings;
  readonly #asked: IntrospectionSettings;
  readonly #access: ProviderAccess;

  /** @throws {@link GatewayError} `OMNI_CONFIG_INVALID` for an address that is not secure. */
  constructor(settings: IssuerSettings, asked: IntrospectionSettings, access: ProviderAccess) {
    if (!isSecureAddress(asked.url))
      throw new GatewayError(
        'OMNI_CONFIG_INVALID',
        `The identity provider "${settings.name}" needs an https: address, or http: on this machine`,
      );
    this.#settings = settings;
    this.#asked = asked;
    this.#access = access;
  }

  /** @throws {@link GatewayError} `OMNI_AUTH_UNAVAILABLE` where the issuer does not say. */
  async verify(token: string): Promise<VerifiedToken | RefusedToken> {
    const { url, clientId, clientSecret } = this.#asked;
    const login = btoa(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`);
    const answer = await askProvider(this.#access, {
      method: 'POST',
      url,
      headers: [
        ...['Accept', 'application/json', 'Content-Type', 'application/x-www-form-urlencoded'],
        ...['Authorization', `Basic ${login}`],
      ],
      body: new URLSearchParams({ token, token_type_hint: 'access_token' }).toString(),
    });
    if (typeof answer !== 'object' || answer === null || !('active' in answer))
      throw unavailable(this.#settings.name, 'does not say whether a token is active');
    // Holds: it is an object.
    const claims = answer as Readonly<Record<string, unknown>>;
    if (/* guard: identity/active */ claims['active'] !== true) return { refused: 'inactive' };
    const { iss, exp, nbf } = claims;
    const nowS = this.#access.clock.now() / 1_000;
    if (iss !== undefined && iss !== this.#settings.issuer) return { refused: 'issuer' };
    if (typeof exp === 'number' && exp <= nowS) return { refused: 'expired' };
    if (typeof nbf === 'number' && nbf > nowS) return { refused: 'not_yet_valid' };
    return verifiedToken(claims, this.#settings);
  }
}
