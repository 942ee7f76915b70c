/**
 * Who produced a URI that no list shows, e.g. a connection in the result of a tool. The oldest are forgotten
 * first.
 */
export class RecentUris {
  readonly #capacity: number;
  readonly #upstreams = new Map<string, string>();

  /** @param capacity - How many URIs are remembered. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  remember(uri: string, upstream: string): void {
    this.#upstreams.delete(uri);
    this.#upstreams.set(uri, upstream);
    if (/* guard: uri/remembered */ this.#upstreams.size <= this.#capacity) return;
    const [oldest] = this.#upstreams.keys();
    if (oldest !== undefined) this.#upstreams.delete(oldest);
  }

  /** Forgets what an upstream mentioned. */
  forget(upstream: string): void {
    for (const [uri, mentioner] of this.#upstreams) if (mentioner === upstream) this.#upstreams.delete(uri);
  }

  /** The upstream; asking makes the URI young again. */
  find(uri: string): string | undefined {
    const upstream = this.#upstreams.get(uri);
    if (upstream !== undefined) this.remember(uri, upstream);
    return upstream;
  }
}
