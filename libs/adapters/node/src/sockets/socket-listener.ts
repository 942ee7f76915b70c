import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import {
  type FairByteBudget,
  FairPlaces,
  GatewayError,
  type ListenerFacts,
  type Logger,
  logUnread,
  onConnection,
  type OpenChannel,
  type PeerFacts,
  type Principal,
  sharerOf,
  silentLogger,
  type SocketAddress,
  systemClock,
  type UnreadAnswers,
} from '@omni/ports';
import { connectionName } from '../http/connection-name.ts';
import { CLIENT_BACKLOG_BYTES } from './client-backlog.ts';
import { refuseForeignProtocol } from './foreign-protocol.ts';
import { pathChangeableBy } from '../files/changeable-by.ts';
import { errorCode } from '../files/error-code.ts';
import { makePrivateFolder } from '../files/private-folder.ts';
import { listenFailure } from '../http/listen-failure.ts';
import { peerAddressOf } from '../http/peer-address.ts';
import { SocketChannel, SocketWriteTimeout } from './socket-channel.ts';
import { SocketConnection } from './socket-connection.ts';
import { fitsSocketPath, isPipeName } from './socket-path.ts';
import type { ServedChannel } from './served-channel.ts';
import { removeStaleSocket } from './stale-socket.ts';
import { WRITE_TIMEOUT_MS } from '../http/response-write-timeout.ts';

/** Settings of {@link NodeSocketListener}. */
export interface NodeSocketListenerOptions {
  /** Who the clients of a listener are: of those of a Unix socket Node does not tell. */
  readonly principalOf: (listener: ListenerFacts) => Principal;
  /** Serves one client; opens the channel before it returns. */
  readonly onConnection: (open: OpenChannel, principal: Principal, facts: PeerFacts) => ServedChannel;
  readonly maxMessageBytes: number;
  /** Bytes that may wait for one client to read them. Default 64 MiB. */
  readonly maxBacklogBytes?: number;
  /** How long a client may take nothing of what waits for it. Default 60,000. */
  readonly writeTimeoutMs?: number;
  /** For messages that are not complete. Default: none is counted. */
  readonly budget?: FairByteBudget | undefined;
  /**
   * For answers that clients have not read; beyond it the connection of whoever has most is cut. Default:
   * none are counted.
   */
  readonly unread?: UnreadAnswers | undefined;
  /** Until a client has begun its first message. Default 10,000. */
  readonly silenceMs?: number;
  /** Until its first message is there. Default 30,000. */
  readonly firstMessageMs?: number;
  /**
   * Open connections of each address, shared fairly, see `FairPlaces`: silent and idle ones give way, then
   * further ones are closed at once. Default 1,000.
   */
  readonly maxConnections?: number;
  readonly logger?: Logger;
}

const DEFAULT_MAX_CONNECTIONS = 1_000;
const SILENCE_MS = 10_000;
const FIRST_MESSAGE_MS = 30_000;
/** Nobody but the owner of the process may connect. */
const OWNER_ONLY_UMASK = /* guard: socket/mode */ 0o177;

/**
 * The front on stream sockets, one message a line: a Unix socket, a named pipe on Windows, or TCP.
 *
 * There are no headers and so no token: the mode of a Unix socket (0600) is its guard, and TCP has none but
 * that a web page, which speaks HTTP to whatever it can reach, is refused by its first byte.
 */
export class NodeSocketListener {
  readonly #options: NodeSocketListenerOptions;
  readonly #logger: Logger;
  readonly #servers = new Set<Server>();
  readonly #connections = new Set<SocketConnection>();

  constructor(options: NodeSocketListenerOptions) {
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
  }

  /**
   * Starts listening; may be called for several addresses. A Unix socket that nobody answers any more is
   * replaced.
   *
   * @returns The actual address.
   * @throws {@link GatewayError} `OMNI_LISTEN_IN_USE`, `OMNI_LISTEN_DENIED`.
   */
  async listen(address: SocketAddress): Promise<SocketAddress> {
    if (!('path' in address) || isPipeName(address.path)) return await this.#bind(address);
    const { path } = address;
    // guard: socket/path-length
    if (!fitsSocketPath(path))
      throw new GatewayError('OMNI_LISTEN_DENIED', `${path} is too long for a Unix socket`, {
        hint: 'Choose a path of at most 103 bytes.',
      });
    try {
      await makePrivateFolder(dirname(path));
      await this.#refuseSharedFolder(path);
    } catch (error) {
      throw error instanceof GatewayError ? error : listenFailure(error, path);
    }
    try {
      return await this.#bind(address);
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'OMNI_LISTEN_IN_USE') throw error;
      await removeStaleSocket(path);
      return await this.#bind(address);
    }
  }

  /** Takes no new connections; a Unix socket is removed. */
  stopAccepting(): void {
    for (const server of this.#servers) server.close();
    this.#servers.clear();
  }

  /** Stops accepting, and cuts every connection that is still open. */
  close(): void {
    this.stopAccepting();
    for (const { socket } of this.#connections) socket.destroy();
  }

  /** Whoever can replace the socket is shown what clients send to Omni. */
  async #refuseSharedFolder(path: string): Promise<void> {
    const folder = dirname(path);
    const changer = await pathChangeableBy(folder);
    if (changer === 'its group') {
      this.#logger.warn({ folder }, 'the folder of the socket can be changed by its group; chmod g-w it');
      return;
    }
    // guard: socket/shared-folder
    if (changer !== undefined)
      throw new GatewayError(
        'OMNI_LISTEN_DENIED',
        `${folder} can be changed by ${changer}, and so the socket ${path} in it`,
        { hint: 'Choose a folder that belongs to the user that runs Omni, and that others cannot write to.' },
      );
  }

  #bind(address: SocketAddress): Promise<SocketAddress> {
    const server = createServer();
    const places = new FairPlaces({
      capacity: this.#options.maxConnections ?? DEFAULT_MAX_CONNECTIONS,
      what: 'connections to this socket',
      clock: systemClock,
    });
    const where = 'path' in address ? address.path : `${address.host}:${address.port}`;
    return new Promise((resolve, reject) => {
      const onError = (error: Error): void => reject(listenFailure(error, where));
      server.once('error', onError);
      withOwnersMode('path' in address && !isPipeName(address.path), () => {
        server.listen(address, () => {
          server.off('error', onError);
          server.on('error', (error) => this.#logger.error({ err: error }, 'a socket listener failed'));
          const at = server.address();
          const actual =
            at === null || typeof at === 'string' ? address : { host: at.address, port: at.port };
          server.on('connection', (socket) => this.#admit(socket, listenerFacts(actual), places));
          this.#servers.add(server);
          resolve(actual);
        });
      });
    });
  }

  #admit(socket: Socket, listener: ListenerFacts, places: FairPlaces): void {
    // Until the channel listens.
    socket.on('error', (error) =>
      this.#logger.debug({ code: errorCode(error) }, 'a socket client broke off'),
    );
    const { principalOf, silenceMs = SILENCE_MS, firstMessageMs = FIRST_MESSAGE_MS } = this.#options;
    const principal = onConnection(principalOf(listener), connectionName(socket));
    const neighbours = [...this.#connections].filter((other) => other.places === places);
    const share = places.takeOver(principal, places.isFull ? neighbours : []);
    // guard: socket/count
    if (share instanceof GatewayError) {
      this.#logger.warn({ listener, code: share.code }, `a connection was refused: ${share.message}`);
      return void socket.destroy();
    }
    const connection = new SocketConnection({
      socket,
      places,
      share,
      silenceMs,
      firstMessageMs,
      onSilent: () => this.#logger.info({ listener }, 'a client that sent no message was cut'),
    });
    this.#connections.add(connection);
    socket.on('close', () => {
      this.#connections.delete(connection);
      connection.leave();
    });
    this.#serve(connection, principal, listener);
  }

  #serve(connection: SocketConnection, principal: Principal, listener: ListenerFacts): void {
    const { socket } = connection;
    refuseForeignProtocol(socket, () => {
      const { maxMessageBytes, budget, unread, maxBacklogBytes = CLIENT_BACKLOG_BYTES } = this.#options;
      const { writeTimeoutMs = WRITE_TIMEOUT_MS } = this.#options;
      const user = sharerOf(principal);
      const open: OpenChannel = (heard) =>
        new SocketChannel(connection.hearing(heard), {
          socket,
          maxMessageBytes,
          maxBacklogBytes,
          // guard: socket/stall
          writeTimeoutMs,
          budget: budget?.of(user),
          unread: unread && {
            answers: unread,
            sharer: user,
            onCut: (unreadBytes) => void logUnread(this.#logger, { user, unreadBytes, where: 'socket' }),
          },
          onBroken: (cause) => this.#onBroken(cause),
        });
      connection.serveAs(
        this.#options.onConnection(open, principal, {
          listener,
          connection: connectionName(socket),
          peerAddress: peerAddressOf(socket),
          peerCertificate: undefined,
        }),
      );
    });
  }

  /** However a client ends, it is gone. */
  #onBroken(cause: Error): undefined {
    if (cause instanceof SocketWriteTimeout)
      this.#logger.warn({}, 'a client does not read its messages; its connection was cut');
  }
}

function listenerFacts(address: SocketAddress): ListenerFacts {
  if (!('path' in address)) return { kind: 'tcp', ...address };
  return { kind: isPipeName(address.path) ? 'pipe' : 'unix', path: address.path };
}

/**
 * Runs `bind` with a umask that gives a new socket file the mode 0600. Node binds a path before `listen`
 * returns.
 */
function withOwnersMode(isFile: boolean, bind: () => void): void {
  if (!isFile) return bind();
  const before = process.umask(OWNER_ONLY_UMASK);
  try {
    bind();
  } finally {
    process.umask(before);
  }
}
