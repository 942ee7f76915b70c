import type {
  Exchange,
  HeaderList,
  HostNamed,
  ListenerFacts,
  Payload,
  PeerCertificate,
  Principal,
  ResponseStream,
} from '@omni/ports';

/** What a client reads of an answer, beside what every page may. */
const EXPOSED = 'Mcp-Session-Id, WWW-Authenticate, Retry-After, Allow';
const METHODS = 'GET, POST, DELETE';
/** In seconds: a browser asks again after this time at the latest. */
const MAX_AGE = '600';

/**
 * What a page of a listed origin sends, as an exchange whose every answer the page may read; any other
 * exchange as it is.
 *
 * @param lists - Whether pages of an origin may call.
 * @returns `undefined` for the question of a browser whether its page may ask, which is answered: it carries
 * no token and needs none.
 * @see Fetch, "CORS protocol": preflights and the headers of the answers.
 */
export function openToPage(exchange: Exchange, lists: (origin: string) => boolean): Exchange | undefined {
  const origin = exchange.header('origin');
  // guard: page/listed
  if (origin === undefined || !lists(origin)) return exchange;
  if (exchange.method !== 'OPTIONS' || exchange.header('access-control-request-method') === undefined)
    return new PageExchange(exchange, origin);
  allow(exchange, origin);
  return undefined;
}

/**
 * The owner trusts the page, so it may send every header that it asks for: names such as `Mcp-Param-*` are
 * made by servers, and a wildcard would leave `Authorization` out. Credentials that browsers send by
 * themselves are not asked for.
 */
function allow(exchange: Exchange, origin: string): void {
  const wanted = exchange.header('access-control-request-headers');
  // Private Network Access: a page of the internet asks for a server of a private network.
  const isPrivate = exchange.header('access-control-request-private-network') === 'true';
  exchange.respond(204, [
    ...headersFor(origin),
    ...['Access-Control-Allow-Methods', METHODS, 'Access-Control-Max-Age', MAX_AGE],
    ...(wanted === undefined ? [] : ['Access-Control-Allow-Headers', wanted]),
    ...(isPrivate ? ['Access-Control-Allow-Private-Network', 'true'] : []),
  ]);
}

/** Of every answer to a page of this origin. */
function headersFor(origin: string): HeaderList {
  return ['Access-Control-Allow-Origin', origin, 'Access-Control-Expose-Headers', EXPOSED, 'Vary', 'Origin'];
}

/** An exchange with a page of another origin. */
class PageExchange implements Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly basePath: string | undefined;
  readonly headers: HeaderList;
  readonly listener: ListenerFacts;
  readonly connection: string;
  readonly principal: HostNamed | undefined;
  readonly #exchange: Exchange;
  readonly #added: HeaderList;

  constructor(exchange: Exchange, origin: string) {
    this.method = exchange.method;
    this.path = exchange.path;
    this.query = exchange.query;
    this.basePath = exchange.basePath;
    this.headers = exchange.headers;
    this.listener = exchange.listener;
    this.connection = exchange.connection;
    this.principal = exchange.principal;
    this.#exchange = exchange;
    this.#added = headersFor(origin);
  }

  get peerAddress(): string | undefined {
    return this.#exchange.peerAddress;
  }

  get peerCertificate(): PeerCertificate | undefined {
    return this.#exchange.peerCertificate;
  }

  header(name: string): string | undefined {
    return this.#exchange.header(name);
  }

  readBody(maxBytes: number): Promise<Uint8Array> {
    return this.#exchange.readBody(maxBytes);
  }

  belongsTo(principal: Principal): void {
    this.#exchange.belongsTo(principal);
  }

  onGone(listener: () => void): void {
    this.#exchange.onGone(listener);
  }

  respond(status: number, headers: HeaderList, body?: Payload): void {
    this.#exchange.respond(status, [...headers, ...this.#added], body);
  }

  stream(status: number, headers: HeaderList): ResponseStream {
    return this.#exchange.stream(status, [...headers, ...this.#added]);
  }
}
