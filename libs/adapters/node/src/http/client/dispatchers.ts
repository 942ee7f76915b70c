import type { buildConnector, Pool } from 'undici';
import { skipInterimAnswers } from './interim-answers.ts';
import { joinWrites } from './joined-writes.ts';
import { proxyAuthorization, tunnelThrough } from './proxy-tunnel.ts';
import type { ProxyOf } from './proxy-rules.ts';

export interface DispatchersOptions {
  readonly connectionsPerOrigin: number;
  readonly connectTimeoutMs: number;
  readonly proxyOf: ProxyOf;
}

/** How requests to one origin leave. */
export interface Route {
  readonly key: string;
  open(): Promise<Pool>;
  /**
   * What stands before the path: a proxy that is asked for an `http:` address is told all of it (RFC 9112,
   * 3.2.2).
   */
  readonly prefix: string;
  /** Beside those of the request. */
  readonly headers: readonly string[];
}

/** Makes the pools of HTTP/1.1 connections: straight to an origin, or through its proxy. */
export class Dispatchers {
  readonly #proxyOf: ProxyOf;
  readonly #connectTimeoutMs: number;
  readonly #options: Pool.Options;
  #connect: buildConnector.connector | undefined;

  constructor({ connectionsPerOrigin, connectTimeoutMs, proxyOf }: DispatchersOptions) {
    this.#proxyOf = proxyOf;
    this.#connectTimeoutMs = connectTimeoutMs;
    this.#options = {
      connections: connectionsPerOrigin,
      pipelining: 1,
      allowH2: false,
      // The core has the deadlines.
      headersTimeout: 0,
      bodyTimeout: 0,
    };
  }

  routeTo(target: URL): Route {
    const { origin } = target;
    const proxy = this.#proxyOf(target);
    if (proxy === undefined) return { key: origin, open: () => this.#pool(origin), prefix: '', headers: [] };
    if (target.protocol === 'http:')
      return {
        key: `proxy ${proxy.origin}`,
        open: () => this.#pool(proxy.origin),
        prefix: origin,
        headers: ['host', target.host, ...Object.entries(proxyAuthorization(proxy)).flat()],
      };
    const through = (secure: buildConnector.connector): buildConnector.connector =>
      tunnelThrough({ proxy, timeoutMs: this.#connectTimeoutMs, secure });
    return { key: origin, open: () => this.#pool(origin, through), prefix: '', headers: [] };
  }

  /** @param through - Leads connections another way. Default: straight. */
  async #pool(
    origin: string,
    through = (connect: buildConnector.connector): buildConnector.connector => connect,
  ): Promise<Pool> {
    const undici = /* guard: outgoing/redirect */ await import('./late-undici.ts');
    this.#connect ??= undici.buildConnector({ allowH2: false, timeout: this.#connectTimeoutMs });
    const connector = through(this.#connect);
    return new undici.Pool(origin, {
      ...this.#options,
      connect: (options, callback) =>
        connector(options, (...result) => {
          if (result[0] === null) {
            skipInterimAnswers(result[1]);
            joinWrites(result[1]);
          }
          callback(...result);
        }),
    });
  }
}
