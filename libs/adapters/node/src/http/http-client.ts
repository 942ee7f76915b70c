import {
  GatewayError,
  type HeaderList,
  type HttpCall,
  type HttpClient,
  type HttpRequest,
  type HttpResponseListener,
} from '@omni/ports';
import { BufferCollector } from './buffer-collector.ts';
import { ACCEPTED_CODINGS } from './client/content-coding.ts';
import { Dispatchers, type Route } from './client/dispatchers.ts';
import { isLoopback, type ProxyOf } from './client/proxy-rules.ts';
import { LatePool } from './client/late-pool.ts';
import { UndiciCall } from './undici-call.ts';

/** Settings of {@link UndiciHttpClient}. */
export interface UndiciHttpClientOptions {
  /**
   * Connections to one origin; one request at a time on each, so that fewer than there may be calls would let
   * slow ones hold up the rest. Default 1,024.
   */
  readonly connectionsPerOrigin?: number;
  /** Default 10,000. */
  readonly connectTimeoutMs?: number;
  /** Value of `User-Agent` where a request has none. Default: none is sent. */
  readonly userAgent?: string;
  /** Which proxy a request goes through. Default: none. */
  readonly proxyOf?: ProxyOf;
}

interface Target {
  readonly pool: LatePool;
  readonly origin: string;
  /** Path and query, or all of the address for a proxy. */
  readonly path: string;
  /** Sent unless a request has its own. */
  readonly defaults: readonly string[];
  /** See {@link lengthsOf}. */
  readonly lengths: number;
}

const MAX_ORIGINS = 256;
/** Upstreams are called at the same few addresses again and again; parsing one costs as much as sending. */
const MAX_TARGETS = 1_024;

/**
 * HTTP upstreams over undici's dispatcher: a pool of HTTP/1.1 connections for each origin, no timers of its
 * own beyond connecting, no redirects, no cookies. Says who it is, and unpacks what it has offered to: not on
 * this machine, where packing costs more than it saves.
 */
export class UndiciHttpClient implements HttpClient {
  readonly #dispatchers: Dispatchers;
  readonly #userAgent: readonly string[];
  readonly #pools = new Map<string, LatePool>();
  readonly #targets = new Map<string, Target>();
  readonly #collector = new BufferCollector();
  #isClosed = false;

  constructor(options: UndiciHttpClientOptions = {}) {
    const { connectionsPerOrigin = 1_024, connectTimeoutMs = 10_000, userAgent, proxyOf } = options;
    this.#dispatchers = new Dispatchers({
      connectionsPerOrigin,
      connectTimeoutMs,
      proxyOf: proxyOf ?? (() => undefined),
    });
    this.#userAgent = userAgent === undefined ? [] : ['user-agent', userAgent];
  }

  send(request: HttpRequest, listener: HttpResponseListener): HttpCall {
    const target = this.#target(request.url);
    if (target instanceof GatewayError) {
      const call = new UndiciCall(listener, '', this.#collector);
      queueMicrotask(() => call.fail(target));
      return call;
    }
    const call = new UndiciCall(listener, target.origin, this.#collector);
    target.pool.dispatch(
      {
        method: request.method,
        path: target.path,
        headers: withDefaults(request.headers, target),
        body: request.body ?? null,
      },
      call,
    );
    call.start();
    return call;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const pools = [...this.#pools.values()];
    this.#pools.clear();
    this.#targets.clear();
    await Promise.all(pools.map((pool) => pool.destroy()));
  }

  #target(url: string): Target | GatewayError {
    const known = this.#targets.get(url);
    if (known !== undefined) return known;
    const parsed = URL.parse(url);
    if (
      parsed === null ||
      /* guard: outgoing/scheme */ (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')
    ) {
      return unreachable('The URL of the upstream is not an absolute http: or https: URL', 'URL_UNSUPPORTED');
    }
    if (this.#isClosed) return unreachable(`Cannot connect to ${parsed.origin}: Omni is stopping`, 'CLOSED');
    const route = this.#dispatchers.routeTo(parsed);
    const defaults = [
      ...this.#userAgent,
      'accept-encoding',
      isLoopback(parsed.hostname) ? 'identity' : ACCEPTED_CODINGS,
      ...route.headers,
    ];
    const target: Target = {
      pool: this.#pool(route),
      origin: parsed.origin,
      path: route.prefix + parsed.pathname + parsed.search,
      defaults,
      lengths: lengthsOf(defaults),
    };
    makeRoom(this.#targets, MAX_TARGETS);
    this.#targets.set(url, target);
    return target;
  }

  #pool(route: Route): LatePool {
    const known = this.#pools.get(route.key);
    if (known !== undefined) return known;
    const dropped = makeRoom(this.#pools, MAX_ORIGINS);
    if (dropped !== undefined) {
      for (const [url, target] of this.#targets) if (target.pool === dropped) this.#targets.delete(url);
      // Lets running calls end first.
      void dropped.close();
    }
    const pool = new LatePool(route.open());
    this.#pools.set(route.key, pool);
    return pool;
  }
}

/** The lengths of the names in a list of headers, as bits. */
function lengthsOf(headers: readonly string[]): number {
  return headers.reduce((bits, name, at) => (at % 2 === 0 ? bits | (1 << name.length) : bits), 0);
}

/** undici reads the list and never writes to it; its type only lacks `readonly`. */
function withDefaults(headers: HeaderList, { defaults, lengths }: Target): string[] {
  const all = headers.concat(defaults);
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? '';
    // Hardly any header has the length of one of these names.
    if ((lengths & (1 << name.length)) === 0) continue;
    for (let other = headers.length; other < all.length; other += 2)
      if (name.toLowerCase() === all[other]) all.splice(other, 2);
  }
  return all;
}

/** Removes the oldest entry of a full map and returns it. */
function makeRoom<Value>(map: Map<string, Value>, maxSize: number): Value | undefined {
  if (map.size < maxSize) return undefined;
  for (const [key, value] of map) {
    map.delete(key);
    return value;
  }
  return undefined;
}

function unreachable(message: string, reason: string): GatewayError {
  return new GatewayError('OMNI_UPSTREAM_UNREACHABLE', message, { data: { phase: 'connect', reason } });
}
