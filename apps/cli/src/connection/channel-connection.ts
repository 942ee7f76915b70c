import { GatewayError } from '@omni/ports';
import { parseExactJson, type JsonObject } from '../output/json-value.ts';
import { readMessage, requestMessage, type RpcConnection, type RpcOptions } from './rpc-message.ts';

/** The client's end of a connection in this process; fits `ClientChannel` of `@omni/container`. */
export interface TextChannel {
  send(text: string): void;
  onMessage(listener: (text: string) => void): void;
  close(): Promise<void>;
}

/** Requests over a connection in this process. */
export class ChannelConnection implements RpcConnection {
  readonly #channel: TextChannel;
  readonly #listeners = new Set<(message: unknown) => void>();
  #lastId = 0;

  constructor(channel: TextChannel) {
    this.#channel = channel;
    channel.onMessage((text) => {
      const message = parseExactJson(text);
      for (const listener of [...this.#listeners]) listener(message);
    });
  }

  request(method: string, params: JsonObject, { signal, onProgress }: RpcOptions): Promise<JsonObject> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        this.#listeners.delete(onMessage);
        signal.removeEventListener('abort', onAbort);
      };
      const onMessage = (message: unknown): void => {
        const meaning = readMessage(message, id);
        if (meaning?.kind === 'progress') onProgress?.(meaning.progress);
        if (meaning === undefined || meaning.kind === 'progress') return;
        finish();
        if (meaning.kind === 'result') resolve(meaning.result);
        else reject(meaning.error);
      };
      const onAbort = (): void => {
        finish();
        const notice = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } };
        this.#channel.send(JSON.stringify(notice));
        reject(GatewayError.from(signal.reason));
      };
      if (signal.aborted) return reject(GatewayError.from(signal.reason));
      this.#listeners.add(onMessage);
      signal.addEventListener('abort', onAbort);
      this.#channel.send(requestMessage(id, method, params));
    });
  }

  async close(): Promise<void> {
    await this.#channel.close();
  }
}
