import { GatewayError, type HeaderList, type HttpResponseListener, type UpstreamSpec } from '@omni/ports';
import { parseMessage, type RpcMessage } from '@omni/wire';
import { bodyKind, headerOf } from './http-headers.ts';
import { safeExcerpt } from './safe-excerpt.ts';
import { SseParser, type SseEvent } from './sse-parser.ts';
import { UPSTREAM_JSON_LIMITS } from './upstream-limits.ts';
import { isAnswerTo } from './zero-touch.ts';

/** Told what an HTTP answer holds: messages in order, then one of end and failure. */
export interface HttpMessageSink {
  /** @returns Whether the body is wanted; if not, nothing else is told. */
  onHead(status: number, headers: HeaderList): boolean;
  onMessage(message: RpcMessage, status: number): void;
  /** A body that is an answer to the expected id and was not read. */
  onBytes(bytes: Uint8Array, status: number): void;
  /** Something in the body is no message and is skipped. */
  onGarbage(): void;
  /** The body ended in good order; the messages in it may have been any. */
  onEnd(): void;
  /** Nothing more comes; the exchange is to be aborted. */
  onFailure(error: GatewayError): void;
}

export interface HttpMessageReaderOptions {
  readonly spec: UpstreamSpec;
  readonly maxBytes: number;
  readonly sink: HttpMessageSink;
  /** The id whose answer may go on unread, as JSON; `undefined` when every answer has to be read. */
  readonly untouchedId: string | undefined;
}

/** Below this size reading costs less than it is worth to avoid. */
const UNTOUCHED_MIN_BYTES = 8 * 1024;
/** What is read of a body that cannot be an answer. */
const EXCERPT_BYTES = 512;
const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true });
const LENIENT_UTF8 = new TextDecoder();
const INTEGER_SECONDS = /^[0-9]{1,6}$/;

type Mode = 'head' | 'json' | 'events' | 'excerpt' | 'stopped';

/** Turns the answer to one HTTP request into JSON-RPC messages, or into the reason why it holds none. */
export class HttpMessageReader implements HttpResponseListener {
  readonly #options: HttpMessageReaderOptions;
  #mode: Mode = 'head';
  #status = 0;
  #retryAfterSeconds: number | undefined;
  #chunks: Uint8Array[] = [];
  #size = 0;
  #parser: SseParser | undefined;

  constructor(options: HttpMessageReaderOptions) {
    this.#options = options;
  }

  /** Whether the answer is an event stream. */
  get isStream(): boolean {
    return this.#parser !== undefined;
  }

  /** See {@link SseParser.lastEventId}; empty when there is none. */
  get lastEventId(): string {
    return this.#parser?.lastEventId ?? '';
  }

  get retryMs(): number | undefined {
    return this.#parser?.retryMs;
  }

  /** Nothing more is told. */
  stop(): void {
    this.#mode = 'stopped';
    this.#chunks = [];
  }

  onHead(status: number, headers: HeaderList): void {
    if (this.#mode !== 'head') return;
    this.#status = status;
    if (!this.#options.sink.onHead(status, headers)) return this.stop();
    const retryAfter = headerOf(headers, 'retry-after');
    if (retryAfter !== undefined && INTEGER_SECONDS.test(retryAfter)) this.#retryAfterSeconds = Number(retryAfter);
    const kind = bodyKind(headers);
    if (kind === 'json' && !isRefusal(status)) this.#mode = 'json';
    else if (kind === 'events' && status >= 200 && status < 300) {
      this.#mode = 'events';
      this.#parser = new SseParser(this, this.#options.maxBytes);
    } else this.#mode = 'excerpt';
  }

  onData(chunk: Uint8Array): void {
    switch (this.#mode) {
      case 'events':
        return this.#pushEvents(chunk);
      case 'json':
        this.#size += chunk.byteLength;
        if (this.#size > this.#options.maxBytes) return this.#fail(this.#tooLarge());
        this.#chunks.push(chunk);
        return;
      case 'excerpt':
        this.#size += chunk.byteLength;
        this.#chunks.push(chunk);
        if (this.#size >= EXCERPT_BYTES) this.#fail(this.#noAnswer());
        return;
      case 'head':
      case 'stopped':
        return;
    }
  }

  onEnd(): void {
    switch (this.#mode) {
      case 'json':
        return this.#endJson();
      case 'events':
        this.stop();
        return this.#options.sink.onEnd();
      case 'excerpt':
        return this.#fail(this.#noAnswer());
      case 'head':
      case 'stopped':
        return;
    }
  }

  onError(error: GatewayError): void {
    if (this.#mode === 'stopped') return;
    const { name } = this.#options.spec;
    // The port's message does not name the upstream.
    const named = new GatewayError(error.code, `"${name}" could not be reached: ${error.message}`, {
      cause: error,
      hint: error.hint,
      ...(error.data !== undefined && { data: error.data }),
    });
    this.#fail(named);
  }

  onEvent({ data }: SseEvent): void {
    // An event without data only sets the id to resume behind.
    if (this.#mode !== 'events' || data === '') return;
    const message = parseMessage(data, UPSTREAM_JSON_LIMITS);
    if (message.kind === 'rejected') return this.#options.sink.onGarbage();
    if (message.kind !== 'batch') return this.#options.sink.onMessage(message, this.#status);
    for (const item of message.items) this.#tell(item);
  }

  #tell(text: string): void {
    if (this.#mode === 'stopped') return;
    const message = parseMessage(text, UPSTREAM_JSON_LIMITS);
    if (message.kind === 'batch' || message.kind === 'rejected') this.#options.sink.onGarbage();
    else this.#options.sink.onMessage(message, this.#status);
  }

  #pushEvents(chunk: Uint8Array): void {
    const problem = this.#parser?.push(chunk);
    if (problem === undefined || this.#mode === 'stopped') return;
    this.#fail(
      problem === 'too-large'
        ? this.#tooLarge()
        : new GatewayError('OMNI_UPSTREAM_PROTOCOL', `"${this.#options.spec.name}" sent an event stream that is not UTF-8`),
    );
  }

  #endJson(): void {
    const { sink, untouchedId } = this.#options;
    const bytes = joined(this.#chunks, this.#size);
    if (untouchedId !== undefined && bytes.byteLength > UNTOUCHED_MIN_BYTES && isAnswerTo(bytes, untouchedId)) {
      this.stop();
      return sink.onBytes(bytes, this.#status);
    }
    let text: string;
    try {
      text = STRICT_UTF8.decode(bytes);
    } catch {
      return this.#fail(new GatewayError('OMNI_UPSTREAM_PROTOCOL', `"${this.#options.spec.name}" sent an answer that is not UTF-8`));
    }
    const message = parseMessage(text, UPSTREAM_JSON_LIMITS);
    if (message.kind === 'rejected') return this.#fail(this.#noAnswer(message.error));
    if (message.kind === 'batch') for (const item of message.items) this.#tell(item);
    else sink.onMessage(message, this.#status);
    if (this.#mode === 'stopped') return;
    this.stop();
    sink.onEnd();
  }

  #fail(error: GatewayError): void {
    this.stop();
    this.#options.sink.onFailure(error);
  }

  #tooLarge(): GatewayError {
    const { spec, maxBytes } = this.#options;
    return new GatewayError('OMNI_UPSTREAM_TOO_LARGE', `"${spec.name}" sent a message of more than ${maxBytes} bytes`);
  }

  /** Why an answer that holds no message is none; the body is quoted, headers never. */
  #noAnswer(cause?: GatewayError): GatewayError {
    const { name, secretValues } = this.#options.spec;
    const excerpt = safeExcerpt(LENIENT_UTF8.decode(joined(this.#chunks, this.#size).subarray(0, EXCERPT_BYTES)), secretValues);
    const quoted = excerpt === '' ? '' : `: ${excerpt}`;
    const data = { status: this.#status, ...(this.#retryAfterSeconds !== undefined && { retryAfterSeconds: this.#retryAfterSeconds }) };
    const isSuccess = this.#status >= 200 && this.#status < 300;
    if (!isSuccess)
      return new GatewayError('OMNI_UPSTREAM_HTTP_STATUS', `"${name}" answered with HTTP status ${this.#status}${quoted}`, { cause, data });
    const what = this.#size === 0 ? `with HTTP status ${this.#status} and no message` : `with something that is not JSON-RPC${quoted}`;
    return new GatewayError('OMNI_UPSTREAM_PROTOCOL', `"${name}" answered ${what}`, { cause, data });
  }
}

/** Statuses about credentials and load: they are the gateway's affair, whatever stands in the body. */
function isRefusal(status: number): boolean {
  return status === 401 || status === 403 || status === 407 || status === 429;
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const first = chunks[0];
  if (chunks.length === 1 && first !== undefined) return first;
  const all = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all;
}
