import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { HeaderList, ListenerFacts, PeerCertificate, RequestFacts } from '@omni/ports';
import { connectionName } from './connection-name.ts';
import { peerAddressOf } from './peer-address.ts';
import { peerCertificateOf } from './peer-certificate.ts';
import { headerValue, splitTarget } from './request-head.ts';

/** What is known of a request, straight from Node's own object. */
export class NodeRequestFacts implements RequestFacts {
  readonly listener: ListenerFacts;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: HeaderList;
  readonly #authority: string | undefined;
  readonly #socket: Socket;

  constructor(request: IncomingMessage, listener: ListenerFacts) {
    const { authority, path, query } = splitTarget(request.url ?? '/');
    this.listener = listener;
    this.method = request.method ?? 'GET';
    this.path = path;
    this.query = query;
    this.headers = request.rawHeaders;
    this.#authority = authority;
    this.#socket = request.socket;
  }

  get connection(): string {
    return connectionName(this.#socket);
  }

  get peerAddress(): string | undefined {
    return peerAddressOf(this.#socket);
  }

  get peerCertificate(): PeerCertificate | undefined {
    return peerCertificateOf(this.#socket);
  }

  header(name: string): string | undefined {
    const value = headerValue(this.headers, name);
    if (this.#authority === undefined || name !== 'host') return value;
    // RFC 9112, section 3.2.2: the target decides; section 3.2: there has to be exactly one Host all the
    // same.
    return value === undefined || value.includes(',') ? value : this.#authority;
  }
}
