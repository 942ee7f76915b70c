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

  /**
   * Like the others below, it may be taken out of the object.
   *
   * @returns `false` when it was not taken: the connection is over, or too much is under way.
   */
  readonly send = (text: string): boolean => this.isOpen && this.#channel.send(text);

  /** There is one listener; what came before it waits for it. What it throws is the program's own failure. */
  readonly onMessage = (listener: (text: string) => void): void => {
    this.#listener = listener;
    this.#tellWaiting();
  };

  /**
   * There is one listener, called once: behind the last message, also where that still waits for a listener,
   * and at once for a client that was cut because it does not read.
   *
   * @param listener - Told why: `OMNI_SHUTTING_DOWN` when the gateway has stopped, `OMNI_ANSWERS_UNREAD` when
   * it has cut a client that does not read, and nothing after {@link close}.
   */
  readonly onClose = (listener: (reason: GatewayError | undefined) => void): void => {
    this.#closeListener = listener;
    this.#tellEnd();
  };

  /** Ends the connection; what runs for this client is cancelled. */
  readonly close = async (): Promise<void> => {
    this.#isOwnEnd = true;
    await this.#channel.close();
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #take(text: string): void {
    if (this.#listener !== undefined && this.#waiting.length === 0) return this.#listener(text);
    // guard: memory/unread-client
    if (this.#waiting.length >= MAX_WAITING) return void this.#channel.close();
    this.#waiting.push(text);
  }

  #onClose(): void {
    this.#end = { reason: this.#isOwnEnd ? undefined : this.#endedBy() };
    this.#tellEnd();
  }

  #tellWaiting(): void {
    try {
      for (let text = this.#waiting.shift(); text !== undefined; text = this.#waiting.shift())
        this.#listener?.(text);
    } catch (error) {
      // The others come all the same.
      queueMicrotask(() => this.#tellWaiting());
      throw error;
    }
    this.#tellEnd();
  }

  #tellEnd(): void {
    const listener = this.#closeListener;
    if (this.#end === undefined || listener === undefined) return;
    const { reason } = this.#end;
    const isLast = this.#waiting.length === 0;
    if (!isLast && reason?.code === 'OMNI_SHUTTING_DOWN') return;
    this.#closeListener = undefined;
    listener(reason);
  }
}
