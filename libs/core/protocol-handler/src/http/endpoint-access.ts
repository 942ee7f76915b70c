import { GatewayError, type HeaderList, onConnection, type Principal, type Refusal } from '@omni/ports';
import { endpointOf, type CatalogueViews, type Endpoint } from '@omni/model';
import type { HostCheck } from '../collaborators.ts';
import type { EndpointRequest } from './endpoint-request.ts';
import { RequestAuthentication, type RequestAuthenticationOptions } from './request-authentication.ts';

/** A client that may use an endpoint. */
export interface AdmittedClient {
  readonly kind: 'admitted';
  readonly principal: Principal;
  readonly endpoint: Endpoint;
}

/** A client that may not, and what it is answered. */
export interface RefusedClient {
  readonly kind: 'refused';
  readonly error: GatewayError;
  /** Belong into the answer. */
  readonly headers: HeaderList;
}

/** Whether a client may use the endpoint that it asks for. */
export type EndpointDecision = AdmittedClient | RefusedClient;

export interface EndpointAccessOptions extends RequestAuthenticationOptions {
  readonly views: Pick<CatalogueViews, 'serves'>;
  readonly hostCheck: HostCheck;
}

/** Paths of MCP, with and without a slash at the end; the one group is the name of a server. */
const ENDPOINT = /^\/mcp(?:\/([A-Za-z0-9][A-Za-z0-9._-]{0,31}))?\/?$/;

/** Paths of the transport HTTP+SSE. */
export const ENDPOINT_OF_SSE: RegExp = /^\/(?:sse(?:\/([A-Za-z0-9][A-Za-z0-9._-]{0,31}))?|messages)$/;

/** Who may use which endpoint of MCP: the one rule for HTTP requests and for upgrades. */
export class EndpointAccess {
  readonly #views: EndpointAccessOptions['views'];
  readonly #hostCheck: HostCheck;
  readonly #authentication: RequestAuthentication;

  constructor(options: EndpointAccessOptions) {
    this.#views = options.views;
    this.#hostCheck = options.hostCheck;
    this.#authentication = new RequestAuthentication(options);
  }

  /** Whether pages of an origin may call and read what they are answered. */
  readonly lists = (origin: string): boolean => this.#hostCheck.lists(origin);

  /** How many requests wait to be authenticated. */
  get pending(): number {
    return this.#authentication.pending;
  }

  /**
   * Checks Host, Origin, path, token and server, in this order.
   *
   * @returns `undefined` when the path is none of the endpoints; a promise, which is never rejected, only
   * where the authentication takes time. Until then nothing may be read of the request.
   */
  admit(
    request: EndpointRequest,
    endpoints = ENDPOINT,
  ): EndpointDecision | Promise<EndpointDecision> | undefined {
    const origin = request.header('origin');
    const forbidden = this.#hostCheck.check({
      host: request.header('host'),
      origin,
      isAuthorized: origin !== undefined && request.header('authorization') !== undefined,
    });
    // guard: endpoint/host
    if (forbidden !== undefined) return refusal(forbidden);
    const match = endpoints.exec(request.path);
    if (match === null) return undefined;
    // guard: endpoint/page-without-origin
    if (request.method === 'GET' && origin === undefined && isFromPage(request))
      return refusal(
        new GatewayError(
          'OMNI_ORIGIN_FORBIDDEN',
          'The request comes from a web page that asks for no permission',
        ),
      );
    const known = this.identify(request);
    return known instanceof Promise
      ? known.then((later) => this.#decide(request, later, match[1]))
      : this.#decide(request, known, match[1]);
  }

  /** Who a request is from, whatever it asks for. @returns As {@link admit}. */
  identify(request: EndpointRequest): Principal | Refusal | Promise<Principal | Refusal> {
    return this.#authentication.identify(request);
  }

  /** Whether everybody is let in as one, so that everybody may read what is for the owner. */
  isOpenTo(request: Pick<EndpointRequest, 'principal'>): boolean {
    return this.#authentication.isOpenTo(request);
  }

  /** Refuses what waits to be authenticated, and what would wait from now on. */
  stop(): void {
    this.#authentication.stop();
  }

  #decide(
    { connection }: EndpointRequest,
    known: Principal | Refusal,
    server: string | undefined,
  ): EndpointDecision {
    if ('error' in known)
      return /* guard: endpoint/token */ refusal(
        known.error,
        known.challenge === undefined ? [] : ['WWW-Authenticate', known.challenge],
      );
    const endpoint = endpointOf(server);
    if (/* guard: endpoint/scope */ !this.#views.serves(endpoint))
      return refusal(new GatewayError('OMNI_SERVER_UNKNOWN', `There is no server "${server}"`));
    return { kind: 'admitted', principal: onConnection(known, connection), endpoint };
  }
}

/**
 * Whether a page of another origin makes a browser ask for this as for a picture or a frame: then there is no
 * `Origin`.
 *
 * @see Fetch Metadata Request Headers, "Sec-Fetch-Site".
 */
function isFromPage(request: EndpointRequest): boolean {
  const site = request.header('sec-fetch-site');
  return site === 'cross-site' || site === 'same-site';
}

/** A refusal for another reason than those of {@link EndpointAccess}. */
export function refusal(error: GatewayError, headers: HeaderList = []): RefusedClient {
  return { kind: 'refused', error, headers };
}
