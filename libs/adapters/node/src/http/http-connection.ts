import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  type Logger,
  onConnection,
  type Place,
  type Principal,
  sharerOf,
  type UnreadAnswers,
  type UnreadHolder,
} from '@omni/ports';
import { connectionName } from './connection-name.ts';
import { logUnread } from '../sockets/unread-log.ts';
import type { ExchangeConnection, NodeExchange } from './node-exchange.ts';

/** A connection of a listener, as long as it carries HTTP. */
export class HttpConnection implements ExchangeConnection, UnreadHolder {
  readonly socket: Duplex;
  /** Exchanges that are not over, in order. More than one when the client pipelines. */
  readonly open: NodeExchange[] = [];
  /** What the client had taken when its time was up. */
  flushedAtTimeout = 0;
  isRefused = false;
  /** Among those that carry HTTP; absent for one that carries something else by now. */
  place: Place<HttpConnection> | undefined;
  readonly #unread: UnreadAnswers | undefined;
  readonly #logger: Logger;
  #principal: Principal | undefined;

  /** @param unread - Where what its client does not read is counted. */
  constructor(socket: Duplex, unread: UnreadAnswers | undefined, logger: Logger) {
    this.socket = socket;
    this.#unread = unread;
    this.#logger = logger;
  }

  /** Before it is known who sends, nobody shares it. */
  get sharer(): string {
    const name = this.socket instanceof Socket ? connectionName(this.socket) : '';
    return this.#principal === undefined ? name : sharerOf(onConnection(this.#principal, name));
  }

  get unreadBytes(): number {
    let bytes = this.socket.writableLength;
    for (const exchange of this.open) bytes += exchange.waitingBytes;
    return bytes;
  }

  /** Those of one connection are nearly always of one client. */
  belongsTo(principal: Principal): void {
    this.#principal = principal;
  }

  onUnread(): void {
    this.#unread?.note(this);
  }

  cut(): void {
    logUnread(this.#logger, { user: this.sharer, unreadBytes: this.unreadBytes, where: 'HTTP' });
    this.socket.destroy();
  }

  onClosed(): void {
    this.#unread?.forget(this);
  }
}
