import {
  type ByteReservation,
  type Exchange,
  GatewayError,
  type HeaderList,
  logUnread,
  type MountedFront,
  onConnection,
  type Payload,
  type Principal,
  type ResponseStream,
  sharerOf,
  silentLogger,
  type UnreadHolder,
} from '@omni/ports';
import { FetchRequestFacts, type HostFacts, type RequestUrl } from './fetch-request-facts.ts';
import { errorResponse, headersOf, wholeResponse } from './fetch-response.ts';
import { FetchResponseStream } from './fetch-response-stream.ts';
import { readStream, tooLarge } from './request-body.ts';

/** What waits up to this is not worth a look. */
const UNREAD_BYTES = 16_384;
/** Nobody reads it: the client has closed its request. The name is nginx's. */
const CLIENT_CLOSED_REQUEST = 499;

export interface FetchExchangeOptions {
  readonly url: RequestUrl;
  readonly host: HostFacts;
  readonly front: MountedFront;
  /** Called once. */
  readonly onResponse: (response: Response) => void;
}

/** An exchange on a `Request`, whose answer becomes a `Response`. */
export class FetchExchange extends FetchRequestFacts implements Exchange, UnreadHolder {
  readonly #request: Request;
  readonly #options: FetchExchangeOptions;
  /** Aborted when the client has gone; the signal of a request may be shared with others. */
  readonly #gone = new AbortController();
  #answer: 'none' | 'begun' | 'ended' = 'none';
  #stream: FetchResponseStream | undefined;
  #principal: Principal | undefined;
  #onGone: (() => void) | undefined;

  constructor(request: Request, options: FetchExchangeOptions) {
    super(request, options.url, options.host);
    this.#request = request;
    this.#options = options;
    const { signal } = request;
    if (signal.aborted) this.#leave();
    else signal.addEventListener('abort', this.#leave);
  }

  /** Before it is known who sends, nobody shares it. */
  get sharer(): string {
    return this.#principal === undefined
      ? this.connection
      : sharerOf(onConnection(this.#principal, this.connection));
  }

  get unreadBytes(): number {
    return this.#stream?.backlogBytes ?? 0;
  }

  belongsTo(principal: Principal): void {
    this.#principal = principal;
  }

  /**
   * @throws {@link GatewayError} Also `OMNI_BODY_TAKEN`, where the host has read the body and kept no bytes.
   */
  async readBody(maxBytes: number): Promise<Uint8Array> {
    const { host, front } = this.#options;
    const declared = Number(this.header('content-length') ?? 0);
    const size = host.body === undefined ? declared : host.body.byteLength;
    // guard: fetch/declared-length
    if (size > maxBytes) throw tooLarge(maxBytes);
    if (host.body !== undefined) return host.body;
    const { body, bodyUsed } = this.#request;
    // guard: fetch/taken-body
    if (bodyUsed || body?.locked === true)
      throw new GatewayError('OMNI_BODY_TAKEN', 'The body of the request was read before it came to Omni');
    if (body === null) return new Uint8Array(0);
    return await readStream(body, {
      maxBytes,
      roomForBody: (): ByteReservation | undefined => front.budget?.of(this.sharer).share(),
      gone: this.#gone.signal,
    });
  }

  onGone(listener: () => void): void {
    if (this.#gone.signal.aborted) listener();
    else this.#onGone = listener;
  }

  respond(status: number, headers: HeaderList, body?: Payload): void {
    if (this.#gone.signal.aborted) return;
    this.#refuseSecondAnswer();
    // Throws on a header that HTTP forbids; until then nothing is answered.
    const response = wholeResponse(status, headers, body);
    this.#end();
    this.#options.onResponse(response);
  }

  stream(status: number, headers: HeaderList): ResponseStream {
    const stream = new FetchResponseStream({
      onUnread: () => {
        if (stream.backlogBytes > UNREAD_BYTES) this.#options.front.unread?.note(this);
      },
      onEnd: this.#end,
      onOver: () => this.#options.front.unread?.forget(this),
      onCancel: this.#leave,
    });
    if (this.#gone.signal.aborted) {
      stream.drop();
      return stream;
    }
    this.#refuseSecondAnswer();
    const response = new Response(stream.readable, { status, headers: headersOf(headers) });
    this.#answer = 'begun';
    this.#stream = stream;
    this.#options.onResponse(response);
    return stream;
  }

  /**
   * The handler failed: answers with the error if nothing was answered, cuts the answer if something was.
   */
  fail(error: GatewayError): void {
    if (this.#gone.signal.aborted || this.#answer === 'ended') return;
    if (this.#answer === 'begun') return this.#stream?.destroy();
    this.#end();
    this.#options.onResponse(errorResponse(error));
  }

  /** Called by the budget of unread answers. */
  cut(): void {
    const { logger = silentLogger } = this.#options.front;
    logUnread(logger, { user: this.sharer, unreadBytes: this.unreadBytes, where: 'HTTP' });
    this.#leave();
    this.#stream?.drop();
  }

  #refuseSecondAnswer(): void {
    // guard: fetch/second-answer
    if (this.#answer !== 'none')
      throw new GatewayError('OMNI_INTERNAL', 'This exchange was already answered');
  }

  readonly #end = (): void => {
    this.#answer = 'ended';
    this.#request.signal.removeEventListener('abort', this.#leave);
  };

  /** The client has gone. */
  readonly #leave = (): void => {
    const isAnswered = this.#answer !== 'none';
    if (this.#answer === 'ended' || this.#gone.signal.aborted) return;
    this.#request.signal.removeEventListener('abort', this.#leave);
    this.#gone.abort();
    this.#stream?.drop();
    // Whoever waits for the answer shall not wait for ever.
    if (!isAnswered) this.#options.onResponse(new Response(null, { status: CLIENT_CLOSED_REQUEST }));
    const listener = this.#onGone;
    this.#onGone = undefined;
    listener?.();
  };
}
