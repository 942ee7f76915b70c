import { GatewayError, type HeaderList, type Principal, type Refusal } from '@omni/ports';
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

  /** How many requests wait to be authenticated. */
  get pending(): number {
    return this.#authentication.pending;
  }

  /**
   * Checks Host, Origin, path, token and server, in this order.
   *
   * @returns `undefined` when the path is none of the endpoints; a promise, which is never rejected, only where the authentication
   * takes time. Until then nothing may be read of the request.
   */
  admit(
    request: EndpointRequest,
    endpoints = ENDPOINT,
  ): EndpointDecision | Promise<EndpointDecision> | undefined {
    const forbidden = this.#hostCheck.check({
      host: request.header('host'),
      origin: request.header('origin'),
    });
    // guard: endpoint/host
    if (forbidden !== undefined) return refusal(forbidden);
    const match = endpoints.exec(request.path);
    if (match === null) return undefined;
    const known = this.identify(request);
    return known instanceof Promise
      ? known.then((later) => this.#decide(later, match[1]))
      : this.#decide(known, match[1]);
  }

  /** Who a request is from, whatever it asks for. @returns As {@link admit}. */
  identify(request: EndpointRequest): Principal | Refusal | Promise<Principal | Refusal> {
    return this.#authentication.identify(request);
  }

  /** Refuses what waits to be authenticated, and what would wait from now on. */
  stop(): void {
    this.#authentication.stop();
  }

  #decide(known: Principal | Refusal, server: string | undefined): EndpointDecision {
    if ('error' in known)
      return /* guard: endpoint/token */ refusal(
        known.error,
        known.challenge === undefined ? [] : ['WWW-Authenticate', known.challenge],
      );
    const endpoint = endpointOf(server);
    if (/* guard: endpoint/scope */ !this.#views.serves(endpoint))
      return refusal(new GatewayError('OMNI_SERVER_UNKNOWN', `There is no server "${server}"`));
    return { kind: 'admitted', principal: known, endpoint };
  }
}

/** A refusal for another reason than those of {@link EndpointAccess}. */
export function refusal(error: GatewayError, headers: HeaderList = []): RefusedClient {
  return { kind: 'refused', error, headers };
}
