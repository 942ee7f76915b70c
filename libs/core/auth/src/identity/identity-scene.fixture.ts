import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import type {
  AuditRecord,
  IdentitySettings,
  IssuerSettings,
  Principal,
  Refusal,
  RequestFacts,
} from '@omni/ports';
import { ScriptedHttpClient, type ScriptedExchange, VirtualClock } from '@omni/testing';
import { TokenCheck } from '../token-check.ts';
import { IdentityCheck } from './identity-check.ts';

export const ISSUER = 'https://id.example/tenant';
export const PUBLIC_URL = 'https://omni.example';
export const OWNER_TOKEN = 'kM3vXq7-Zr_9tLw2';
export const CERTIFICATE = Array.from({ length: 32 }, (_, at) => at);

export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

export async function signingKey(kid: string, alg = 'ES256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

/** Settings of an issuer, as a configuration file has them. */
export function issuerSettings(settings: Partial<IssuerSettings> = {}): IssuerSettings {
  return {
    name: 'company',
    issuer: ISSUER,
    algorithms: ['RS256', 'ES256'],
    audiences: [],
    requiredScopes: [],
    claims: { groups: 'groups' },
    cacheMs: 60_000,
    ...settings,
  };
}

/** Omni, and an identity provider that is a script. */
export class IdentityScene {
  readonly clock = new VirtualClock();
  readonly http: ScriptedHttpClient;
  readonly records: AuditRecord[] = [];
  readonly check: IdentityCheck;
  /** What the provider publishes. */
  keys: object[] = [];
  metadata: Record<string, unknown> = { issuer: ISSUER, jwks_uri: 'https://id.example/keys' };
  introspected: Record<string, unknown> = { active: false };
  isDown = false;
  isSilent = false;

  constructor(settings: Partial<IdentitySettings> = {}) {
    this.http = new ScriptedHttpClient((exchange) => queueMicrotask(() => this.#answer(exchange)));
    this.check = new IdentityCheck({
      settings: { publicUrl: PUBLIC_URL, issuers: [issuerSettings()], ...settings },
      tokens: new TokenCheck({ mode: 'token', tokens: [{ id: 'owner', token: OWNER_TOKEN }] }),
      http: this.http,
      audit: { record: (record) => void this.records.push(record) },
      clock: this.clock,
    });
  }

  /** How often the provider was asked for something at this path. */
  asked(path: string): number {
    return this.http.exchanges.filter(({ request }) => new URL(request.url).pathname === path).length;
  }

  /** Claims that are good at the endpoint of all servers. */
  claims(claims: Readonly<Record<string, unknown>> = {}): JWTPayload {
    const nowS = Math.floor(this.clock.now() / 1_000);
    const good = { iss: ISSUER, sub: 'ada', aud: `${PUBLIC_URL}/mcp`, iat: nowS, exp: nowS + 600 };
    // What an issuer may say that does not keep to the types.
    return { ...good, ...claims } as JWTPayload;
  }

  token(
    { kid, alg, privateKey }: SigningKey,
    claims: Readonly<Record<string, unknown>> = {},
    header: object = {},
  ): Promise<string> {
    return new SignJWT(this.claims(claims)).setProtectedHeader({ alg, kid, ...header }).sign(privateKey);
  }

  /** `ada`-like ids where somebody is let in, else the code and the reason that was told. */
  async show(token: string | undefined, facts: Partial<RequestFacts> = {}): Promise<string> {
    const answer = await this.ask(token, facts);
    return 'error' in answer ? `${answer.error.code} ${this.#reason()}` : answer.id;
  }

  ask(
    token: string | undefined,
    facts: Partial<RequestFacts> = {},
  ): Principal | Refusal | Promise<Principal | Refusal> {
    const headers = [
      ...(facts.headers ?? []),
      ...(token === undefined ? [] : ['Authorization', `Bearer ${token}`]),
    ];
    this.records.length = 0;
    this.clock.advance(10_001);
    this.records.length = 0;
    return this.check.authenticate({
      path: '/mcp',
      peerAddress: '192.0.2.1',
      peerCertificate: undefined,
      ...facts,
      headers,
      header: (name) => {
        const found = headers.filter((_, at) => at % 2 === 1 && headers[at - 1]?.toLowerCase() === name);
        return found.length === 0 ? undefined : found.join(', ');
      },
    });
  }

  #reason(): string {
    return this.records.find(({ outcome }) => outcome === 'failure')?.subject.split(' ')[0] ?? '';
  }

  #answer(exchange: ScriptedExchange): void {
    if (this.isSilent) return;
    if (this.isDown) return exchange.fail('connect');
    const { pathname } = new URL(exchange.request.url);
    if (pathname === '/keys') return exchange.json(200, JSON.stringify({ keys: this.keys }));
    if (pathname === '/introspect') return exchange.json(200, JSON.stringify(this.introspected));
    const isMetadata = pathname === '/tenant/.well-known/openid-configuration';
    exchange.json(isMetadata ? 200 : 404, JSON.stringify(this.metadata));
  }
}
