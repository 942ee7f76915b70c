import {
  GatewayError,
  type PeerFacts,
  type Exchange,
  type HeaderList,
  type ListenerFacts,
  type Payload,
  type PeerCertificate,
  type Principal,
  type ResponseStream,
} from '@omni/ports';
import { emptyBuffer } from './empty-buffer.ts';

/** What a client sends. */
export interface RecordedRequest {
  /** Default `POST`. */
  readonly method?: string;
  /** Default `/mcp`. */
  readonly path?: string;
  readonly query?: string;
  readonly headers?: HeaderList;
  readonly body?: Payload;
  /** Fails the reading of the body in place of giving it. */
  readonly bodyError?: GatewayError;
  /** Default: {@link LOOPBACK_CONNECTION}. */
  readonly connection?: PeerFacts;
}

/** A client of this machine, over plain HTTP. */
export const LOOPBACK_CONNECTION: PeerFacts = {
  listener: { kind: 'http', host: '127.0.0.1', port: 7431 },
  connection: 'connection-1',
  peerAddress: '127.0.0.1',
  peerCertificate: undefined,
};

/** One event of a stream. */
export interface RecordedEvent {
  readonly id: string | undefined;
  readonly data: string;
}

/** An exchange in memory: a test plays the client and sees what was answered. */
export class RecordingExchange implements Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: HeaderList;
  readonly listener: ListenerFacts;
  readonly connection: string;
  readonly peerAddress: string | undefined;
  readonly peerCertificate: PeerCertificate | undefined;
  /** Whether anything of the body was asked for. */
  isBodyRead = false;
  /** Whose it is, once that is known. */
  principal: Principal | undefined;
  /** 0 until the answer begins. */
  status = 0;
  responseHeaders: HeaderList = [];
  /** How the answer came, and how far it is. */
  state: 'none' | 'responded' | 'streaming' | 'ended' | 'destroyed' = 'none';
  /** What is written of a stream and not read: set by a test that plays a slow reader. */
  backlogBytes = 0;
  readonly #request: RecordedRequest;
  readonly #chunks: Uint8Array[] = [];
  #isGone = false;
  #onGone: (() => void) | undefined;
  #onDrain: (() => void) | undefined;

  constructor(request: RecordedRequest = {}) {
    this.#request = request;
    this.method = request.method ?? 'POST';
    this.path = request.path ?? '/mcp';
    this.query = request.query ?? '';
    this.headers = request.headers ?? [];
    const { listener, connection, peerAddress, peerCertificate } = request.connection ?? LOOPBACK_CONNECTION;
    this.listener = listener;
    this.connection = connection;
    this.peerAddress = peerAddress;
    this.peerCertificate = peerCertificate;
  }

  header(name: string): string | undefined {
    return joined(this.headers, name);
  }

  async readBody(maxBytes: number): Promise<Uint8Array> {
    this.isBodyRead = true;
    const { body = '', bodyError } = this.#request;
    if (bodyError !== undefined) throw bodyError;
    const bytes = bytesOf(body);
    if (bytes.byteLength > maxBytes)
      throw new GatewayError('OMNI_BODY_TOO_LARGE', `The body has more than ${maxBytes} bytes`);
    return bytes;
  }

  belongsTo(principal: Principal): void {
    this.principal = principal;
  }

  onGone(listener: () => void): void {
    if (this.#isGone) listener();
    else this.#onGone = listener;
  }

  respond(status: number, headers: HeaderList, body: Payload = ''): void {
    if (this.#isGone) return;
    this.#begin(status, headers);
    this.#chunks.push(bytesOf(body));
    this.state = 'responded';
  }

  stream(status: number, headers: HeaderList): ResponseStream {
    if (!this.#isGone) {
      this.#begin(status, headers);
      this.state = 'streaming';
    }
    return new RecordingStream(
      this,
      (chunk) => this.#take(chunk),
      (listener) => (this.#onDrain = listener),
    );
  }

  /**
   * The client closes the connection. As on a real one, nothing is taken any more and nobody is told to go on
   * writing.
   */
  leave(): void {
    this.#isGone = true;
    this.#onDrain = undefined;
    const listener = this.#onGone;
    this.#onGone = undefined;
    if (this.state === 'none' || this.state === 'streaming') listener?.();
  }

  /** The client reads all that it was sent. */
  drain(): void {
    this.backlogBytes = 0;
    const listener = this.#onDrain;
    this.#onDrain = undefined;
    listener?.();
  }

  /** The body so far. */
  text(): string {
    const decoder = new TextDecoder();
    return this.#chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join('') + decoder.decode();
  }

  /** The body as JSON. */
  json(): unknown {
    return JSON.parse(this.text());
  }

  /**
   * The data of each event so far, lines joined as a reader of event streams joins them. Comments and events
   * without data are left out.
   */
  events(): readonly string[] {
    return this.identifiedEvents().flatMap(({ data }) => (data === '' ? [] : [data]));
  }

  /** Every event so far with its id; `undefined` where it has none. */
  identifiedEvents(): readonly RecordedEvent[] {
    return this.text()
      .split('\n\n')
      .flatMap((block) => {
        const lines = block.split('\n');
        const data = lines.filter((line) => line.startsWith('data: ')).map((line) => line.slice(6));
        const id = lines.find((line) => line.startsWith('id: '))?.slice(4);
        return data.length === 0 ? [] : [{ id, data: data.join('\n') }];
      });
  }

  /** @param name - Lower case. */
  responseHeader(name: string): string | undefined {
    return joined(this.responseHeaders, name);
  }

  #begin(status: number, headers: HeaderList): void {
    if (this.state !== 'none') throw new GatewayError('OMNI_INTERNAL', 'This exchange was already answered');
    this.status = status;
    this.responseHeaders = headers;
  }

  #take(chunk: Payload): boolean {
    if (this.#isGone || this.state !== 'streaming') return false;
    this.#chunks.push(bytesOf(chunk));
    return this.backlogBytes === 0;
  }
}

class RecordingStream implements ResponseStream {
  readonly #exchange: RecordingExchange;
  readonly #take: (chunk: Payload) => boolean;
  readonly #setDrain: (listener: () => void) => void;

  constructor(
    exchange: RecordingExchange,
    take: (chunk: Payload) => boolean,
    setDrain: (listener: () => void) => void,
  ) {
    this.#exchange = exchange;
    this.#take = take;
    this.#setDrain = setDrain;
  }

  get backlogBytes(): number {
    return this.#exchange.backlogBytes;
  }

  write(chunk: Payload): boolean {
    return this.#take(chunk);
  }

  pass(chunk: Uint8Array): boolean {
    const isFree = this.#take(chunk.slice());
    emptyBuffer(chunk);
    return isFree;
  }

  onDrain(listener: () => void): void {
    this.#setDrain(listener);
  }

  end(): void {
    if (this.#exchange.state === 'streaming') this.#exchange.state = 'ended';
  }

  destroy(): void {
    if (this.#exchange.state === 'streaming') this.#exchange.state = 'destroyed';
  }
}

function bytesOf(payload: Payload): Uint8Array {
  return typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
}

function joined(headers: HeaderList, name: string): string | undefined {
  const values = headers.filter((_, index) => index % 2 === 1 && headers[index - 1]?.toLowerCase() === name);
  return values.length === 0 ? undefined : values.map((value) => value.trim()).join(', ');
}
