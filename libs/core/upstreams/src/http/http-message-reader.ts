import { parseMessage, type RpcMessage } from '@omni/jsonrpc';
import type { ResponseHead } from '@omni/model';
import {
  type ByteReservation,
  GatewayError,
  type HeaderList,
  GatheredBytes,
  type HttpResponseListener,
  ownsLargeBuffer,
  releaseBytes,
  UNCOUNTED_BYTES,
} from '@omni/ports';
import { bodyKind, headerOf } from './http-headers.ts';
import { retryAfterSeconds } from './retry-after.ts';
import type { ConnectionContext } from '../connection/open-connection.ts';
import { noRoomError } from '../connection/no-room.ts';
import { refusedCredentials } from '../credentials/refused-credentials.ts';
import { safeExcerpt } from '../connection/safe-excerpt.ts';
import { SseParser, type SseEvent } from './sse-parser.ts';
import type { UpstreamCredentials } from '../credentials/upstream-credentials.ts';
import { UPSTREAM_JSON_LIMITS } from '../connection/upstream-limits.ts';
import {
  beginningOfAnswer,
  CLOSING_BRACE,
  hasIdLast,
  isAnswerTo,
  lastSignificantByte,
} from './passthrough.ts';

/** Told what an HTTP answer holds: messages in order, then one of end and failure. */
export interface HttpMessageSink {
  /** @returns Whether the body is wanted; if not, nothing else is told. */
  onHead(status: number, headers: HeaderList): boolean;
  onMessage(message: RpcMessage, status: number): void;
  /** Something in the body is no message and is skipped. */
  onFramingError(): void;
  /** The body ended in good order; the messages in it may have been any. */
  onEnd(): void;
  /** Nothing more comes; the exchange is to be aborted. */
  onFailure(error: GatewayError): void;
}

/** Takes the JSON body that is the answer to an id without its being read. */
export interface PassingSink {
  /** As JSON; `undefined` when every answer has to be read. */
  readonly passingId: string | undefined;
  /**
   * The whole body. Absent where the id in it has to be changed: then only what begins with it goes on, while
   * it comes.
   */
  onBytes?(bytes: Uint8Array, status: number): void;
  /** More of a JSON body has come, whether it is taken so or not. */
  onFlow(): void;
  /** @returns Whether it is wanted so; if not, it is told whole. */
  onResponseHead(head: ResponseHead): boolean;
  onChunk(bytes: Uint8Array): void;
  /** It ended as an answer does. In place of this there may be a failure. */
  onResponseEnd(): void;
}

export interface HttpMessageReaderOptions {
  /** Names the upstream, and knows what must not be quoted. */
  readonly credentials: UpstreamCredentials;
  /** How long a message may be, and the budget for what has to be held until it is complete. */
  readonly context: Pick<ConnectionContext, 'limits' | 'budget' | 'clock'>;
  readonly sink: HttpMessageSink;
  /** Default: every answer is read. */
  readonly passing?: PassingSink;
}

/** Below this size reading costs less than it is worth to avoid. */
const UNTOUCHED_MIN_BYTES = 8 * 1024;
/** Longer bodies may go on while they come. */
const PIECES_MIN_BYTES = 64 * 1024;
/** What is read of a body that cannot be an answer. */
const EXCERPT_BYTES = 512;
const NOTHING = new Uint8Array(0);
const STRICT_UTF8 = new TextDecoder('utf-8', /* guard: answer/utf8 */ { fatal: true });
const LENIENT_UTF8 = new TextDecoder();
const DIGITS = /^[0-9]{1,15}$/;

type Mode = 'head' | 'json' | 'chunks' | 'events' | 'excerpt' | 'stopped';

/** Turns the answer to one HTTP request into JSON-RPC messages, or into the reason why it holds none. */
export class HttpMessageReader implements HttpResponseListener {
  readonly #options: HttpMessageReaderOptions;
  #mode: Mode = 'head';
  #status = 0;
  #retryAfterSeconds: number | undefined;
  #redirection: string | undefined;
  /** The only chunk of a body, as most have one; the last one of events, which is not ours yet. */
  #first: Uint8Array | undefined;
  /**
   * A body in several chunks. What of it goes on while it comes is not held; its end is until it is known to
   * be that.
   */
  #body: GatheredBytes | undefined;
  #size = 0;
  #parser: SseParser | undefined;
  /** For what is held of a body. */
  #room: ByteReservation | undefined;
  /** Of a JSON body. */
  #headers: HeaderList = [];
  #lastByte: number | undefined;
  /** The declared length of a body that goes on while it comes. */
  #length = 0;

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

  /** When the server wants to be asked again, where it has said so: for the `data` of an error. */
  get comeBack(): { readonly retryAfterSeconds?: number } {
    return this.#retryAfterSeconds === undefined ? {} : { retryAfterSeconds: this.#retryAfterSeconds };
  }

  /**
   * Whether a response under another id is about the request all the same. What is turned away before it was
   * read has the id null, or whatever a server writes in its place.
   */
  isAboutRequest(message: RpcMessage): boolean {
    return !this.isStream && (message.id === 'null' || (this.#status >= 400 && message.error !== undefined));
  }

  /** Nothing more is told. */
  stop(): void {
    this.#mode = 'stopped';
    this.#letGo();
    this.#parser?.close();
  }

  onHead(status: number, headers: HeaderList): void {
    if (this.#mode !== 'head') return;
    this.#status = status;
    if (!this.#options.sink.onHead(status, headers)) return this.stop();
    if (status >= 300)
      this.#retryAfterSeconds = retryAfterSeconds(headers, this.#options.context.clock.now());
    if (status >= 300 && status < 400) this.#redirection = headerOf(headers, 'location');
    const kind = bodyKind(headers);
    if (kind === 'json' && !isRefusal(status)) {
      this.#mode = 'json';
      this.#headers = headers;
    } else if (kind === 'events' && status >= 200 && status < 300) {
      this.#mode = 'events';
      this.#parser = new SseParser(this, this.#maxBytes, this.#options.context.budget);
    } else this.#mode = 'excerpt';
  }

  onData(chunk: Uint8Array): void {
    switch (this.#mode) {
      case 'events':
        return this.#onEvents(chunk);
      case 'json':
        this.#size += chunk.byteLength;
        // guard: answer/size
        if (this.#size > this.#maxBytes) return this.#fail(this.#tooLarge());
        this.#add(chunk);
        if (this.#size > chunk.byteLength) this.#options.passing?.onFlow();
        // Looked at once, when the body turns out to be long.
        if (this.#size > PIECES_MIN_BYTES && this.#size - chunk.byteLength <= PIECES_MIN_BYTES)
          this.#beginChunks();
        return this.#count();
      case 'chunks':
        this.#size += chunk.byteLength;
        if (this.#size > this.#length) return this.#fail(this.#incomplete());
        this.#options.passing?.onFlow();
        this.#add(chunk);
        this.#passOn();
        return this.#count();
      case 'excerpt':
        this.#size += chunk.byteLength;
        this.#add(chunk);
        // guard: answer/page-size
        if (this.#size >= EXCERPT_BYTES) this.#fail(this.#noAnswer(this.#take()));
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
      case 'chunks':
        return this.#endChunks();
      case 'events':
        this.stop();
        return this.#options.sink.onEnd();
      case 'excerpt':
        return this.#fail(this.#noAnswer(this.#take()));
      case 'head':
      case 'stopped':
        return;
    }
  }

  onError(error: GatewayError): void {
    if (this.#mode === 'stopped') return;
    const { upstream } = this.#options.credentials;
    // The port's message does not name the upstream.
    const named = new GatewayError(error.code, `"${upstream}" could not be reached: ${error.message}`, {
      cause: error,
      hint: error.hint,
      ...(error.data !== undefined && { data: error.data }),
    });
    this.#fail(named);
  }

  onEvent({ event, data }: SseEvent): void {
    // An event without data only sets the id to resume behind; those of other names are a server's own.
    if (this.#mode !== 'events' || event !== 'message' || data === '') return;
    const message = parseMessage(data, UPSTREAM_JSON_LIMITS);
    if (message.kind === 'rejected') return this.#options.sink.onFramingError();
    if (message.kind !== 'batch') return this.#options.sink.onMessage(message, this.#status);
    for (const item of message.items) this.#tell(item);
  }

  #tell(text: string): void {
    if (this.#mode === 'stopped') return;
    const message = parseMessage(text, UPSTREAM_JSON_LIMITS);
    if (message.kind === 'batch' || message.kind === 'rejected') this.#options.sink.onFramingError();
    else this.#options.sink.onMessage(message, this.#status);
  }

  #onEvents(chunk: Uint8Array): void {
    if (this.#first !== undefined) releaseBytes(this.#first);
    this.#pushEvents(chunk);
    // The parser may have kept it, and a part of a larger buffer cannot be given back.
    const isOurs = this.#mode === 'events' && this.#parser?.kept === 0 && ownsLargeBuffer(chunk);
    this.#first = isOurs ? chunk : undefined;
    this.#count();
  }

  #pushEvents(chunk: Uint8Array): void {
    const problem = this.#parser?.push(chunk);
    if (problem === undefined || this.#mode === 'stopped') return;
    const { upstream } = this.#options.credentials;
    switch (problem) {
      case 'too-large':
        return this.#fail(this.#tooLarge());
      case 'no-room':
        return this.#fail(noRoomError(upstream));
      case 'not-utf8':
        return this.#fail(
          new GatewayError('OMNI_UPSTREAM_PROTOCOL', `"${upstream}" sent an event stream that is not UTF-8`),
        );
    }
  }

  #add(chunk: Uint8Array): void {
    this.#lastByte = lastSignificantByte(chunk) ?? this.#lastByte;
    if (this.#size === chunk.byteLength) {
      this.#first = chunk;
      return;
    }
    this.#body ??= new GatheredBytes();
    if (this.#first !== undefined) this.#body.add(this.#first);
    this.#first = undefined;
    this.#body.add(chunk);
  }

  #pieces(): readonly Uint8Array[] {
    return this.#first === undefined ? (this.#body?.pieces() ?? []) : [this.#first];
  }

  #take(): Uint8Array {
    return this.#first ?? this.#body?.take() ?? NOTHING;
  }

  /** What is kept of a body, with the buffers that parts of it lie in. */
  #count(): void {
    if (this.#mode === 'stopped') return;
    const kept = this.#body?.kept ?? this.#first?.buffer.byteLength ?? 0;
    if (kept > UNCOUNTED_BYTES) this.#room ??= this.#options.context.budget.share();
    // guard: held/answer
    if (this.#room?.hold(kept) === false) this.#fail(noRoomError(this.#options.credentials.upstream));
  }

  #letGo(): void {
    this.#first = undefined;
    this.#body = undefined;
    // guard: held/answer-back
    this.#room?.release();
  }

  #endJson(): void {
    const { sink, passing } = this.#options;
    const untouchedId = passing?.onBytes === undefined ? undefined : passing.passingId;
    // What follows takes this turn only.
    this.#room?.release();
    if (this.#size > PIECES_MIN_BYTES && this.#passWhole()) return;
    const bytes = this.#take();
    if (
      untouchedId !== undefined &&
      bytes.byteLength > UNTOUCHED_MIN_BYTES &&
      /* guard: answer/untouched-id */ isAnswerTo(bytes, untouchedId)
    ) {
      this.stop();
      return passing?.onBytes?.(bytes, this.#status);
    }
    let text: string;
    try {
      text = STRICT_UTF8.decode(bytes);
    } catch {
      return this.#fail(
        new GatewayError(
          'OMNI_UPSTREAM_PROTOCOL',
          `"${this.#options.credentials.upstream}" sent an answer that is not UTF-8`,
        ),
      );
    }
    const message = parseMessage(text, UPSTREAM_JSON_LIMITS);
    if (message.kind === 'rejected') return this.#fail(this.#noAnswer(bytes, message.error));
    if (message.kind === 'batch') for (const item of message.items) this.#tell(item);
    else sink.onMessage(message, this.#status);
    if (this.#mode === 'stopped') return;
    this.stop();
    sink.onEnd();
  }

  /**
   * A long answer goes on while it comes when its length is declared. Of any other it is not known whether it
   * stays within the limit, and a client that has been sent its beginning could not be told.
   */
  #beginChunks(): void {
    const { passing } = this.#options;
    const declared = headerOf(this.#headers, 'content-length');
    const length = declared !== undefined && DIGITS.test(declared) ? Number(declared) : undefined;
    // guard: answer/declared-size
    if (length !== undefined && length > this.#maxBytes) return this.#fail(this.#tooLarge());
    if (/* guard: answer/undeclared */ length === undefined) return;
    if (this.#size > length) return this.#fail(this.#incomplete());
    if (passing?.passingId === undefined) return;
    const [beginning = NOTHING] = this.#pieces();
    const kind = beginningOfAnswer(beginning, passing.passingId);
    if (
      kind === undefined ||
      !passing.onResponseHead({ status: this.#status, length, isError: kind === 'error', isKept: false })
    )
      return;
    this.#length = length;
    // Whoever was shown the head may have left at once.
    if (this.#mode === 'json') this.#mode = 'chunks';
    this.#passOn();
  }

  /** All but the last piece, which may be the end of the answer. */
  #passOn(): void {
    for (const piece of this.#body?.takeAllButLast() ?? [])
      if (this.#mode === 'chunks') this.#options.passing?.onChunk(piece);
  }

  /** A long answer that is all there need neither be read nor joined. @returns Whether it was passed on. */
  #passWhole(): boolean {
    const { passing } = this.#options;
    const id = passing?.passingId;
    if (passing === undefined || id === undefined || this.#lastByte !== CLOSING_BRACE) return false;
    const pieces = this.#pieces();
    const [beginning = NOTHING] = pieces;
    const kind =
      beginningOfAnswer(beginning, id) ??
      (passing.onBytes !== undefined && hasIdLast(pieces, id) ? 'result' : undefined);
    if (
      kind === undefined ||
      !passing.onResponseHead({
        status: this.#status,
        length: this.#size,
        isError: kind === 'error',
        isKept: false,
      })
    )
      return false;
    this.stop();
    for (const piece of pieces) passing.onChunk(piece);
    passing.onResponseEnd();
    return true;
  }

  #endChunks(): void {
    const { passing } = this.#options;
    // The client was told the length: another one would run into what comes next on its connection.
    if (this.#lastByte !== CLOSING_BRACE || this.#size !== this.#length)
      return this.#fail(this.#incomplete());
    const rest = this.#pieces();
    this.stop();
    for (const piece of rest) passing?.onChunk(piece);
    passing?.onResponseEnd();
  }

  #fail(error: GatewayError): void {
    this.stop();
    this.#options.sink.onFailure(error);
  }

  #redirected(where: string, data: Record<string, unknown>): GatewayError {
    const { upstream } = this.#options.credentials;
    return new GatewayError(
      'OMNI_UPSTREAM_HTTP_STATUS',
      `"${upstream}" answered with HTTP status ${this.#status}, which leads to ${where}`,
      {
        data,
        hint: 'Omni follows 307 and 308 within the origin only, five at most, since others would send credentials and arguments elsewhere or change the request; if the address is right, configure that one.',
      },
    );
  }

  #incomplete(): GatewayError {
    return new GatewayError(
      'OMNI_UPSTREAM_PROTOCOL',
      `"${this.#options.credentials.upstream}" sent an answer that is truncated or differs from its declared length`,
    );
  }

  get #maxBytes(): number {
    return this.#options.context.limits.maxUpstreamMessageBytes;
  }

  #tooLarge(): GatewayError {
    const { credentials } = this.#options;
    return new GatewayError(
      'OMNI_UPSTREAM_TOO_LARGE',
      `"${credentials.upstream}" sent a message of more than ${this.#maxBytes} bytes`,
    );
  }

  /** Why an answer that holds no message is none. The body is quoted, and where a redirection leads to. */
  #noAnswer(body: Uint8Array, cause?: GatewayError): GatewayError {
    const { upstream, secretValues } = this.#options.credentials;
    const excerpt = safeExcerpt(LENIENT_UTF8.decode(body.subarray(0, EXCERPT_BYTES)), secretValues);
    const quoted = excerpt === '' ? '' : `: ${excerpt}`;
    const data = { status: this.#status, ...this.comeBack };
    const isSuccess = this.#status >= 200 && this.#status < 300;
    if (this.#redirection !== undefined)
      return this.#redirected(safeExcerpt(withoutSecrets(this.#redirection), secretValues), data);
    if (!isSuccess)
      return new GatewayError(
        'OMNI_UPSTREAM_HTTP_STATUS',
        `"${upstream}" answered with HTTP status ${this.#status}${quoted}`,
        {
          cause,
          data,
          logText: `"${upstream}" answered with HTTP status ${this.#status}`,
          ...refusedCredentials(upstream, this.#status),
        },
      );
    const what =
      this.#size === 0
        ? `with HTTP status ${this.#status} and no message`
        : 'with something that is not JSON-RPC';
    const logText = `"${upstream}" answered ${what}`;
    return new GatewayError('OMNI_UPSTREAM_PROTOCOL', `${logText}${quoted}`, { cause, data, logText });
  }
}

/** The part of an address that holds no credentials: neither those before the host nor parameters. */
function withoutSecrets(address: string): string {
  const path = address.replace(/[?#].*$/s, '');
  return path.includes('@') ? 'an address with credentials' : path;
}

/** Statuses about credentials and load: they are the gateway's affair, whatever stands in the body. */
function isRefusal(status: number): boolean {
  return status === 401 || status === 403 || status === 407 || status === 429;
}
