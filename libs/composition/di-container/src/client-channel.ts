import type { GatewayError, MessageChannel, OpenChannel } from '@omni/ports';

/** Messages that wait for a listener; a client that nobody listens to is cut behind them. */
const MAX_WAITING = 10_000;

/**
 * The client's end of a connection in memory: JSON-RPC messages as text, either era. It is open until it is
 * closed, the gateway stops, or its client does not read.
 */
export class ClientChannel implements AsyncDisposable {
  readonly #channel: MessageChannel;
  readonly #endedBy: () => GatewayError;
  readonly #waiting: string[] = [];
  #listener: ((text: string) => void) | undefined;
  #closeListener: ((reason: GatewayError | undefined) => void) | undefined;
  #isOwnEnd = false;
  /** Why it has ended, once it has. */
  #end: { readonly reason: GatewayError | undefined } | undefined;

  /** @param endedBy - Why the other side closes, asked when it has. */
  constructor(open: OpenChannel, endedBy: () => GatewayError) {
    this.#endedBy = endedBy;
    this.#channel = open({
      onMessage: (text) => this.#take(text),
      onFramingError() {},
      onClose: () => this.#onClose(),
    });
  }

  get isOpen(): boolean {
    return this.#end === undefined && !this.#isOwnEnd;
  }

  /** @returns `false` when it was not taken: the connection is over, or too much is under way. */
  send(text: string): boolean {
    return this.isOpen && this.#channel.send(text);
  }

  /** There is one listener; what came before it waits for it. */
  onMessage(listener: (text: string) => void): void {
    this.#listener = listener;
    for (const text of this.#waiting.splice(0)) listener(text);
  }

  /**
   * There is one listener, called once, behind the last message; at once when the connection is over already.
   *
   * @param listener - Told why: `OMNI_SHUTTING_DOWN` when the gateway has stopped, `OMNI_ANSWERS_UNREAD` when
   * it has cut a client that does not read, and nothing after {@link close}.
   */
  onClose(listener: (reason: GatewayError | undefined) => void): void {
    if (this.#end === undefined) this.#closeListener = listener;
    else listener(this.#end.reason);
  }

  /** Ends the connection; what runs for this client is cancelled. */
  async close(): Promise<void> {
    this.#isOwnEnd = true;
    await this.#channel.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #take(text: string): void {
    if (this.#listener !== undefined) return this.#listener(text);
    // guard: memory/unread-client
    if (this.#waiting.length >= MAX_WAITING) return void this.#channel.close();
    this.#waiting.push(text);
  }

  #onClose(): void {
    this.#end = { reason: this.#isOwnEnd ? undefined : this.#endedBy() };
    this.#closeListener?.(this.#end.reason);
  }
}
