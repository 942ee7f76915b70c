import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client';
import type { TextConnection } from './text-connection.ts';

/** A persistent connection as a client of the SDK 2.x wants it. */
export class ClientTransport implements Transport {
  readonly #connection: TextConnection;
  onclose: () => void = () => {};
  onerror: (error: Error) => void = () => {};
  onmessage: (message: JSONRPCMessage) => void = () => {};

  constructor(connection: TextConnection) {
    this.#connection = connection;
  }

  start(): Promise<void> {
    // Omni sends JSON-RPC, which the client checks itself.
    this.#connection.onMessage = (text) => this.onmessage(JSON.parse(text) as JSONRPCMessage);
    void this.#connection.closed.then(() => this.onclose());
    return Promise.resolve();
  }

  send(message: JSONRPCMessage): Promise<void> {
    this.#connection.send(JSON.stringify(message));
    return Promise.resolve();
  }

  async close(): Promise<void> {
    this.#connection.close();
    await this.#connection.closed;
  }
}
