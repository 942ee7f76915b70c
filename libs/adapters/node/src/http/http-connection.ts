import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  type ByteReservation,
  type FairByteBudget,
  type Logger,
  logUnread,
  onConnection,
  type Place,
  type Principal,
  sharerOf,
  type UnreadAnswers,
  type UnreadHolder,
} from '@omni/ports';
import { connectionName } from './connection-name.ts';
import type { ExchangeConnection, NodeExchange } from './node-exchange.ts';

export interface HttpConnectionOptions {
  /** For bodies that are not complete. */
  readonly budget: FairByteBudget | undefined;
  /** Where what its client does not read is counted. */
  readonly unread: UnreadAnswers | undefined;
  readonly logger: Logger;
}

/** A connection of a listener, as long as it carries HTTP. */
export class HttpConnection implements ExchangeConnection, UnreadHolder {
  readonly socket: Duplex;
  /** Exchanges that are not over, in order. More than one when the client pipelines. */
  readonly open: NodeExchange[] = [];
  /** What the client had taken when its time was up. */
  flushedAtTimeout = 0;
  isRefused = false;
  /** When it was last used, as a number that grows with each use. */
  lastUse = 0;
  /** Whether an exchange on it is over. */
  hasServed = false;
  /** Among those that carry HTTP; absent for one that carries something else by now. */
  place: Place<HttpConnection> | undefined;
  readonly #options: HttpConnectionOptions;
  #principal: Principal | undefined;

  constructor(socket: Duplex, options: HttpConnectionOptions) {
    this.socket = socket;
    this.#options = options;
  }

  /**
   * The connection is done with an exchange, in whatever way.
   *
   * @returns Whether it was open.
   */
  end(exchange: NodeExchange): boolean {
    const at = this.open.indexOf(exchange);
    if (at === -1) return false;
    // Nearly always the only one; taking one out of the middle makes a list of what was taken.
    if (at === this.open.length - 1) this.open.pop();
    else this.open.splice(at, 1);
    return true;
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

  roomForBody(): ByteReservation | undefined {
    return this.#options.budget?.of(this.sharer).share();
  }

  onUnread(): void {
    this.#options.unread?.note(this);
  }

  cut(): void {
    logUnread(this.#options.logger, { user: this.sharer, unreadBytes: this.unreadBytes, where: 'HTTP' });
    this.socket.destroy();
  }

  onClosed(): void {
    this.#options.unread?.forget(this);
  }
}
