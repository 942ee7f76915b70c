import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type ByteReservation,
  errorBody,
  type Exchange,
  GatewayError,
  type HeaderList,
  type ListenerFacts,
  type Payload,
  type Principal,
  type ResponseStream,
  systemClock,
} from '@omni/ports';
import { type BodyOwner, readRequestBody, tooLarge } from './body-reader.ts';
import { NodeResponseStream } from './node-response-stream.ts';
import { NodeRequestFacts } from './node-request-facts.ts';
import { headerValue } from './request-head.ts';
import { applyWriteTimeout } from './response-write-timeout.ts';

/** An unread body up to this is read away so that the connection can serve on. */
const DISCARD_BYTES = 65_536;
/** A longer text is encoded at once: joined with its head it would be copied several times over. */
const ENCODE_LENGTH = 16_384;
/** What waits up to this on a connection is not worth a look. */
const UNREAD_BYTES = 16_384;
/**
 * How long, and how much, is read away before a connection with an unread body is closed: closing at once
 * would discard the answer.
 */
const LINGER_MS = 500;
const LINGER_BYTES = 1_048_576;

export interface NodeExchangeOptions {
  /** Where the request came in. */
  readonly listener: ListenerFacts;
  /** The client waits for `100 Continue` before it sends the body. */
  readonly expectsContinue: boolean;
  /** See {@link applyWriteTimeout}. */
  readonly writeTimeoutMs: number;
  readonly connection: ExchangeConnection;
}

/** The connection of an exchange, as far as that tells it something. */
export interface ExchangeConnection {
  /** It is known who sends. */
  belongsTo(principal: Principal): void;
  /** For a body that is not complete; `undefined` where it is not counted. */
  roomForBody(): ByteReservation | undefined;
  /** Something was written that the system may not have taken whole. */
  onUnread(): void;
}

/** An exchange straight on Node's request and response. */
export class NodeExchange extends NodeRequestFacts implements Exchange, BodyOwner {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #options: NodeExchangeOptions;
  #body: 'unread' | 'reading' | 'read' | 'refused' = 'unread';
  #answer: 'none' | 'begun' | 'ended' = 'none';
  #isGone = false;
  #onGone: (() => void) | undefined;

  constructor(request: IncomingMessage, response: ServerResponse, options: NodeExchangeOptions) {
    super(request, options.listener);
    this.#request = request;
    this.#response = response;
    this.#options = options;
  }

  /** Whether the head of the answer is on its way. */
  get hasBegun(): boolean {
    return this.#answer !== 'none';
  }

  /** Its connection is done with it, in whatever way. */
  get isOver(): boolean {
    return this.#isGone;
  }

  /** Bytes of an answer that waits behind those of earlier requests. */
  get waitingBytes(): number {
    return this.#response.socket === null ? this.#response.writableLength : 0;
  }

  belongsTo(principal: Principal): void {
    this.#options.connection.belongsTo(principal);
  }

  readBody(maxBytes: number): Promise<Uint8Array> {
    const declared = this.#declaredBytes();
    if (
      declared !== undefined &&
      /* guard: advisory/GHSA-f897-declared, http/declared-length */ declared > maxBytes
    ) {
      this.#body = 'refused';
      return Promise.reject(tooLarge(maxBytes));
    }
    if (this.#options.expectsContinue && !this.#isGone) this.#response.writeContinue();
    this.#body = 'reading';
    return readRequestBody(this.#request, this, { maxBytes, declaredBytes: declared });
  }

  /** Called by the reader of the body. */
  roomForBody(): ByteReservation | undefined {
    return this.#options.connection.roomForBody();
  }

  /** Called by the reader of the body. */
  onBodyOver(state: 'read' | 'refused'): void {
    this.#body = state;
  }

  onGone(listener: () => void): void {
    if (this.#isGone) listener();
    else this.#onGone = listener;
  }

  respond(status: number, headers: HeaderList, body?: Payload): void {
    if (this.#isGone) return;
    this.#refuseSecondAnswer();
    const response = this.#response;
    const content = typeof body === 'string' && body.length > ENCODE_LENGTH ? Buffer.from(body) : body;
    const length =
      content === undefined
        ? 0
        : typeof content === 'string'
          ? Buffer.byteLength(content)
          : content.byteLength;
    const hasLength = status !== 204 && status !== 304;
    const mustCut = this.#leavesBodyUnread();
    if (mustCut) response.shouldKeepAlive = false;
    // Throws on a header that HTTP forbids; until then nothing is answered.
    response.writeHead(
      status,
      hasLength ? headers.concat('Content-Length', String(length)) : headers.slice(),
    );
    this.#answer = 'ended';
    if (!mustCut) {
      // As long in bytes as in characters: all ASCII, which is written at the least cost as what it is.
      response.end(content, content?.length === length ? 'latin1' : 'utf8');
      this.#onWritten();
      return;
    }
    if (content === undefined || length === 0) response.flushHeaders();
    else response.write(content);
    this.#linger();
  }

  stream(status: number, headers: HeaderList): ResponseStream {
    const { writeTimeoutMs } = this.#options;
    const stream = new NodeResponseStream(this.#response, writeTimeoutMs, {
      onWritten: this.#noteUnread,
      onEnd: () => {
        this.#answer = 'ended';
        this.#onWritten();
      },
    });
    if (this.#isGone) return stream;
    this.#refuseSecondAnswer();
    if (this.#leavesBodyUnread()) this.#response.shouldKeepAlive = false;
    this.#response.writeHead(status, headers.slice());
    this.#answer = 'begun';
    // Of a known length: the body is at hand, and its first chunk takes the head along.
    if (headerValue(headers, 'content-length') === undefined) this.#response.flushHeaders();
    return stream;
  }

  /**
   * The handler failed: answers with the error if nothing was answered, cuts the connection if something was.
   */
  fail(error: GatewayError): void {
    if (this.#isGone || this.#answer === 'ended') return;
    if (this.#answer === 'none') {
      const status = error.facts.httpStatus;
      this.respond(status >= 400 ? status : 500, ['Content-Type', 'application/json'], errorBody(error));
    } else {
      this.#answer = 'ended';
      this.#response.destroy();
    }
  }

  /** The listener stops: this connection ends with this answer. */
  forbidKeepAlive(): void {
    this.#response.shouldKeepAlive = false;
  }

  /** Called by the listener when the request's connection is done with it, in whatever way. */
  closed(): void {
    this.#isGone = true;
    const listener = this.#onGone;
    this.#onGone = undefined;
    if (this.#answer !== 'ended') listener?.();
  }

  #onWritten(): void {
    applyWriteTimeout(this.#response, this.#options.writeTimeoutMs);
    this.#noteUnread();
  }

  readonly #noteUnread = (): void => {
    if (this.#response.writableLength > UNREAD_BYTES) this.#options.connection.onUnread();
  };

  #refuseSecondAnswer(): void {
    // guard: http/second-answer
    if (this.#answer !== 'none')
      throw new GatewayError('OMNI_INTERNAL', 'This exchange was already answered');
  }

  #declaredBytes(): number | undefined {
    const text = this.header('content-length');
    return text === undefined ? undefined : Number(text);
  }

  /** Whether more of the body may come than is worth reading away. */
  #leavesBodyUnread(): boolean {
    if (this.#request.complete || this.#body === 'read') return false;
    // guard: http/unread-body
    if (this.#body !== 'unread') return true;
    return this.header('transfer-encoding') !== undefined || (this.#declaredBytes() ?? 0) > DISCARD_BYTES;
  }

  #linger(): void {
    const request = this.#request;
    let budget = LINGER_BYTES;
    const finish = (): void => {
      cancel();
      request.off('data', onData);
      request.off('end', finish);
      this.#response.end();
    };
    const onData = (chunk: Buffer): void => {
      budget -= chunk.length;
      if (budget <= 0) finish();
    };
    const cancel = systemClock.after(LINGER_MS, finish);
    request.on('data', onData);
    request.on('end', finish);
    request.resume();
  }
}
