import {
  GatewayError,
  type HeaderList,
  type HttpCall,
  type HttpClient,
  type HttpRequest,
  type HttpResponseListener,
} from '@omni/ports';

/** One request that a {@link ScriptedHttpClient} took, and the means to answer it. */
export class ScriptedExchange implements HttpCall {
  readonly request: HttpRequest;
  isAborted = false;
  isPaused = false;
  readonly #listener: HttpResponseListener;

  constructor(request: HttpRequest, listener: HttpResponseListener) {
    this.request = request;
    this.#listener = listener;
  }

  /** The body as text. */
  get body(): string {
    const { body } = this.request;
    return typeof body === 'string' ? body : new TextDecoder().decode(body);
  }

  /** The member of the JSON body, as it was parsed. */
  member(name: string): unknown {
    // Bodies are JSON-RPC messages.
    return this.body === '' ? undefined : (JSON.parse(this.body) as Record<string, unknown>)[name];
  }

  /** All values of a request header. @param name - Lower case. */
  headers(name: string): string[] {
    return this.request.headers.filter(
      (_value, index, all) => index % 2 === 1 && all[index - 1]?.toLowerCase() === name,
    );
  }

  /** Answers in one chunk. */
  respond(status: number, contentType: string, body: string | Uint8Array, headers: HeaderList = []): void {
    this.head(status, contentType === '' ? headers : ['Content-Type', contentType, ...headers]);
    if (body.length > 0) this.data(body);
    this.end();
  }

  json(status: number, body: string, headers: HeaderList = []): void {
    this.respond(status, 'application/json', body, headers);
  }

  /** Answers the JSON-RPC request with a result, which is JSON. */
  result(result: string, headers: HeaderList = []): void {
    this.json(200, `{"jsonrpc":"2.0","id":${JSON.stringify(this.member('id'))},"result":${result}}`, headers);
  }

  /** Begins an event stream. */
  stream(headers: HeaderList = []): void {
    this.head(200, ['content-type', 'text/event-stream', ...headers]);
  }

  /** Sends one event. */
  event(data: string, id?: string): void {
    this.data(`${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`);
  }

  head(status: number, headers: HeaderList): void {
    if (!this.isAborted) this.#listener.onHead(status, headers);
  }

  data(chunk: string | Uint8Array): void {
    if (!this.isAborted)
      this.#listener.onData(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk);
  }

  end(): void {
    if (!this.isAborted) this.#listener.onEnd();
  }

  fail(phase: 'connect' | 'request' | 'body'): void {
    if (!this.isAborted)
      this.#listener.onError(
        new GatewayError('OMNI_UPSTREAM_UNREACHABLE', `the connection failed (${phase})`, {
          data: { phase },
        }),
      );
  }

  abort(): void {
    this.isAborted = true;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }
}

/** An HTTP client whose far end is a script; what the script leaves open, the test answers. */
export class ScriptedHttpClient implements HttpClient {
  readonly exchanges: ScriptedExchange[] = [];
  readonly #script: (exchange: ScriptedExchange) => void;

  constructor(script: (exchange: ScriptedExchange) => void = () => {}) {
    this.#script = script;
  }

  /** The last exchange; there has to be one. */
  get last(): ScriptedExchange {
    const last = this.exchanges.at(-1);
    if (last === undefined) throw new GatewayError('OMNI_INTERNAL', 'Nothing was sent');
    return last;
  }

  /** Exchanges of this HTTP method, or this JSON-RPC method. */
  of(method: string): ScriptedExchange[] {
    return this.exchanges.filter(
      (exchange) =>
        exchange.request.method === method ||
        (exchange.request.body !== undefined && exchange.member('method') === method),
    );
  }

  send(request: HttpRequest, listener: HttpResponseListener): HttpCall {
    const exchange = new ScriptedExchange(request, listener);
    this.exchanges.push(exchange);
    queueMicrotask(() => {
      if (!exchange.isAborted) this.#script(exchange);
    });
    return exchange;
  }

  close(): Promise<void> {
    for (const exchange of this.exchanges) exchange.abort();
    return Promise.resolve();
  }
}
