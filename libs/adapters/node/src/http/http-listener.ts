import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http';
import { createServer as createTlsServer, Server as TlsServer } from 'node:https';
import { Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import {
  type CancelTimer,
  type Exchange,
  type FairByteBudget,
  GatewayError,
  type HeaderList,
  type ListenerFacts,
  LiveList,
  type Logger,
  silentLogger,
  systemClock,
  type UnreadAnswers,
} from '@omni/ports';
import { errorCode } from '../files/error-code.ts';
import { rawErrorAnswer } from './http-error-answer.ts';
import { listenFailure } from './listen-failure.ts';
import { HttpConnection } from './http-connection.ts';
import { NodeExchange } from './node-exchange.ts';
import { createServer } from './node-http.ts';
import { PacedStarts } from './paced-starts.ts';
import { WRITE_TIMEOUT_MS } from './response-write-timeout.ts';
import { flushedBytes } from '../sockets/flushed-bytes.ts';
import { TlsCertificate, type TlsFiles, type TlsPair } from './tls-files.ts';
import {
  asksForWebSocket,
  type WebSocketOptions,
  WebSocketUpgrades,
} from '../sockets/web-socket-upgrades.ts';

/** Settings of {@link NodeHttpListener}. */
export interface NodeHttpListenerOptions {
  /** Answers each exchange. What it throws, at once or later, becomes the answer 500. */
  readonly handler: (exchange: Exchange) => void | Promise<void>;
  readonly logger?: Logger;
  /** For the whole request, body included. Default 30,000. */
  readonly requestTimeoutMs?: number;
  /** For the headers. Default 10,000. */
  readonly headersTimeoutMs?: number;
  /** How long an idle connection is kept; above the 60 s of common proxies. Default 65,000. */
  readonly keepAliveTimeoutMs?: number;
  /** How long a client may take nothing of what waits for it. Default 60,000. */
  readonly writeTimeoutMs?: number;
  /** For bodies that are not complete; beyond it a request is refused with 503. Default: none is counted. */
  readonly budget?: FairByteBudget | undefined;
  /**
   * For answers that their clients have not read; beyond it the connection of whoever has most is cut.
   * Default: none are counted.
   */
  readonly unread?: UnreadAnswers | undefined;
  /**
   * Open connections that carry HTTP. When there are more the one that was idle longest is closed, and where
   * none is idle the new one is refused with 503. Default 10,000.
   */
  readonly maxConnections?: number;
  /** Default: an upgrade is not offered, and a request for one is served as if it had not asked. */
  readonly webSockets?: WebSocketOptions;
  /** Default: plain HTTP. The files are looked at again while the listener runs. */
  readonly tls?: TlsFiles;
  /** How often the files of {@link tls} are looked at. Default 10,000. */
  readonly tlsReloadMs?: number;
}

/** Where a listener listens. */
export interface ListenAddress {
  /** Name or address. */
  readonly host: string;
  /** 0 asks for a free one. */
  readonly port: number;
}

/** All header bytes of a request, names and values. */
const MAX_HEADER_BYTES = /* guard: http/header-bytes */ 16_384;
const MAX_HEADERS = 256;
/** How often overdue requests are looked for. */
const TIMEOUT_CHECK_MS = 1_000;
/** A refused connection may take this long to read its answer. */
const REFUSAL_MS = 500;

/** While more exchanges are open, calls begin paced. */
const PACED_ABOVE = 128;

/**
 * Requests of one connection that are not answered. Node bounds the answers that wait, not the requests:
 * those that come in one read are served before anything else is.
 */
const MAX_PIPELINED = 1_024;

const MAX_CONNECTIONS = 10_000;
/** Those that are being closed, and shake hands, count with those that are open. */
const UNSERVED_PART = 4;

const TLS_RELOAD_MS = 10_000;
/** A client may take this long for the handshake. */
const TLS_HANDSHAKE_MS = 10_000;

/** HTTP/1.1 front on `node:http` and `node:https`, with WebSockets by upgrade. */
export class NodeHttpListener {
  readonly #options: NodeHttpListenerOptions;
  readonly #logger: Logger;
  readonly #servers = new Set<Server | TlsServer>();
  readonly #webSockets: WebSocketUpgrades | undefined;
  readonly #cancelWatches: CancelTimer[] = [];
  readonly #connections = new WeakMap<Duplex, HttpConnection>();
  readonly #carryHttp = new LiveList<HttpConnection>();
  readonly #maxConnections: number;
  readonly #paced = new PacedStarts<NodeExchange>((exchange) => this.#handle(exchange));
  #uses = 0;
  #openExchanges = 0;
  #isStopping = false;
  readonly #onIdle: (() => void)[] = [];

  constructor(options: NodeHttpListenerOptions) {
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
    this.#maxConnections = options.maxConnections ?? MAX_CONNECTIONS;
    this.#webSockets =
      options.webSockets &&
      new WebSocketUpgrades({
        ...options.webSockets,
        logger: this.#logger,
        refuse: (socket, error, headers) => this.#refuse(socket, error, headers),
      });
  }

  /** Exchanges that are not over. */
  get openExchanges(): number {
    return this.#openExchanges;
  }

  /**
   * Starts listening; may be called for several addresses.
   *
   * @returns The actual address and port.
   * @throws {@link GatewayError} `OMNI_LISTEN_IN_USE`, `OMNI_LISTEN_DENIED`, `OMNI_TLS_INVALID`.
   */
  async listen(address: ListenAddress): Promise<ListenAddress> {
    const { tls } = this.#options;
    const certificate = tls && (await TlsCertificate.read(tls));
    const server = this.#createServer(certificate);
    return await new Promise((resolve, reject) => {
      const onError = (error: Error): void => reject(listenFailure(error, `${address.host}:${address.port}`));
      server.once('error', onError);
      server.listen({ host: address.host, port: address.port }, () => {
        server.off('error', onError);
        server.on('error', (error) => this.#logger.error({ error }, 'the listener failed'));
        const at = server.address();
        const actual = at === null || typeof at === 'string' ? address : { host: at.address, port: at.port };
        this.#serveOn(server, { kind: certificate === undefined ? 'http' : 'https', ...actual });
        this.#servers.add(server);
        if (certificate !== undefined && server instanceof TlsServer) this.#watch(certificate, server);
        resolve(actual);
      });
    });
  }

  /** Takes no new connections, closes idle ones, and ends each other one with its next answer. */
  stopAccepting(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    for (const cancel of this.#cancelWatches.splice(0)) cancel();
    // Without what `node:http` does beside: it takes a connection for idle whose answer is complete and not
    // yet read.
    for (const server of this.#servers)
      /* guard: listener/answers-being-read */ NetServer.prototype.close.call(server);
    // What has not served yet may be about to.
    for (const { socket, open, hasServed } of this.#carryHttp.items())
      if (hasServed && open.length === 0) socket.destroy();
  }

  /**
   * Stops accepting and waits for the open exchanges; cuts those that are still open after `deadlineMs`.
   * Meanwhile it may be called again: the earliest deadline counts.
   *
   * @returns How many were cut.
   */
  async drain(deadlineMs: number): Promise<number> {
    this.stopAccepting();
    if (this.#openExchanges > 0 && deadlineMs > 0) {
      await new Promise<void>((resolve) => {
        const cancel = systemClock.after(deadlineMs, resolve);
        this.#onIdle.push(() => {
          cancel();
          resolve();
        });
      });
    }
    const cut = this.#openExchanges;
    for (const server of this.#servers) {
      server.closeAllConnections();
      // Ends its timer, too.
      server.close();
    }
    this.#webSockets?.terminate();
    this.#servers.clear();
    return cut;
  }

  #createServer(certificate: TlsCertificate | undefined): Server | TlsServer {
    const options: ServerOptions = {
      // guard: http/body-timeout
      requestTimeout: this.#options.requestTimeoutMs ?? 30_000,
      headersTimeout: this.#options.headersTimeoutMs ?? 10_000,
      keepAliveTimeout: this.#options.keepAliveTimeoutMs ?? 65_000,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      insecureHTTPParser: false,
      // The core says which host is missing, in JSON.
      requireHostHeader: false,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 15_000,
      ...(this.#webSockets === undefined ? {} : { shouldUpgradeCallback: asksForWebSocket }),
    };
    const server =
      certificate === undefined
        ? createServer(options)
        : createTlsServer({
            ...options,
            ...certificate.pair,
            // Who shows no certificate, or one of somebody else's, may have a token.
            requestCert: certificate.pair.ca !== undefined,
            rejectUnauthorized: false,
            ALPNProtocols: ['http/1.1'],
            handshakeTimeout: TLS_HANDSHAKE_MS,
          });
    // Node drops headers beyond this count silently; here they are counted and refused.
    server.maxHeadersCount = 0;
    server.maxConnections = Math.ceil(this.#maxConnections * (1 + 1 / UNSERVED_PART));
    return server;
  }

  #serveOn(server: Server | TlsServer, listener: ListenerFacts): void {
    const opened = server instanceof TlsServer ? 'secureConnection' : 'connection';
    server.on(opened, (socket: Socket) => this.#admit(socket));
    server.on('request', (request, response) => this.#serve(request, response, listener, false));
    server.on('checkContinue', (request, response) => this.#serve(request, response, listener, true));
    server.on('clientError', (error, socket) => this.#onClientError(error, socket));
    server.on('timeout', (socket: Socket) => this.#onTimeout(socket));
    // guard: http/connect
    server.on('connect', (_request, socket) => this.#refuse(socket, invalid('CONNECT is not served here')));
    if (this.#webSockets !== undefined)
      server.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head, listener));
  }

  #admit(socket: Socket): void {
    const connection = this.#connection(socket);
    if (this.#carryHttp.size <= this.#maxConnections) return;
    let idle: HttpConnection | undefined;
    for (const other of this.#carryHttp.items()) {
      const isIdle = /* guard: http/idle-only */ other.open.length === 0 && other !== connection;
      if (isIdle && (idle === undefined || other.lastUse < idle.lastUse)) idle = other;
    }
    // guard: http/connections
    if (idle === undefined) {
      const message = `All ${this.#maxConnections} connections are in use`;
      return this.#refuse(socket, new GatewayError('OMNI_OVERLOADED', message));
    }
    this.#leave(idle);
    idle.socket.destroy();
  }

  #watch(certificate: TlsCertificate, server: TlsServer): void {
    const onChange = (pair: TlsPair): void => server.setSecureContext(pair);
    this.#cancelWatches.push(
      certificate.watch({
        onChange,
        logger: this.#logger,
        everyMs: this.#options.tlsReloadMs ?? TLS_RELOAD_MS,
      }),
    );
  }

  #serve(
    request: IncomingMessage,
    response: ServerResponse,
    listener: ListenerFacts,
    expectsContinue: boolean,
  ): void {
    const connection = this.#connection(request.socket);
    // What came in the same read.
    if (connection.isRefused) return;
    // guard: http/pipelined
    if (connection.open.length >= MAX_PIPELINED)
      return this.#refuse(request.socket, invalid(`More than ${MAX_PIPELINED} requests wait for answers`));
    const writeTimeoutMs = this.#options.writeTimeoutMs ?? WRITE_TIMEOUT_MS;
    const exchange = new NodeExchange(request, response, {
      listener,
      expectsContinue,
      writeTimeoutMs,
      connection,
    });
    connection.open.push(exchange);
    this.#openExchanges += 1;
    // After the answer is sent, or when the connection breaks.
    response.on('close', () => this.#onOver(connection, exchange));
    if (this.#isStopping) exchange.forbidKeepAlive();
    // guard: http/header-count
    if (request.rawHeaders.length > 2 * MAX_HEADERS) {
      exchange.fail(
        new GatewayError('OMNI_HEADERS_TOO_LARGE', `The request has more than ${MAX_HEADERS} headers`),
      );
      return;
    }
    const isPaced =
      this.#openExchanges > PACED_ABOVE &&
      // Health is asked for by GET.
      request.method === 'POST' &&
      // What is pipelined has a bound of its own.
      connection.open.length === 1;
    if (isPaced) this.#paced.add(exchange);
    else this.#handle(exchange);
  }

  #handle(exchange: NodeExchange): void {
    if (exchange.isOver) return;
    try {
      const result = this.#options.handler(exchange);
      if (result !== undefined) result.catch((error: unknown) => this.#onHandlerError(exchange, error));
    } catch (error) {
      this.#onHandlerError(exchange, error);
    }
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, listener: ListenerFacts): void {
    // Node has taken its own listener away.
    socket.on('error', () => socket.destroy());
    const connection = this.#connection(socket);
    this.#leave(connection);
    // guard: upgrade/pipelined
    if (connection.open.length > 0) {
      // Frames would run into the answers that pipelined requests still wait for.
      socket.destroy();
      return;
    }
    // guard: http/header-count-of-upgrade
    if (request.rawHeaders.length > 2 * MAX_HEADERS) {
      this.#refuse(
        socket,
        new GatewayError('OMNI_HEADERS_TOO_LARGE', `The request has more than ${MAX_HEADERS} headers`),
      );
      return;
    }
    const onFailed = (error: unknown): void => {
      this.#logger.error({ error }, 'an upgrade failed');
      this.#refuse(socket, GatewayError.from(error));
    };
    try {
      const result = this.#webSockets?.handle(request, socket, head, listener);
      if (result !== undefined) result.catch(onFailed);
    } catch (error) {
      onFailed(error);
    }
  }

  #onOver(connection: HttpConnection, exchange: NodeExchange): void {
    if (!connection.end(exchange)) return;
    this.#openExchanges -= 1;
    connection.hasServed = true;
    connection.lastUse = ++this.#uses;
    exchange.closed();
    if (this.#openExchanges === 0) for (const listener of this.#onIdle.splice(0)) listener();
  }

  #onHandlerError(exchange: NodeExchange, error: unknown): void {
    const failure = GatewayError.from(error);
    this.#logger.error({ error: failure }, 'a request failed');
    try {
      exchange.fail(failure);
    } catch (cause) {
      this.#logger.error({ error: cause }, 'a failure could not be answered');
    }
  }

  /** Bytes that are no request, or one that did not arrive in time. */
  #onClientError(error: Error, socket: Duplex): void {
    const code = errorCode(error) ?? 'unreadable';
    if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')) {
      // No answer can be read by a client that has no TLS with us.
      socket.destroy();
      return;
    }
    switch (code) {
      case 'ECONNRESET':
        socket.destroy();
        return;
      case 'HPE_HEADER_OVERFLOW':
        this.#refuse(
          socket,
          new GatewayError('OMNI_HEADERS_TOO_LARGE', `The request headers exceed ${MAX_HEADER_BYTES} bytes`),
        );
        return;
      case 'ERR_HTTP_REQUEST_TIMEOUT':
        this.#refuse(socket, new GatewayError('OMNI_REQUEST_TIMEOUT', 'The request did not arrive in time'));
        return;
      default:
        this.#refuse(socket, invalid(`The request is not valid HTTP/1.1 (${code})`));
    }
  }

  /**
   * A connection was idle, or its client has taken nothing for too long; of what a client takes over TLS Node
   * sees whole answers only.
   */
  #onTimeout(socket: Socket): void {
    const connection = this.#connection(socket);
    const taken = flushedBytes(socket);
    // guard: http/slow-tls
    if (
      socket.writableLength === 0 ||
      taken === connection.flushedAtTimeout ||
      !(socket instanceof TLSSocket)
    ) {
      socket.destroy();
      return;
    }
    connection.flushedAtTimeout = taken;
    socket.setTimeout(this.#options.writeTimeoutMs ?? WRITE_TIMEOUT_MS);
  }

  /** Answers on the bare socket, unless that would run into an answer that has begun, and closes it. */
  #refuse(socket: Duplex, error: GatewayError, headers: HeaderList = []): void {
    const connection = this.#connection(socket);
    if (connection.isRefused) return;
    connection.isRefused = true;
    let isFree = connection.open.length <= 1;
    for (const exchange of connection.open) isFree &&= /* guard: http/error-into-answer */ !exchange.hasBegun;
    if (!isFree || !socket.writable) {
      socket.destroy();
      return;
    }
    socket.end(rawErrorAnswer(error, headers));
    systemClock.after(REFUSAL_MS, () => socket.destroy());
  }

  #connection(socket: Duplex): HttpConnection {
    const known = this.#connections.get(socket);
    if (known !== undefined) return known;
    const { budget, unread } = this.#options;
    const connection = new HttpConnection(socket, { budget, unread, logger: this.#logger });
    connection.place = this.#carryHttp.add(connection);
    connection.lastUse = ++this.#uses;
    this.#connections.set(socket, connection);
    // Requests that wait behind another have no part in the socket yet, so their responses do not hear of its
    // end.
    socket.on('close', () => {
      for (const exchange of connection.open.slice()) this.#onOver(connection, exchange);
      this.#leave(connection);
      connection.onClosed();
    });
    return connection;
  }

  #leave(connection: HttpConnection): void {
    if (connection.place !== undefined) this.#carryHttp.remove(connection.place);
  }
}

function invalid(message: string): GatewayError {
  return new GatewayError('OMNI_HTTP_INVALID', message);
}
