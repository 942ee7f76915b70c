import type {
  GatewayError,
  HeaderList,
  HttpCall,
  HttpClient,
  HttpRequest,
  HttpResponseListener,
} from '@omni/ports';
import type { RequestHeaders } from './http-headers.ts';

const UNAUTHORIZED = 401;

/**
 * Sends a request to an upstream. One that is answered with 401 has not run: it is sent once more, to the same address, if there are
 * other credentials by then.
 *
 * @param request - Its headers begin with the list that `credentials` gave last.
 */
export function sendAuthorized(
  http: HttpClient,
  credentials: RequestHeaders,
  request: HttpRequest,
  listener: HttpResponseListener,
): AuthorizedCall {
  const exchange = new AuthorizedExchange(http, credentials, request, listener);
  exchange.begin();
  return exchange;
}

/** A request under way. */
export interface AuthorizedCall extends HttpCall {
  /** It was refused and waits for other credentials, with which it is sent again by itself. */
  readonly isRenewing: boolean;
}

class AuthorizedExchange implements AuthorizedCall, HttpResponseListener {
  readonly #client: HttpClient;
  readonly #credentials: RequestHeaders;
  readonly #request: HttpRequest;
  readonly #listener: HttpResponseListener;
  readonly #sent: readonly string[];
  #http: HttpCall | undefined;
  isRenewing = false;
  #isLast = false;
  #isPaused = false;
  #isAborted = false;

  constructor(
    client: HttpClient,
    credentials: RequestHeaders,
    request: HttpRequest,
    listener: HttpResponseListener,
  ) {
    this.#client = client;
    this.#credentials = credentials;
    this.#request = request;
    this.#listener = listener;
    this.#sent = credentials.lastList;
  }

  begin(): void {
    this.#http = this.#client.send(this.#request, this);
  }

  abort(): void {
    this.#isAborted = true;
    this.#http?.abort();
  }

  pause(): void {
    this.#isPaused = true;
    this.#http?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#http?.resume();
  }

  onHead(status: number, headers: HeaderList): void {
    if (status !== UNAUTHORIZED || /* guard: credentials/one-retry */ this.#isLast)
      return this.#listener.onHead(status, headers);
    this.#isLast = true;
    const hasOther = this.#credentials.renew(this.#sent);
    if (hasOther === false) return this.#listener.onHead(status, headers);
    // What stands behind the head is not waited for.
    this.#http?.abort();
    if (hasOther === true) return this.#sendAgain();
    this.isRenewing = true;
    void hasOther.then((isThere) => {
      this.isRenewing = false;
      if (this.#isAborted) return;
      if (isThere) return this.#sendAgain();
      this.#listener.onHead(status, headers);
      // Whoever was shown the head may have left.
      if (!this.#isAborted) this.#listener.onEnd();
    });
  }

  onData(chunk: Uint8Array): void {
    this.#listener.onData(chunk);
  }

  onEnd(): void {
    this.#listener.onEnd();
  }

  onError(error: GatewayError): void {
    this.#listener.onError(error);
  }

  #sendAgain(): void {
    const headers = this.#credentials.list.concat(this.#request.headers.slice(this.#sent.length));
    this.#http = this.#client.send({ ...this.#request, headers }, this);
    if (this.#isPaused) this.#http.pause();
  }
}
