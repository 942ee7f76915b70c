import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  type ChannelListener,
  type Exchange,
  type FairByteBudget,
  FairPlaces,
  GatewayError,
  type HeaderList,
  type ListenerFacts,
  type Logger,
  logUnread,
  type Occupant,
  onConnection,
  type OpenChannel,
  type Principal,
  type RequestFacts,
  type Share,
  sharerOf,
  systemClock,
  type UnreadAnswers,
} from '@omni/ports';
import { type WebSocket, WebSocketServer } from 'ws';
import { CLIENT_BACKLOG_BYTES } from './client-backlog.ts';
import { connectionName } from '../http/connection-name.ts';
import { NodeRequestFacts } from '../http/node-request-facts.ts';
import { headerValue } from '../http/request-head.ts';
import { WRITE_TIMEOUT_MS } from '../http/response-write-timeout.ts';
import type { ServedChannel } from './served-channel.ts';
import { WebSocketChannel } from './web-socket-channel.ts';
import { CLOSE } from './web-socket-end.ts';

/** What of a request for an upgrade decides about it, and whether its client still waits for that. */
export type UpgradeRequest = RequestFacts & Pick<Exchange, 'onGone'>;

/** Whether the client gets its channel. */
export type UpgradeDecision =
  | { readonly kind: 'refused'; readonly error: GatewayError; readonly headers: HeaderList }
  /** `serve` opens the channel before it returns. */
  | {
      readonly kind: 'accepted';
      readonly principal: Principal;
      readonly serve: (open: OpenChannel) => ServedChannel;
    };

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
  /**
   * For messages that are not complete; beyond it a connection is closed with 1013. Default: none is counted.
   */
  readonly budget?: FairByteBudget | undefined;
  /**
   * For answers that clients have not read; beyond it the connection of whoever has most is cut. Default:
   * none are counted.
   */
  readonly unread?: UnreadAnswers | undefined;
  /**
   * Open WebSockets, shared fairly, see `FairPlaces`: idle ones give way, then further ones are refused with
   * 503. Default 1,000.
   */
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

/** One that is open, with the place that it has. */
class OpenWebSocket implements Occupant {
  readonly webSocket: WebSocket;
  readonly share: Share;
  readonly #onGone: (gone: OpenWebSocket) => void;
  channel: ServedChannel | undefined;

  constructor(webSocket: WebSocket, share: Share, onGone: (gone: OpenWebSocket) => void) {
    this.webSocket = webSocket;
    this.share = share;
    this.#onGone = onGone;
  }

  get idleSinceMs(): number | undefined {
    return this.channel?.idleSinceMs;
  }

  giveWay(): void {
    this.leave();
    this.webSocket.close(CLOSE.tryAgainLater, 'idle, and others need its place');
  }

  leave(): void {
    this.#onGone(this);
  }
}

/** Turns requests for an upgrade into channels. */
export class WebSocketUpgrades {
  readonly #options: WebSocketUpgradesOptions;
  readonly #server: WebSocketServer;
  readonly #places: FairPlaces;
  readonly #open = new Set<OpenWebSocket>();
  /** Those that have left their place and are not gone yet among them. */
  readonly #webSockets = new Set<WebSocket>();
  readonly #undecided = new Set<Duplex>();

  constructor(options: WebSocketUpgradesOptions) {
    this.#options = options;
    this.#places = new FairPlaces({
      capacity: options.maxConnections ?? DEFAULT_MAX_CONNECTIONS,
      what: 'WebSockets',
      clock: systemClock,
    });
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

  /**
   * Waits for a decision; the client may leave meanwhile, but then it has to say so before it sends frames.
   */
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
    const { refuse } = this.#options;
    if (decision.kind === 'refused')
      return /* guard: upgrade/decision */ refuse(socket, decision.error, decision.headers);
    // guard: upgrade/sub-protocol
    if (!offersSubProtocol(headerValue(request.rawHeaders, 'sec-websocket-protocol')))
      return refuse(
        socket,
        new GatewayError('OMNI_SUBPROTOCOL_UNSUPPORTED', 'None of the offered sub-protocols is mcp'),
        [],
      );
    const principal = onConnection(decision.principal, connectionName(request.socket));
    const share = this.#places.takeOver(principal, this.#open);
    // guard: upgrade/count
    if (share instanceof GatewayError) return refuse(socket, share, []);
    let isOpen = false;
    // What is no upgrade after all opens nothing.
    socket.once('close', () => {
      if (!isOpen) this.#places.leave(share);
    });
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      isOpen = true;
      const open = new OpenWebSocket(webSocket, share, this.#onGone);
      this.#open.add(open);
      this.#webSockets.add(webSocket);
      open.channel = decision.serve((listener) => this.#channel(open, principal, request.socket, listener));
    });
  }

  readonly #onGone = (gone: OpenWebSocket): void => {
    if (this.#open.delete(gone)) this.#places.leave(gone.share);
  };

  /** Cuts every WebSocket that is still open, and every client that waits for one. */
  terminate(): void {
    // guard: upgrade/undecided
    for (const socket of this.#undecided) socket.destroy();
    for (const webSocket of this.#webSockets) webSocket.terminate();
  }

  #channel(
    open: OpenWebSocket,
    principal: Principal,
    socket: Socket,
    listener: ChannelListener,
  ): WebSocketChannel {
    const { webSocket } = open;
    const user = sharerOf(principal);
    const {
      pingMs,
      logger,
      budget,
      unread,
      maxBacklogBytes = CLIENT_BACKLOG_BYTES,
      writeTimeoutMs = WRITE_TIMEOUT_MS,
    } = this.#options;
    return new WebSocketChannel(listener, {
      webSocket,
      closeCode: CLOSE.goingAway,
      client: { socket, writeTimeoutMs },
      budget: budget?.of(user),
      unread: unread && {
        answers: unread,
        sharer: user,
        onCut: (unreadBytes) => void logUnread(logger, { user, unreadBytes, where: 'WebSocket' }),
      },
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
      onGone: () => {
        open.leave();
        this.#webSockets.delete(webSocket);
      },
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
