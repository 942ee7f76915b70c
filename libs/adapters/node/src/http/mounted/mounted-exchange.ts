import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type Exchange,
  GatewayError,
  type HeaderList,
  type HostNamed,
  type ListenerFacts,
  type Payload,
  type PeerCertificate,
  type Principal,
  type ResponseStream,
} from '@omni/ports';
import { tooLarge } from '../body-reader.ts';
import type { NodeExchange } from '../node-exchange.ts';

/** What the host that Omni is mounted in says of a request. */
export interface HostFacts {
  readonly principal: HostNamed | undefined;
  /** The body as it was received; `undefined` where the host has not read it, or has not kept it. */
  readonly body: Uint8Array | undefined;
  /** Empty at the root. */
  readonly basePath: string;
  /** Below the base path. */
  readonly path: string;
}

/** An exchange of a host's own server: what the host has done with the request already counts. */
export class MountedExchange implements Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly basePath: string;
  readonly headers: HeaderList;
  readonly listener: ListenerFacts;
  readonly connection: string;
  readonly principal: HostNamed | undefined;
  readonly #exchange: NodeExchange;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #body: Uint8Array | undefined;

  constructor(exchange: NodeExchange, request: IncomingMessage, response: ServerResponse, host: HostFacts) {
    this.method = exchange.method;
    this.path = host.path;
    this.query = exchange.query;
    this.basePath = host.basePath;
    this.headers = exchange.headers;
    this.listener = exchange.listener;
    this.connection = exchange.connection;
    this.principal = host.principal;
    this.#exchange = exchange;
    this.#request = request;
    this.#response = response;
    this.#body = host.body;
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

  /**
   * @throws {@link GatewayError} Also `OMNI_BODY_TAKEN`, where the host has read the body and kept no bytes.
   */
  readBody(maxBytes: number): Promise<Uint8Array> {
    const body = this.#body;
    // guard: mount/kept-body-limit
    if (body !== undefined && body.byteLength > maxBytes) return Promise.reject(tooLarge(maxBytes));
    if (body !== undefined) return Promise.resolve(body);
    const { readableDidRead, readableEnded } = this.#request;
    // guard: mount/taken-body
    if (readableDidRead) {
      return Promise.reject(
        new GatewayError('OMNI_BODY_TAKEN', 'The body of the request was read before it came to Omni'),
      );
    }
    // A parser has met the end of an empty one, which does not come again.
    if (readableEnded) return Promise.resolve(new Uint8Array(0));
    return this.#exchange.readBody(maxBytes);
  }

  belongsTo(principal: Principal): void {
    this.#exchange.belongsTo(principal);
  }

  onGone(listener: () => void): void {
    this.#exchange.onGone(listener);
  }

  respond(status: number, headers: HeaderList, body?: Payload): void {
    if (!this.#isAnsweredByHost()) this.#exchange.respond(status, headers, body);
  }

  stream(status: number, headers: HeaderList): ResponseStream {
    return this.#isAnsweredByHost() ? NOBODY_READS : this.#exchange.stream(status, headers);
  }

  /** Such as a time limit of the host for all its requests: what comes later is for nobody. */
  #isAnsweredByHost(): boolean {
    // guard: mount/answered-by-host
    return this.#response.headersSent && !this.#exchange.hasBegun;
  }
}

const NOBODY_READS: ResponseStream = {
  backlogBytes: 0,
  write: () => false,
  pass: () => false,
  onDrain: () => {},
  end: () => {},
  destroy: () => {},
};
