import {
  GatewayError,
  type HttpCall,
  type HttpClient,
  type HttpRequest,
  type HttpResponseListener,
} from '@omni/ports';
// guard: outgoing/redirect, advisory/CVE-2026-111769
import { Pool } from 'undici';
import { BufferCollector } from './buffer-collector.ts';
import { UndiciCall } from './undici-call.ts';

/** Settings of {@link UndiciHttpClient}. */
export interface UndiciHttpClientOptions {
  /** Connections to one origin; one request at a time on each, so that fewer than there may be calls would let slow ones hold up the rest. Default 1,024. */
  readonly connectionsPerOrigin?: number;
  /** Default 10,000. */
  readonly connectTimeoutMs?: number;
}

interface Target {
  readonly pool: Pool;
  readonly origin: string;
  /** Path and query. */
  readonly path: string;
}

const MAX_ORIGINS = 256;
/** Upstreams are called at the same few addresses again and again; parsing one costs as much as sending. */
const MAX_TARGETS = 1_024;

/**
 * HTTP upstreams over undici's dispatcher: a pool of HTTP/1.1 connections for each origin, no timers of its own beyond
 * connecting, no redirects, no cookies.
 */
export class UndiciHttpClient implements HttpClient {
  readonly #options: Pool.Options;
  readonly #pools = new Map<string, Pool>();
  readonly #targets = new Map<string, Target>();
  readonly #collector = new BufferCollector();
  #isClosed = false;

  constructor(options: UndiciHttpClientOptions = {}) {
    this.#options = {
      connections: options.connectionsPerOrigin ?? 1_024,
      pipelining: 1,
      allowH2: false,
      connect: { timeout: options.connectTimeoutMs ?? 10_000 },
      // The core has the deadlines.
      headersTimeout: 0,
      bodyTimeout: 0,
    };
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
        // undici reads the list and never writes to it; its type only lacks `readonly`.
        headers: request.headers as string[],
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
    const target: Target = {
      pool: this.#pool(parsed.origin),
      origin: parsed.origin,
      path: parsed.pathname + parsed.search,
    };
    makeRoom(this.#targets, MAX_TARGETS);
    this.#targets.set(url, target);
    return target;
  }

  #pool(origin: string): Pool {
    const known = this.#pools.get(origin);
    if (known !== undefined) return known;
    const dropped = makeRoom(this.#pools, MAX_ORIGINS);
    if (dropped !== undefined) {
      for (const [url, target] of this.#targets) if (target.pool === dropped) this.#targets.delete(url);
      // Lets running calls end first.
      void dropped.close();
    }
    const pool = new Pool(origin, this.#options);
    this.#pools.set(origin, pool);
    return pool;
  }
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
