import type { MessageChannel, OpenChannel } from '@omni/ports';

/** The client's end of a connection in memory: JSON-RPC messages as text, either era. */
export class ClientChannel {
  readonly #channel: MessageChannel;
  readonly #waiting: string[] = [];
  #listener: ((text: string) => void) | undefined;

  constructor(open: OpenChannel) {
    this.#channel = open({
      onMessage: (text) => {
        if (this.#listener === undefined) this.#waiting.push(text);
        else this.#listener(text);
      },
      onFramingError() {},
      onClose() {},
    });
  }

  send(text: string): void {
    this.#channel.send(text);
  }

  /** There is one listener; what came before it waits for it. */
  onMessage(listener: (text: string) => void): void {
    this.#listener = listener;
    for (const text of this.#waiting.splice(0)) listener(text);
  }

  async close(): Promise<void> {
    await this.#channel.close();
  }
}
