/** Who asks. */
export interface Principal {
  /** Stable and free of secrets; two requests with the same id have the same rights. */
  readonly id: string;
  /**
   * `token`: showed a bearer token. `certificate`: showed a certificate. `anonymous`: open mode. `local`: the
   * owner of the process (stdio, embedding).
   */
  readonly kind: 'token' | 'certificate' | 'anonymous' | 'local';
  /**
   * Set by {@link onConnection}: limits count for this connection alone. Absent where they count for the
   * user.
   */
  readonly connection?: string;
}

const KINDS: ReadonlySet<unknown> = new Set<Principal['kind']>([
  'token',
  'certificate',
  'anonymous',
  'local',
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
export function isOwner({ id, kind }: Principal): boolean {
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
