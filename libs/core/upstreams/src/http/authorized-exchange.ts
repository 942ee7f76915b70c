import type { GatewayError, HeaderList, HttpCall, HttpRequest, HttpResponseListener } from '@omni/ports';
import { headerOf, type RequestHeaders } from './http-headers.ts';
import type { InstanceHttp } from '../cookies/instance-http.ts';

const UNAUTHORIZED = 401;
/** Temporarily and for good elsewhere, with the same method and body (RFC 9110, 15.4.8 and 15.4.9). */
const REDIRECTS: ReadonlySet<number> = new Set([307, 308]);
const MAX_REDIRECTS = 5;

/**
 * Sends a request to an upstream, and again where HTTP has it so. One that is answered with 401 has not run:
 * it is sent once more, to the same address, if there are other credentials by then. One that is answered
 * with 307 or 308 is sent where that leads to, within the origin that the credentials are for.
 *
 * @param request - Its headers begin with the list that `credentials` gave last.
 * @param forwarded - Those among them that its client has sent. Then the answer may be about that client, and
 * sets no cookies for others.
 */
export function sendAuthorized(
  http: InstanceHttp,
  credentials: RequestHeaders,
  request: HttpRequest,
  listener: HttpResponseListener,
  forwarded?: HeaderList,
): AuthorizedCall {
  const exchange = new AuthorizedExchange(
    http,
    credentials,
    request,
    listener,
    (forwarded ?? []).length === 0,
  );
  exchange.begin();
  return exchange;
}

/** A request under way. */
export interface AuthorizedCall extends HttpCall {
  /** It was refused and waits for other credentials, with which it is sent again by itself. */
  readonly isRenewing: boolean;
}

class AuthorizedExchange implements AuthorizedCall, HttpResponseListener {
  readonly #instance: InstanceHttp;
  readonly #credentials: RequestHeaders;
  readonly #request: HttpRequest;
  readonly #listener: HttpResponseListener;
  readonly #sent: readonly string[];
  readonly #keepsCookies: boolean;
  #url: string;
  #http: HttpCall | undefined;
  isRenewing = false;
  #isLast = false;
  #redirects = 0;
  /** What still comes is not waited for: the request goes on to another address. */
  #isLeaving = false;
  #isPaused = false;
  #isAborted = false;

  constructor(
    instance: InstanceHttp,
    credentials: RequestHeaders,
    request: HttpRequest,
    listener: HttpResponseListener,
    keepsCookies: boolean,
  ) {
    this.#instance = instance;
    this.#credentials = credentials;
    this.#request = request;
    this.#listener = listener;
    this.#sent = credentials.lastList;
    this.#keepsCookies = keepsCookies;
    this.#url = request.url;
  }

  begin(): void {
    this.#send(this.#request);
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
    // guard: cookies/forwarded
    if (this.#keepsCookies) this.#instance.cookies.take(this.#url, headers);
    if (status < 300) return this.#listener.onHead(status, headers);
    if (REDIRECTS.has(status) && this.#follow(headerOf(headers, 'location'))) return this.#leave(headers);
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
    if (this.#isLeaving) this.#sendAgain();
    else this.#listener.onEnd();
  }

  onError(error: GatewayError): void {
    if (this.#isLeaving) this.#sendAgain();
    else this.#listener.onError(error);
  }

  /** @returns Whether the request goes on there. */
  #follow(location: string | undefined): boolean {
    if (location === undefined || /* guard: http/redirects */ this.#redirects >= MAX_REDIRECTS) return false;
    const from = new URL(this.#url);
    const to = URL.parse(location, this.#url);
    // guard: http/redirect-origin, advisory/CVE-2026-111769
    if (to === null || to.origin !== from.origin || to.username !== '' || to.password !== '') return false;
    to.hash = '';
    this.#redirects++;
    this.#url = to.href;
    return true;
  }

  /** Without a body the connection is kept; a body may have no end. */
  #leave(headers: HeaderList): void {
    if (headerOf(headers, 'content-length') === '0') {
      this.#isLeaving = true;
      return;
    }
    this.#http?.abort();
    this.#sendAgain();
  }

  #sendAgain(): void {
    this.#isLeaving = false;
    const headers = this.#credentials.list.concat(this.#request.headers.slice(this.#sent.length));
    this.#send({ ...this.#request, url: this.#url, headers });
    if (this.#isPaused) this.#http?.pause();
  }

  #send(request: HttpRequest): void {
    const cookies = this.#instance.cookies.headerFor(this.#url);
    const whole =
      cookies === undefined ? request : { ...request, headers: withCookies(request.headers, cookies) };
    this.#http = this.#instance.client.send(whole, this);
  }
}

/** A request has one `Cookie` (RFC 6265, 5.4): those that the configuration sets stand first. */
function withCookies(headers: HeaderList, cookies: string): HeaderList {
  const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'cookie');
  return at < 0 ? headers.concat('cookie', cookies) : headers.with(at + 1, `${headers[at + 1]}; ${cookies}`);
}
