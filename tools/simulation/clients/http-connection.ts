import type { MasterServer } from '@omni/container';
import { ClientExchange } from './client-exchange.ts';
import {
  type ClientConnection,
  type ClientListener,
  LEGACY_VERSION,
  MODERN_VERSION,
} from './client-connection.ts';

let connections = 0;

/** A client over Streamable HTTP. */
export class HttpConnection implements ClientConnection {
  readonly #server: MasterServer;
  readonly #token: string;
  readonly #isModern: boolean;
  readonly #listener: ClientListener;
  readonly #name = `sim-${++connections}`;
  readonly #open = new Map<number, ClientExchange>();
  #session: string | undefined;
  #isClosed = false;

  constructor(server: MasterServer, token: string, isModern: boolean, listener: ClientListener) {
    this.#server = server;
    this.#token = token;
    this.#isModern = isModern;
    this.#listener = listener;
  }

  request(id: number, method: string, text: string, name?: string): boolean {
    if (this.#isClosed) return false;
    const mirrored = this.#isModern
      ? ['Mcp-Method', method, ...(name === undefined ? [] : ['Mcp-Name', name])]
      : [];
    const exchange = this.#exchange('POST', text, mirrored, () => {
      this.#open.delete(id);
      this.#listener.onOver(id);
    });
    this.#open.set(id, exchange);
    this.#server.handle(exchange);
    return true;
  }

  notify(text: string): void {
    if (!this.#isClosed) this.#server.handle(this.#exchange('POST', text, [], () => {}));
  }

  cancel(id: number): void {
    if (this.#isModern) return this.#open.get(id)?.leave();
    this.notify(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${id}}}`);
  }

  close(isSilent: boolean): void {
    if (this.#isClosed) return;
    if (this.#session !== undefined && !isSilent)
      this.#server.handle(this.#exchange('DELETE', '', [], () => {}));
    this.#isClosed = true;
    for (const exchange of [...this.#open.values()]) exchange.leave();
    this.#listener.onOver(undefined);
  }

  #exchange(
    method: 'POST' | 'DELETE',
    body: string,
    more: readonly string[],
    onOver: () => void,
  ): ClientExchange {
    return new ClientExchange({
      method,
      path: '/mcp',
      body,
      connection: this.#name,
      headers: [
        'Host',
        '127.0.0.1:7431',
        'Authorization',
        `Bearer ${this.#token}`,
        'Content-Type',
        'application/json',
        'Accept',
        'application/json, text/event-stream',
        'MCP-Protocol-Version',
        this.#isModern ? MODERN_VERSION : LEGACY_VERSION,
        ...(this.#session === undefined ? [] : ['Mcp-Session-Id', this.#session]),
        ...more,
      ],
      onHead: (_status, header) => {
        this.#session = header('mcp-session-id') ?? this.#session;
      },
      onMessage: (text) => this.#listener.onMessage(text),
      onOver,
      onMore: () => this.#listener.onMore(),
    });
  }
}
