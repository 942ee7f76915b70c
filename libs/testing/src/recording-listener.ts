import type { FramingError, ChannelListener, GatewayError } from '@omni/ports';

/** Keeps what a channel says, and lets a test wait for it. */
export class RecordingListener implements ChannelListener {
  readonly messages: string[] = [];
  readonly framingError: FramingError[] = [];
  /** One entry per call of `onClose`. */
  readonly closes: (GatewayError | undefined)[] = [];
  readonly #waiting = new Set<{ isMet: () => boolean; resolve: () => void }>();

  onMessage(text: string): void {
    this.messages.push(text);
    this.#wake();
  }

  onFramingError(problem: FramingError): void {
    this.framingError.push(problem);
    this.#wake();
  }

  onClose(reason: GatewayError | undefined): void {
    this.closes.push(reason);
    this.#wake();
  }

  /** Resolves with the first `count` messages. */
  async received(count: number): Promise<readonly string[]> {
    await this.#until(() => this.messages.length >= count);
    return this.messages.slice(0, count);
  }

  /** Resolves with the first `count` framingError reports. */
  async discarded(count: number): Promise<readonly FramingError[]> {
    await this.#until(() => this.framingError.length >= count);
    return this.framingError.slice(0, count);
  }

  /** Resolves with the reason of the end. */
  async closed(): Promise<GatewayError | undefined> {
    await this.#until(() => this.closes.length > 0);
    return this.closes[0];
  }

  #until(isMet: () => boolean): Promise<void> {
    if (isMet()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.add({ isMet, resolve }));
  }

  #wake(): void {
    for (const waiter of this.#waiting) {
      if (!waiter.isMet()) continue;
      this.#waiting.delete(waiter);
      waiter.resolve();
    }
  }
}
