import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { ListenerFacts, MountedFront } from '@omni/ports';
import { silentLogger } from '@omni/ports';
import { HttpConnection } from '../http-connection.ts';
import { peerAddressOf } from '../peer-address.ts';

/** A connection of the host that carries requests to a mounted handler. */
export interface MountedConnection {
  readonly http: HttpConnection;
  /** The address of this machine that the client has connected to. */
  readonly listener: ListenerFacts;
}

/** What is known of the connections of the host, each of which may carry many requests. */
export class MountedConnections {
  readonly #known = new WeakMap<Socket, MountedConnection>();
  readonly #front: MountedFront;

  constructor(front: MountedFront) {
    this.#front = front;
  }

  of(socket: Socket): MountedConnection {
    const known = this.#known.get(socket);
    if (known !== undefined) return known;
    const { budget, unread, logger = silentLogger } = this.#front;
    const http = new HttpConnection(socket, { budget, unread, logger });
    const connection: MountedConnection = { http, listener: listenerOf(socket) };
    this.#known.set(socket, connection);
    socket.on('close', () => http.onClosed());
    return connection;
  }
}

function listenerOf(socket: Socket): ListenerFacts {
  const { localAddress, localPort } = socket;
  // Node does not tell the path of a Unix socket.
  if (localAddress === undefined || localPort === undefined) return { kind: 'unix', path: '' };
  return {
    kind: socket instanceof TLSSocket ? 'https' : 'http',
    host: peerAddressOf({ remoteAddress: localAddress }) ?? localAddress,
    port: localPort,
  };
}
