import { GatewayError } from '@omni/ports';
import { LOOPBACK_NAMES } from './loopback-host.ts';

export interface OriginGuardOptions {
  /** Name or address that Omni is bound to, as configured; IPv6 with or without brackets. */
  readonly host: string;
  /** Whether only this machine can connect, see {@link isLoopbackHost}. */
  readonly isLoopback: boolean;
  /**
   * Names under which Omni may be called: `name` for every port, `name:port` for one. IPv6 addresses stand in
   * brackets.
   */
  readonly allowedHosts: readonly string[];
  /** Web origins that may call, compared exactly, e.g. `https://app.example`. */
  readonly allowedOrigins: readonly string[];
}

/** The headers that say through which name, and from which web page, a request comes. */
export interface RequestSource {
  /** `Host` (HTTP/2: `:authority`); several values joined with `, `. */
  readonly host: string | undefined;
  /** `Origin`; several values joined with `, `. */
  readonly origin: string | undefined;
  /**
   * Whether it has an `Authorization`: no page can send that which is not listed, for its browser asks first.
   * Default `false`.
   */
  readonly isAuthorized?: boolean;
}

interface HostParts {
  readonly name: string;
  /** `name:port` or `name`, lower case. */
  readonly authority: string;
}

/** Longest host name (RFC 1035, 255 octets) with a port. */
const MAX_HOST_LENGTH = 261;
const AUTHORITY = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?$/;
const WEB_ORIGIN = /^(https?):\/\/([^/?#@\s]+)$/;

/**
 * Refuses requests that a web page smuggles in: DNS rebinding by `Host`, foreign pages by `Origin`.
 *
 * @see MCP 2026-07-28, basic/transports, "Security"; CVE-2025-66414.
 */
export class OriginGuard {
  readonly #isLoopback: boolean;
  readonly #allowedHosts: ReadonlySet<string>;
  readonly #allowedOrigins: ReadonlySet<string>;
  // Nearly all requests repeat what the one before had.
  #last: { readonly source: RequestSource; readonly verdict: GatewayError | undefined } | undefined;

  constructor(options: OriginGuardOptions) {
    this.#isLoopback = options.isLoopback;
    const hosts = options.allowedHosts.map((host) => host.toLowerCase());
    this.#allowedHosts = new Set(
      options.isLoopback ? [...hosts, ...LOOPBACK_NAMES, inBrackets(options.host)] : hosts,
    );
    this.#allowedOrigins = new Set(options.allowedOrigins);
  }

  /**
   * @returns `undefined` when the request may go on; otherwise `OMNI_HOST_FORBIDDEN` or
   * `OMNI_ORIGIN_FORBIDDEN`.
   */
  check(source: RequestSource): GatewayError | undefined {
    const last = this.#last;
    if (
      last !== undefined &&
      last.source.host === source.host &&
      /* guard: origin/memory */ last.source.origin === source.origin &&
      /* guard: origin/memory-of-credentials */ last.source.isAuthorized === source.isAuthorized
    )
      return last.verdict;
    const verdict = this.#judge(source);
    this.#last = { source: { ...source }, verdict };
    return verdict;
  }

  /** Whether pages of an origin may call and read what they are answered. */
  lists(origin: string): boolean {
    // Sandboxed frames and local files all share the origin "null": trusting one trusts every page that makes
    // one.
    // guard: origin/null
    if (origin === 'null') return false;
    return this.#allowedOrigins.has(origin);
  }

  #judge({ host: hostHeader, origin, isAuthorized = false }: RequestSource): GatewayError | undefined {
    const host = hostHeader === undefined ? undefined : hostParts(hostHeader);
    if (host === undefined)
      return /* guard: host/shape */ new GatewayError(
        'OMNI_HOST_FORBIDDEN',
        'The request has no Host header with exactly one valid host',
      );
    // guard: advisory/CVE-2025-66414-host, host/list
    if (!this.#isServed(host)) {
      return new GatewayError('OMNI_HOST_FORBIDDEN', `Omni is not served under the host ${host.authority}`);
    }
    if (origin === undefined || this.lists(origin) || this.#isOther(origin, host, isAuthorized))
      return undefined;
    return new GatewayError(
      'OMNI_ORIGIN_FORBIDDEN',
      'The request comes from a web page that may not call Omni',
    );
  }

  #isServed(host: HostParts): boolean {
    return (!this.#isLoopback && this.#allowedHosts.size === 0) || this.#isNamed(host);
  }

  #isNamed(host: HostParts): boolean {
    return this.#allowedHosts.has(host.name) || this.#allowedHosts.has(host.authority);
  }

  /**
   * Whether it comes from no foreign page: from a page of Omni itself, or from a program of this machine that
   * names an origin.
   */
  #isOther(origin: string, host: HostParts, isAuthorized: boolean): boolean {
    const [, scheme, authority] = WEB_ORIGIN.exec(origin) ?? [];
    const page = authority === undefined ? undefined : hostParts(authority);
    if (page === undefined) return false;
    const standardPort = scheme === 'https' ? ':443' : ':80';
    const isOwn =
      // Without a list of hosts a rebound name would look the same.
      /* guard: origin/rebound */ this.#isNamed(host) &&
      withoutSuffix(page.authority, standardPort) === withoutSuffix(host.authority, standardPort);
    return (
      isOwn ||
      (this.#isLoopback &&
        /* guard: origin/page-of-this-machine */ isAuthorized &&
        /* guard: advisory/CVE-2025-66416-origin, origin/foreign */ LOOPBACK_NAMES.includes(page.name))
    );
  }
}

function hostParts(header: string): HostParts | undefined {
  // guard: host/length
  if (header.length > MAX_HOST_LENGTH) return undefined;
  const authority = header.toLowerCase();
  const [, name, port] = AUTHORITY.exec(authority) ?? [];
  return name === undefined || Number(port ?? 0) > 65_535 ? undefined : { name, authority };
}

function inBrackets(host: string): string {
  const name = host.toLowerCase();
  return name.includes(':') && !name.startsWith('[') ? `[${name}]` : name;
}

function withoutSuffix(text: string, suffix: string): string {
  return text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;
}
