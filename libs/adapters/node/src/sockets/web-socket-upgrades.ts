import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  type ByteBudget,
  type ChannelListener,
  type Exchange,
  GatewayError,
  type HeaderList,
  type ListenerFacts,
  type Logger,
  type OpenChannel,
  type RequestFacts,
} from '@omni/ports';
import { type WebSocket, WebSocketServer } from 'ws';
import { CLIENT_BACKLOG_BYTES } from './client-backlog.ts';
import { NodeRequestFacts } from '../http/node-request-facts.ts';
import { headerValue } from '../http/request-head.ts';
import { WRITE_TIMEOUT_MS } from '../http/response-write-timeout.ts';
import { WebSocketChannel } from './web-socket-channel.ts';
import { CLOSE } from './web-socket-end.ts';

/** What of a request for an upgrade decides about it, and whether its client still waits for that. */
export type UpgradeRequest = RequestFacts & Pick<Exchange, 'onGone'>;

/** Whether the client gets its channel. */
export type UpgradeDecision =
  | { readonly kind: 'refused'; readonly error: GatewayError; readonly headers: HeaderList }
  /** `serve` opens the channel before it returns. */
  | { readonly kind: 'accepted'; readonly serve: (open: OpenChannel) => void };

/** Settings of the WebSockets of a listener. */
export interface WebSocketOptions {
  /** Asked before anything is upgraded. Until it has answered no frame is read. */
  readonly decide: (request: UpgradeRequest) => UpgradeDecision | Promise<UpgradeDecision>;
  /** Longest message that is read; a longer one ends the connection with 1009. */
  readonly maxMessageBytes: number;
  /** Bytes that may wait for one client to read them. Default 64 MiB. */
  readonly maxBacklogBytes?: number;
  /** How long a client may take nothing of what waits for it. Default 60,000. */
  readonly writeTimeoutMs?: number;
  /** For messages that are not complete; beyond it a connection is closed with 1013. Default: none is counted. */
  readonly budget?: ByteBudget | undefined;
  /** Open WebSockets; further ones are refused with 503. Default 1,000. */
  readonly maxConnections?: number;
  /** Time between pings. Default 30,000. */
  readonly pingMs?: number;
}

export interface WebSocketUpgradesOptions extends WebSocketOptions {
  readonly logger: Logger;
  /** Answers on the bare socket and closes it. */
  readonly refuse: (socket: Duplex, error: GatewayError, headers: HeaderList) => void;
}

const SUB_PROTOCOL = 'mcp';
const DEFAULT_MAX_CONNECTIONS = 1_000;

/** Turns requests for an upgrade into channels. */
export class WebSocketUpgrades {
  readonly #options: WebSocketUpgradesOptions;
  readonly #server: WebSocketServer;
  readonly #open = new Set<WebSocket>();
  readonly #undecided = new Set<Duplex>();

  constructor(options: WebSocketUpgradesOptions) {
    this.#options = options;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: /* guard: upgrade/message-size */ options.maxMessageBytes,
      perMessageDeflate: false,
      handleProtocols: (offered) => (offered.has(SUB_PROTOCOL) ? SUB_PROTOCOL : false),
    });
    this.#server.on('wsClientError', (error, socket) =>
      options.refuse(
        socket,
        new GatewayError('OMNI_HTTP_INVALID', `The WebSocket upgrade is not valid: ${error.message}`),
        [],
      ),
    );
  }

  /**
   * Takes over the socket of a request, or refuses it.
   *
   * @param head - What has come behind the request.
   * @returns A promise only where the decision takes time.
   */
  handle(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    listener: ListenerFacts,
  ): void | Promise<void> {
    const decision = this.#options.decide(new NodeUpgradeRequest(request, listener));
    if (!(decision instanceof Promise)) return this.#answer(decision, request, socket, head);
    return this.#decided(decision, socket).then((decided) => {
      if (!socket.destroyed) this.#answer(decided, request, socket, head);
    });
  }

  /** Waits for a decision; the client may leave meanwhile, but then it has to say so before it sends frames. */
  async #decided(decision: Promise<UpgradeDecision>, socket: Duplex): Promise<UpgradeDecision> {
    const onEnd = (): void => void socket.destroy();
    socket.once('end', onEnd);
    this.#undecided.add(socket);
    try {
      return await decision;
    } finally {
      this.#undecided.delete(socket);
      socket.off('end', onEnd);
    }
  }

  #answer(decision: UpgradeDecision, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { refuse, maxConnections = DEFAULT_MAX_CONNECTIONS } = this.#options;
    if (decision.kind === 'refused')
      return /* guard: upgrade/decision */ refuse(socket, decision.error, decision.headers);
    // guard: upgrade/sub-protocol
    if (!offersSubProtocol(headerValue(request.rawHeaders, 'sec-websocket-protocol')))
      return refuse(
        socket,
        new GatewayError('OMNI_SUBPROTOCOL_UNSUPPORTED', 'None of the offered sub-protocols is mcp'),
        [],
      );
    // guard: upgrade/count
    if (this.#open.size >= maxConnections)
      return refuse(
        socket,
        new GatewayError('OMNI_OVERLOADED', `At most ${maxConnections} WebSockets can be open at once`),
        [],
      );
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      this.#open.add(webSocket);
      decision.serve((listener) => this.#channel(webSocket, request.socket, listener));
    });
  }

  /** Cuts every WebSocket that is still open, and every client that waits for one. */
  terminate(): void {
    // guard: upgrade/undecided
    for (const socket of this.#undecided) socket.destroy();
    for (const webSocket of this.#open) webSocket.terminate();
  }

  #channel(webSocket: WebSocket, socket: Socket, listener: ChannelListener): WebSocketChannel {
    const {
      pingMs,
      logger,
      budget,
      maxBacklogBytes = CLIENT_BACKLOG_BYTES,
      writeTimeoutMs = WRITE_TIMEOUT_MS,
    } = this.#options;
    return new WebSocketChannel(listener, {
      webSocket,
      closeCode: CLOSE.goingAway,
      client: { socket, writeTimeoutMs },
      budget,
      maxBacklogBytes,
      ...(pingMs === undefined ? {} : { pingMs }),
      // However a client ends, it is gone; what it did wrong is for the operator.
      explain: (end) => {
        if (end.kind === 'violated')
          logger.warn(
            { closeCode: end.code },
            'a client sent what its WebSocket may not carry; the connection was closed',
          );
        if (end.kind === 'no-room')
          logger.warn(
            { closeCode: CLOSE.tryAgainLater },
            'there is no room for the message of a client; its connection was closed',
          );
        if (end.kind === 'stalled')
          logger.warn(
            { closeCode: CLOSE.policy },
            'a client does not read its messages; its connection was closed',
          );
        return undefined;
      },
      onGone: () => this.#open.delete(webSocket),
    });
  }
}

class NodeUpgradeRequest extends NodeRequestFacts implements UpgradeRequest {
  readonly #socket: Socket;

  constructor(request: IncomingMessage, listener: ListenerFacts) {
    super(request, listener);
    this.#socket = request.socket;
  }

  onGone(listener: () => void): void {
    if (this.#socket.destroyed) listener();
    else this.#socket.once('close', listener);
  }
}

/** Whether a request asks for what is done here; others are served as if they had not asked. */
export function asksForWebSocket(request: IncomingMessage): boolean {
  return (
    request.method === 'GET' && headerValue(request.rawHeaders, 'upgrade')?.toLowerCase() === 'websocket'
  );
}

/** A client that offers sub-protocols must offer ours; one that offers none gets none. */
function offersSubProtocol(offered: string | undefined): boolean {
  return offered === undefined || offered.split(',').some((name) => name.trim() === SUB_PROTOCOL);
}
