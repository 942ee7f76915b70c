import { GatewayError, type Exchange, type HeaderList, type Principal } from '@omni/ports';
import { endpointOf, type CatalogueViews, type Endpoint } from '@omni/model';
import type { Authentication, HostCheck } from '../collaborators.ts';

/** What of a request decides who may use which endpoint; every `Exchange` has it, and so has a request for an upgrade. */
export type EndpointRequest = Pick<Exchange, 'path' | 'header'>;

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

export interface EndpointAccessOptions {
  readonly views: Pick<CatalogueViews, 'serves'>;
  readonly authentication: Authentication;
  readonly hostCheck: HostCheck;
}

/** Paths of MCP; the one group is the name of a server. */
const ENDPOINT = /^\/mcp(?:\/([A-Za-z0-9][A-Za-z0-9._-]{0,31}))?$/;

/** Paths of the transport HTTP+SSE. */
export const ENDPOINT_OF_SSE: RegExp = /^\/(?:sse(?:\/([A-Za-z0-9][A-Za-z0-9._-]{0,31}))?|messages)$/;

/** Who may use which endpoint of MCP: the one rule for HTTP requests and for upgrades. */
export class EndpointAccess {
  readonly #options: EndpointAccessOptions;

  constructor(options: EndpointAccessOptions) {
    this.#options = options;
  }

  /** Checks Host, Origin, path, token and server, in this order. @returns `undefined` when the path is none of the endpoints. */
  admit(request: EndpointRequest, endpoints = ENDPOINT): AdmittedClient | RefusedClient | undefined {
    const { hostCheck, authentication, views } = this.#options;
    const forbidden = hostCheck.check({ host: request.header('host'), origin: request.header('origin') });
    // guard: endpoint/host
    if (forbidden !== undefined) return refusal(forbidden);
    const match = endpoints.exec(request.path);
    if (match === null) return undefined;
    const principal = authentication.authenticate(request.header('authorization'));
    if (principal instanceof GatewayError)
      return /* guard: endpoint/token */ refusal(principal, [
        'WWW-Authenticate',
        authentication.challenge(principal),
      ]);
    const server = match[1];
    const endpoint = endpointOf(server);
    if (/* guard: endpoint/scope */ !views.serves(endpoint))
      return refusal(new GatewayError('OMNI_SERVER_UNKNOWN', `There is no server "${server}"`));
    return { kind: 'admitted', principal, endpoint };
  }
}

/** A refusal for another reason than those of {@link EndpointAccess}. */
export function refusal(error: GatewayError, headers: HeaderList = []): RefusedClient {
  return { kind: 'refused', error, headers };
}
