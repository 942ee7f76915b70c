import { LOOPBACK_CONNECTION } from '@omni/testing';
import { type Exchange, GatewayError, type HeaderList, type Payload, type ResponseStream } from '@omni/ports';

export interface ClientExchangeOptions {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly headers: HeaderList;
  readonly body: string;
  readonly connection: string;
  readonly onHead: (status: number, header: (name: string) => string | undefined) => void;
  readonly onMessage: (text: string) => void;
  /** The answer is complete, or was cut. */
  readonly onOver: () => void;
  /** Something follows the complete answer. */
  readonly onMore: () => void;
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** One HTTP request of a client that reads as fast as it is answered. */
export class ClientExchange implements Exchange, ResponseStream {
  readonly method: string;
  readonly path: string;
  readonly query = '';
  readonly headers: HeaderList;
  readonly listener = LOOPBACK_CONNECTION.listener;
  readonly connection: string;
  readonly peerAddress = '127.0.0.1';
  readonly peerCertificate = undefined;
  readonly backlogBytes = 0;
  readonly #options: ClientExchangeOptions;
  #onGone: (() => void) | undefined;
  #isEvents = false;
  #isOver = false;
  #isComplete = false;
  #rest = '';

  constructor(options: ClientExchangeOptions) {
    this.#options = options;
    this.method = options.method;
    this.path = options.path;
    this.headers = options.headers;
    this.connection = options.connection;
  }

  header(name: string): string | undefined {
    return headerIn(this.headers, name);
  }

  async readBody(maxBytes: number): Promise<Uint8Array> {
    const bytes = encoder.encode(this.#options.body);
    if (bytes.byteLength > maxBytes)
      throw new GatewayError('OMNI_BODY_TOO_LARGE', `The body has more than ${maxBytes} bytes`);
    return bytes;
  }

  belongsTo(): void {}

  onGone(listener: () => void): void {
    if (this.#isOver) listener();
    else this.#onGone = listener;
  }

  respond(status: number, headers: HeaderList, body: Payload = ''): void {
    this.#checkMore();
    if (this.#isOver) return;
    this.#head(status, headers);
    this.#rest = typeof body === 'string' ? body : decoder.decode(body);
    this.end();
  }

  stream(status: number, headers: HeaderList): ResponseStream {
    this.#checkMore();
    if (!this.#isOver) this.#head(status, headers);
    return this;
  }

  write(chunk: Payload): boolean {
    this.#checkMore();
    if (this.#isOver) return false;
    this.#rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk);
    if (this.#isEvents) this.#readEvents();
    return true;
  }

  pass(chunk: Uint8Array): boolean {
    return this.write(chunk);
  }

  onDrain(listener: () => void): void {
    listener();
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#isComplete = true;
    if (!this.#isEvents && this.#rest !== '') this.#options.onMessage(this.#rest);
    this.#options.onOver();
  }

  destroy(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.onOver();
  }

  /** The client goes away. */
  leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onGone?.();
    this.#options.onOver();
  }

  #checkMore(): void {
    if (this.#isComplete) this.#options.onMore();
  }

  #head(status: number, headers: HeaderList): void {
    this.#isEvents = headerIn(headers, 'content-type')?.startsWith('text/event-stream') === true;
    this.#options.onHead(status, (name) => headerIn(headers, name));
  }

  #readEvents(): void {
    for (let end = this.#rest.indexOf('\n\n'); end >= 0; end = this.#rest.indexOf('\n\n')) {
      const data = this.#rest
        .slice(0, end)
        .split('\n')
        .filter((line) => line.startsWith('data: '))
        .map((line) => line.slice(6))
        .join('\n');
      this.#rest = this.#rest.slice(end + 2);
      if (data !== '') this.#options.onMessage(data);
    }
  }
}

function headerIn(headers: HeaderList, name: string): string | undefined {
  const at = headers.findIndex((key, index) => index % 2 === 0 && key.toLowerCase() === name);
  return at < 0 ? undefined : headers[at + 1];
}
