import type { HeaderList, HostNamed, ListenerFacts, PeerCertificate, RequestFacts } from '@omni/ports';

/** What a host knows of the connection of a request. */
export interface FetchPeer {
  /** Where its connection came in. Default: over HTTP or HTTPS, at a host and port that are not known. */
  readonly listener?: ListenerFacts | undefined;
  /** Names its connection among all of this process. Default: a name of its own for each request. */
  readonly connection?: string | undefined;
  /** Default: not known. */
  readonly peerAddress?: string | undefined;
  /** Default: none that can be trusted. */
  readonly peerCertificate?: PeerCertificate | undefined;
}

/** What the host says of a request, beside what stands in it. */
export interface HostFacts {
  readonly peer: FetchPeer;
  readonly principal: HostNamed | undefined;
  /** The body as it was received; `undefined` where the host has not read it, or has not kept it. */
  readonly body: Uint8Array | undefined;
  /** Empty at the root. */
  readonly basePath: string;
  /** Below the base path. */
  readonly path: string;
}

/** A request URL, taken apart. */
export interface RequestUrl {
  /** Host and port. */
  readonly authority: string;
  readonly path: string;
  /** Without `?`; empty when there is none. */
  readonly query: string;
}

const URL_PARTS = /^https?:\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?/i;

/** @param url - Of a `Request`: absolute and normal, so that its parts are cut and not parsed again. */
export function splitUrl(url: string): RequestUrl {
  const [, authority = '', path = '', query = ''] = URL_PARTS.exec(url) ?? [];
  return { authority, path: path === '' ? '/' : path, query };
}

let named = 0;

/** What is known of a request, straight from a `Request`. */
export class FetchRequestFacts implements RequestFacts {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly basePath: string;
  readonly listener: ListenerFacts;
  readonly connection: string;
  readonly peerAddress: string | undefined;
  readonly peerCertificate: PeerCertificate | undefined;
  readonly principal: HostNamed | undefined;
  readonly #headers: Headers;
  readonly #authority: string;
  #list: HeaderList | undefined;

  constructor(request: Request, { authority, query }: RequestUrl, host: HostFacts) {
    const { peer } = host;
    const isSecure = request.url.startsWith('https:');
    this.method = request.method;
    this.path = host.path;
    this.query = query;
    this.basePath = host.basePath;
    this.listener = peer.listener ?? { kind: isSecure ? 'https' : 'http', host: '', port: 0 };
    this.connection = peer.connection ?? `request-${++named}`;
    this.peerAddress = peer.peerAddress;
    this.peerCertificate = peer.peerCertificate;
    this.principal = host.principal;
    this.#headers = request.headers;
    this.#authority = authority;
  }

  /** Names in lower case, and several values of one as the runtime has joined them. */
  get headers(): HeaderList {
    return (this.#list ??= [...this.#headers].flat());
  }

  header(name: string): string | undefined {
    const value = this.#headers.get(name);
    if (value !== null) return value;
    // Some runtimes show the host in the URL alone.
    return name === 'host' && this.#authority !== '' ? this.#authority : undefined;
  }
}
