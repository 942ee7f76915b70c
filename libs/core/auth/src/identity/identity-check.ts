import {
  type AuditSink,
  type Clock,
  type ComponentStatus,
  GatewayError,
  type HttpClient,
  type IdentitySettings,
  type Principal,
  type Refusal,
  type RequestFacts,
} from '@omni/ports';
import { BEARER, type TokenCheck } from '../token-check.ts';
import { ApiKeys, KEY_PREFIX } from './api-keys.ts';
import { AuthenticationLog } from './authentication-log.ts';
import { ForwardedIdentity } from './forwarded-identity.ts';
import { Introspection } from './introspection.ts';
import { claimedIssuer, isJwt, JwtCheck } from './jwt-check.ts';
import { type ResourcePage, ResourceServer } from './resource-server.ts';
import { tokenDigest } from './token-digest.ts';
import type { RefusalReason, RefusedToken, VerifiedToken } from './verified-token.ts';
import { VerifiedTokens } from './verified-tokens.ts';

export interface IdentityCheckOptions {
  readonly settings: IdentitySettings;
  /** Asked first: tokens of the configuration. */
  readonly tokens: TokenCheck;
  /** How issuers are reached. Absent: there can be none. */
  readonly http: HttpClient | undefined;
  /** Told every authentication. */
  readonly audit: AuditSink;
  readonly clock: Clock;
  /** SHA-256 of text in hexadecimal digits, at once. Default: one in JavaScript, which takes longer. */
  readonly sha256?: ((text: string) => string) | undefined;
}

/** What of a request says who sends it. */
export type IdentityFacts = Pick<
  RequestFacts,
  'header' | 'headers' | 'path' | 'peerAddress' | 'peerCertificate'
>;

/** Longest token of an issuer, in characters: groups make them long. */
const MAX_TOKEN_LENGTH = 8_192;
const LONGEST_HEADER = 'Bearer '.length + MAX_TOKEN_LENGTH;
/** Opaque tokens that were refused are refused again without a question, for so long. */
const REFUSED_MS = 10_000;
const MAX_REFUSED = 1_000;

const REQUIRED = new GatewayError('OMNI_AUTH_REQUIRED', 'The request carries no valid token');
const SCOPE = new GatewayError(
  'OMNI_SCOPE_INSUFFICIENT',
  'The token does not have the scopes that Omni asks for',
);

/**
 * Says who asks, by whatever proves it: tokens of the configuration, a trusted proxy, API keys, tokens of
 * identity providers (S003-SC-01). What is known is answered at once.
 */
export class IdentityCheck {
  readonly isOpen = false;
  readonly #tokens: TokenCheck;
  readonly #clock: Clock;
  readonly #log: AuthenticationLog;
  readonly #digest: (token: string) => string;
  readonly #proxy: ForwardedIdentity | undefined;
  readonly #keys: ApiKeys | undefined;
  readonly #resources: ResourceServer | undefined;
  readonly #jwts = new Map<string, JwtCheck>();
  readonly #introspection: Introspection | undefined;
  readonly #verified: VerifiedTokens;
  /** By digest: many requests that show one token ask once. */
  readonly #asking = new Map<string, Promise<VerifiedToken | RefusedToken>>();
  /** Until when, monotonic. */
  readonly #refused = new Map<string, number>();

  /** @throws {@link GatewayError} `OMNI_CONFIG_INVALID` for settings that cannot be meant. */
  constructor({ settings, tokens, http, audit, clock, sha256 = tokenDigest }: IdentityCheckOptions) {
    const { publicUrl, issuers, proxy, keys } = settings;
    this.#tokens = tokens;
    this.#clock = clock;
    this.#digest = sha256;
    this.#log = new AuthenticationLog(audit, clock);
    this.#verified = new VerifiedTokens({ clock });
    this.#proxy = proxy && new ForwardedIdentity(proxy);
    this.#keys = keys && new ApiKeys(keys, clock);
    if (issuers.length === 0) return;
    if (http === undefined || publicUrl === undefined)
      throw new GatewayError(
        'OMNI_CONFIG_INVALID',
        'Identity providers need a publicUrl, and an HTTP client',
      );
    this.#resources = new ResourceServer({ publicUrl, issuers });
    const asked = issuers.filter(({ introspection }) => introspection !== undefined);
    // An opaque token does not say whose it is, and nobody else may see it.
    if (asked.length > 1)
      throw new GatewayError('OMNI_CONFIG_INVALID', 'Only one identity provider can have an introspection');
    for (const issuer of issuers) {
      const { name, introspection } = issuer;
      const access = { http, clock, name };
      this.#jwts.set(issuer.issuer, new JwtCheck(issuer, access));
      if (introspection !== undefined) this.#introspection = new Introspection(issuer, introspection, access);
    }
  }

  /** Keys, to change them while Omni runs; `undefined` where there are none. */
  get keys(): Pick<ApiKeys, 'replace' | 'make'> | undefined {
    return this.#keys;
  }

  /** Metadata of endpoints for clients of OAuth (RFC 9728); `undefined` where a path leads to none. */
  resourcePage(path: string): ResourcePage | undefined {
    return this.#resources?.pageAt(path);
  }

  /** Identity providers that cannot be reached make Omni no less ready for those who are known. */
  getStatus(): ComponentStatus {
    const failing = [...this.#jwts.values()]
      .map((jwt) => jwt.getStatus())
      .filter(({ level }) => level === 'warn');
    return {
      level: failing.length === 0 ? 'ok' : 'warn',
      details: failing.length === 0 ? {} : { unreachable: failing.map(({ details }) => details['provider']) },
      since: Math.max(0, ...failing.map(({ since }) => since)),
    };
  }

  /** Forgets what is known of a principal: its tokens are verified again. */
  revoke(principalId: string): void {
    this.#verified.revoke(principalId);
  }

  /** Tells the audit of what was counted so far. */
  close(): void {
    this.#log.flush();
  }

  authenticate(request: IdentityFacts): Principal | Refusal | Promise<Principal | Refusal> {
    const forwarded = this.#proxy?.find(request);
    if (forwarded !== undefined)
      return 'refused' in forwarded
        ? this.#refuse(request, forwarded.refused)
        : this.#admit(request, forwarded);
    const own = this.#tokens.authenticate(request);
    if (!('error' in own)) return this.#admit(request, own);
    const authorization = request.header('authorization');
    if (authorization === undefined || !/^bearer +[^ ]/i.test(authorization))
      return this.#refuse(request, 'missing');
    const token =
      /* guard: identity/token-length */ authorization.length > LONGEST_HEADER
        ? undefined
        : BEARER.exec(authorization)?.[1];
    if (token === undefined) return this.#refuse(request, 'malformed');
    if (this.#keys !== undefined && token.startsWith(KEY_PREFIX)) {
      const found = this.#keys.find(token);
      return 'refused' in found ? this.#refuse(request, found.refused) : this.#admit(request, found);
    }
    if (this.#jwts.size === 0) return this.#refuse(request, 'unknown');
    const digest = this.#digest(token);
    const known = this.#verified.find(digest);
    if (known !== undefined) return this.#decide(request, known);
    const until = this.#refused.get(digest);
    if (until !== undefined && this.#clock.monotonicMs() < until) return this.#refuse(request, 'inactive');
    return this.#ask(request, token, digest);
  }

  async #ask(request: IdentityFacts, token: string, digest: string): Promise<Principal | Refusal> {
    let asking = this.#asking.get(digest);
    if (asking === undefined) {
      asking = this.#verify(token, digest).finally(() => this.#asking.delete(digest));
      this.#asking.set(digest, asking);
    }
    try {
      const answer = await asking;
      return 'refused' in answer
        ? this.#refuse(request, answer.refused)
        : this.#decide(request, answer, true);
    } catch (error) {
      this.#log.failed('unavailable', request.peerAddress);
      if (error instanceof GatewayError) return { error };
      throw error;
    }
  }

  async #verify(token: string, digest: string): Promise<VerifiedToken | RefusedToken> {
    const isSigned = isJwt(token);
    const check = isSigned ? this.#jwts.get(claimedIssuer(token) ?? '') : this.#introspection;
    if (check === undefined) return { refused: isSigned ? 'issuer' : 'unknown' };
    const answer = await check.verify(token);
    if (!('refused' in answer)) this.#verified.add(digest, answer);
    else if (!isSigned) {
      if (this.#refused.size >= MAX_REFUSED) this.#refused.clear();
      this.#refused.set(digest, this.#clock.monotonicMs() + REFUSED_MS);
    }
    return answer;
  }

  /** Whether a token that is good may be used here. */
  #decide(request: IdentityFacts, token: VerifiedToken, isNew = false): Principal | Refusal {
    const { principal, issuer, audiences, certificate } = token;
    if (certificate !== undefined && /* guard: identity/certificate */ !hasShown(request, certificate))
      return this.#refuse(request, 'proof');
    const resource = this.#resources?.resourceAt(request.path);
    const isForHere = audiences.some(
      (audience) => audience === resource || issuer.audiences.includes(audience),
    );
    if (/* guard: identity/audience */ !isForHere) return this.#refuse(request, 'audience');
    const scopes = principal.claims?.scopes ?? [];
    if (/* guard: identity/scope */ !issuer.requiredScopes.every((scope) => scopes.includes(scope))) {
      this.#log.failed('scope', request.peerAddress);
      const challenge = this.#resources?.challenge(request.path, 'insufficient_scope', issuer.requiredScopes);
      return { error: SCOPE, ...(challenge !== undefined && { challenge }) };
    }
    return isNew ? this.#admit(request, principal) : principal;
  }

  #admit(request: IdentityFacts, principal: Principal): Principal {
    this.#log.succeeded(principal, request.peerAddress);
    return principal;
  }

  /** In words that do not tell what was wrong. */
  #refuse(request: IdentityFacts, reason: RefusalReason): Refusal {
    this.#log.failed(reason, request.peerAddress);
    const error = reason === 'missing' ? undefined : 'invalid_token';
    const plain = `Bearer realm="omni"${error === undefined ? '' : `, error="${error}"`}`;
    return { error: REQUIRED, challenge: this.#resources?.challenge(request.path, error) ?? plain };
  }
}

/** RFC 8705, section 3.1. */
function hasShown({ peerCertificate }: IdentityFacts, thumbprint: string): boolean {
  if (peerCertificate === undefined) return false;
  const bytes = peerCertificate.fingerprint.split(':').map((pair) => Number.parseInt(pair, 16));
  const base64 = btoa(String.fromCharCode(...bytes));
  return base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '') === thumbprint;
}
