/** Who asks. */
export interface Principal {
  /** Stable and free of secrets; two requests with the same id have the same rights. */
  readonly id: string;
  /**
   * `token`: showed a bearer token. `certificate`: showed a certificate. `anonymous`: open mode. `local`: the
   * owner of the process (stdio, embedding). `identity`: showed a token of an identity provider. `proxy`: a
   * trusted proxy has named it. `key`: showed an API key.
   */
  readonly kind: 'token' | 'certificate' | 'anonymous' | 'local' | 'identity' | 'proxy' | 'key';
  /**
   * Set by {@link onConnection}: limits count for this connection alone. Absent where they count for the
   * user.
   */
  readonly connection?: string;
  /** What was said of it by whoever vouches for it. Absent where nobody does. */
  readonly claims?: PrincipalClaims;
  /** What a key is limited to. Absent: by nothing. */
  readonly limits?: PrincipalLimits;
}

/** What an identity provider or a proxy says of a principal: of this shape, otherwise as it was said. */
export interface PrincipalClaims {
  /** Who says so: the issuer of a token as it stands there; `proxy` for a proxy. */
  readonly issuer: string;
  /** The user within what the issuer knows, or the client where {@link isClient}. */
  readonly subject: string;
  /** The program that the token was given to (OAuth `client_id`). */
  readonly clientId?: string;
  /** Whether there is no user: a program that has shown credentials of its own. */
  readonly isClient: boolean;
  readonly groups: readonly string[];
  readonly scopes: readonly string[];
  readonly tenant?: string;
}

/** What a principal may use at most, whatever a policy allows it. */
export interface PrincipalLimits {
  /** Names of servers. Absent: all. */
  readonly servers?: readonly string[];
  /** Exposed names of tools, with `*` for any characters. Absent: all. */
  readonly tools?: readonly string[];
  /** Each contains those before it. */
  readonly tier: 'read' | 'write' | 'destructive';
  /** A named set of servers; one that does not exist lets nothing through. */
  readonly profile?: string;
}

const KINDS: ReadonlySet<unknown> = new Set<Principal['kind']>([
  'token',
  'certificate',
  'anonymous',
  'local',
  'identity',
  'proxy',
  'key',
]);

/** Whether it is one, whatever code without types has made. */
export function isPrincipal(value: unknown): value is Principal {
  if (typeof value !== 'object' || value === null || !('id' in value && 'kind' in value)) return false;
  return typeof value.id === 'string' && value.id !== '' && KINDS.has(value.kind);
}

/** The id of whoever shows the owner's own token. */
export const OWNER_ID = 'owner';

/** Omni itself, where it does something for nobody in particular. */
export const OMNI: Principal = { id: 'omni', kind: 'local' };

/** Whether it is the owner of Omni, who always gets in. */
export function isOwner({ id, kind }: Pick<Principal, 'id' | 'kind'>): boolean {
  return kind === 'local' || (kind === 'token' && id === OWNER_ID);
}

/** Under which name limits count. */
export function sharerOf({ id, connection }: Principal): string {
  return connection === undefined ? id : `${id} ${connection}`;
}

/**
 * Where everybody is the same one, limits count for each connection by itself.
 *
 * @param connection - Names it among all connections of this process.
 */
export function onConnection(principal: Principal, connection: string): Principal {
  return principal.kind === 'anonymous' && principal.connection === undefined
    ? { ...principal, connection }
    : principal;
}
