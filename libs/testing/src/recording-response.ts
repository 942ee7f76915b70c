import type { GatewayError, HeaderList, HttpResponseListener } from '@omni/ports';

/** Keeps an answer as it arrives, and lets a test wait for its parts. */
export class RecordingResponse implements HttpResponseListener {
  /** `head`, `data`…, then `end` or `error`, in the order of the calls. */
  readonly events: ('head' | 'data' | 'end' | 'error')[] = [];
  status = 0;
  headers: HeaderList = [];
  error: GatewayError | undefined;
  readonly #chunks: Uint8Array[] = [];
  readonly #waiting = new Set<{ isMet: () => boolean; resolve: () => void }>();

  onHead(status: number, headers: HeaderList): void {
    this.status = status;
    this.headers = headers;
    this.#note('head');
  }

  onData(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#note('data');
  }

  onEnd(): void {
    this.#note('end');
  }

  onError(error: GatewayError): void {
    this.error = error;
    this.#note('error');
  }

  get receivedBytes(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  }

  /** The body so far. */
  bytes(): Uint8Array {
    const all = new Uint8Array(this.receivedBytes);
    let at = 0;
    for (const chunk of this.#chunks) {
      all.set(chunk, at);
      at += chunk.byteLength;
    }
    return all;
  }

  /** The body so far, as text. */
  text(): string {
    const decoder = new TextDecoder();
    return this.#chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join('') + decoder.decode();
  }

  /** @param name - Lower case. Several values are joined with `, `. */
  header(name: string): string | undefined {
    const values = this.headers.filter(
      (_, index) => index % 2 === 1 && this.headers[index - 1]?.toLowerCase() === name,
    );
    return values.length === 0 ? undefined : values.join(', ');
  }

  head(): Promise<void> {
    return this.until(() => this.events.length > 0);
  }

  finished(): Promise<void> {
    return this.until(() => this.events.includes('end') || this.events.includes('error'));
  }

  until(isMet: () => boolean): Promise<void> {
    if (isMet()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.add({ isMet, resolve }));
  }

  #note(event: 'head' | 'data' | 'end' | 'error'): void {
    this.events.push(event);
    for (const waiter of this.#waiting) {
      if (!waiter.isMet()) continue;
      this.#waiting.delete(waiter);
      waiter.resolve();
    }
  }
}
