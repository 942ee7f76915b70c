import type { IssuerSettings } from '@omni/ports';

export interface ResourceServerOptions {
  /** Without a slash at its end. */
  readonly publicUrl: string;
  readonly issuers: readonly IssuerSettings[];
}

/** What a page of metadata shows. */
export interface ResourcePage {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource';
const ENDPOINT = /^(\/mcp(?:\/[A-Za-z0-9][A-Za-z0-9._-]{0,31})?)\/?$/;

/**
 * Omni as clients of OAuth see it: each endpoint is a resource.
 *
 * @see RFC 9728; MCP 2026-07-28, basic/authorization.
 */
export class ResourceServer {
  readonly #origin: string;
  /** Of the public address, where there is one. */
  readonly #prefix: string;
  readonly #issuers: readonly string[];
  readonly #scopes: readonly string[];

  constructor({ publicUrl, issuers }: ResourceServerOptions) {
    const { origin } = new URL(publicUrl);
    this.#origin = origin;
    this.#prefix = publicUrl.slice(origin.length);
    this.#issuers = issuers.map(({ issuer }) => issuer);
    this.#scopes = [...new Set(issuers.flatMap(({ requiredScopes }) => requiredScopes))];
  }

  /** The identifier of an endpoint, as clients ask for tokens for it. @param path - As received. */
  resourceAt(path: string): string | undefined {
    const endpoint = ENDPOINT.exec(path)?.[1];
    return endpoint === undefined ? undefined : `${this.#origin}${this.#prefix}${endpoint}`;
  }

  /**
   * Value of `WWW-Authenticate` for who asks at a path.
   *
   * @param error - Absent where no token was sent (RFC 6750, section 3).
   * @param scopes - What the client needs. Default: what all issuers' tokens need.
   */
  challenge(path: string, error?: string, scopes: readonly string[] = this.#scopes): string {
    const endpoint = ENDPOINT.exec(path)?.[1] ?? '/mcp';
    const parts = [
      'realm="omni"',
      ...(error === undefined ? [] : [`error="${error}"`]),
      ...(scopes.length === 0 ? [] : [`scope="${scopes.join(' ')}"`]),
      `resource_metadata="${this.#origin}${WELL_KNOWN}${this.#prefix}${endpoint}"`,
    ];
    return `Bearer ${parts.join(', ')}`;
  }

  /**
   * Metadata of an endpoint, whether there is such a server or not: strangers are not told. With and without
   * the prefix of the public address, which a proxy may take away.
   */
  pageAt(path: string): ResourcePage | undefined {
    if (!path.startsWith(WELL_KNOWN)) return undefined;
    const rest = path.slice(WELL_KNOWN.length);
    const inside =
      this.#prefix !== '' && rest.startsWith(this.#prefix) ? rest.slice(this.#prefix.length) : rest;
    // Clients look there when they find none for the endpoint.
    const resource = inside === '' || inside === '/' ? this.resourceAt('/mcp') : this.resourceAt(inside);
    if (resource === undefined) return undefined;
    const metadata = {
      resource,
      authorization_servers: this.#issuers,
      bearer_methods_supported: ['header'],
      resource_name: 'Omni',
      ...(this.#scopes.length > 0 && { scopes_supported: this.#scopes }),
    };
    return { status: 200, contentType: 'application/json', body: JSON.stringify(metadata) };
  }
}
