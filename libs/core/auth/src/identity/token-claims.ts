import type { IssuerSettings, Principal, PrincipalClaims } from '@omni/ports';
import type { RefusedToken, VerifiedToken } from './verified-token.ts';

type Claims = Readonly<Record<string, unknown>>;

/** Of what is kept of a token: no more than a JWT can hold. In characters. */
const MAX_CLAIMS_LENGTH = 8_192;
/** OpenID Connect Core 1.0, section 2: 255 characters of ASCII; some issuers use others. */
const SUBJECT = /^[^\p{Cc}\p{Cs}]{1,255}$/u;

/** What an issuer says in a token, or of one: the same for claims of a JWT and for an introspection. */
export function verifiedToken(claims: Claims, issuer: IssuerSettings): VerifiedToken | RefusedToken {
  const proof = proofOf(claims['cnf']);
  if (proof === null) return { refused: 'proof' };
  const said = principalClaims(claims, issuer);
  if (said === undefined) return { refused: 'claims' };
  const { aud, exp } = claims;
  const audiences = typeof aud === 'string' ? [aud] : texts(aud);
  const isLong = lengthOf(said.groups) + lengthOf(said.scopes) + lengthOf(audiences) > MAX_CLAIMS_LENGTH;
  if (/* guard: identity/claims-length */ isLong) return { refused: 'claims' };
  // A client never has the id of a user, whatever it is called (RFC 9068, section 5).
  const id = `${issuer.name}${said.isClient ? '/client' : ''}:${said.subject}`;
  const principal: Principal = Object.freeze({ id, kind: 'identity', claims: said });
  return {
    principal,
    issuer,
    audiences,
    expiresAt: typeof exp === 'number' ? exp * 1_000 : undefined,
    certificate: proof,
  };
}

/** Thumbprint of a certificate; `null`: something that Omni cannot check. */
type Proof = string | null | undefined;

/**
 * What has to be shown with a token. A proof that Omni does not know refuses the token, or whoever has stolen
 * it could use it (RFC 7800).
 */
function proofOf(confirmation: unknown): Proof {
  if (confirmation === undefined) return undefined;
  // Holds: `Object` makes one of anything.
  const entries = Object.entries(Object(confirmation) as Claims);
  const [name, value] = entries[0] ?? [];
  const isCertificate =
    entries.length === 1 && name === 'x5t#S256' && typeof value === 'string' && value !== '';
  return isCertificate ? value : /* guard: identity/proof */ null;
}

function principalClaims(claims: Claims, issuer: IssuerSettings): PrincipalClaims | undefined {
  const { sub } = claims;
  const client = claims['client_id'] ?? claims['azp'];
  const clientId = isSubject(client) ? client : undefined;
  if (sub !== undefined && !isSubject(sub)) return undefined;
  const subject = sub ?? clientId;
  if (subject === undefined) return undefined;
  const tenant = issuer.claims.tenant === undefined ? undefined : claimAt(claims, issuer.claims.tenant);
  const groups = claimAt(claims, issuer.claims.groups);
  return {
    issuer: issuer.issuer,
    subject,
    isClient: subject === clientId,
    ...(clientId !== undefined && { clientId }),
    groups: typeof groups === 'string' ? [groups] : texts(groups),
    scopes: scopesOf(claims['scope'] ?? claims['scp']),
    ...(isSubject(tenant) && { tenant }),
  };
}

/** By its whole name, else through objects: `realm_access.roles`. */
function claimAt(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    // Holds: it is an object.
    value = (value as Claims)[part];
  }
  return value;
}

function scopesOf(value: unknown): readonly string[] {
  return typeof value === 'string' ? value.split(' ').filter((scope) => scope !== '') : texts(value);
}

function lengthOf(items: readonly string[]): number {
  return items.reduce((length, item) => length + item.length + 1, 0);
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function isSubject(value: unknown): value is string {
  return typeof value === 'string' && SUBJECT.test(value);
}
