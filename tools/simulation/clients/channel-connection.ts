import type { MasterServer } from '@omni/container';
import type { ChannelListener, Principal } from '@omni/ports';
import type { ClientConnection, ClientListener } from './client-connection.ts';

/** A client on a channel, as on stdio or a socket. */
export class ChannelConnection implements ClientConnection {
  readonly #isModern: boolean;
  #gateway: ChannelListener | undefined;

  constructor(server: MasterServer, principal: Principal, isModern: boolean, listener: ClientListener) {
    this.#isModern = isModern;
    server.bind(
      (gateway) => {
        this.#gateway = gateway;
        return {
          send: (text) => {
            if (this.#gateway === undefined) return false;
            listener.onMessage(text);
            return true;
          },
          close: () => {
            this.#end();
            listener.onOver(undefined);
            return Promise.resolve();
          },
        };
      },
      { principal },
    );
  }

  request(_id: number, _method: string, text: string): boolean {
    this.#gateway?.onMessage(text);
    return this.#gateway !== undefined;
  }

  notify(text: string): void {
    this.#gateway?.onMessage(text);
  }

  cancel(id: number): void {
    this.notify(
      `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${id}${this.#isModern ? MODERN_META : ''}}}`,
    );
  }

  close(): void {
    this.#end();
  }

  #end(): void {
    const gateway = this.#gateway;
    this.#gateway = undefined;
    gateway?.onClose(undefined);
  }
}

const MODERN_META =
  ',"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}';
