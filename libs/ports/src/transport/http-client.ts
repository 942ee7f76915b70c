import type { GatewayError } from '../errors/gateway-error.ts';
import type { HeaderList, Payload } from './header-list.ts';

/** A request to an HTTP upstream. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Absolute `http:` or `https:` URL. */
  readonly url: string;
  readonly headers: HeaderList;
  readonly body?: Payload;
}

/**
 * Told what comes back, in order: head, data…, then exactly one of end and error. Nothing comes after an
 * abort.
 */
export interface HttpResponseListener {
  /** @param headers - As received, flat. */
  onHead(status: number, headers: HeaderList): void;
  /**
   * @param chunk - The listener's own, from the next chunk or turn of the event loop on: until then the
   * sender may look at it.
   */
  onData(chunk: Uint8Array): void;
  onEnd(): void;
  /**
   * @param error - `OMNI_UPSTREAM_UNREACHABLE` with `data.phase`: `connect` (nothing was sent), `request`
   * (the request may have been received) or `body` (the answer broke off).
   */
  onError(error: GatewayError): void;
}

/** A request under way. */
export interface HttpCall {
  /** Closes the connection's stream; no listener is called afterwards. */
  abort(): void;
  /** Stops reading until {@link resume}; data in flight may still arrive. */
  pause(): void;
  resume(): void;
}

/** How HTTP upstreams are reached. Redirects are never followed, no credentials are added. */
export interface HttpClient {
  /**
   * Starts a request. Problems are told to the listener, never thrown; the listener is not called before this
   * returns.
   */
  send(request: HttpRequest, listener: HttpResponseListener): HttpCall;
  /** Aborts what runs and closes the connections. */
  close(): Promise<void>;
}
