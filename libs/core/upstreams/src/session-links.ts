import { GatewayError } from '@omni/ports';
import { rawOf, type SessionOwner } from '@omni/wire';
import { LazyLink, type OnLink } from './lazy-link.ts';
import type { OpenLink } from './open-link.ts';

export interface SessionLinksOptions {
  readonly upstream: string;
  readonly maxInstances: number;
  /** Opens a link of the session's own; returns what gives the attempt up. */
  readonly open: (owner: SessionOwner, done: OnLink) => () => void;
}

/** The links of one upstream that belong to one session each, or to equal clients of one principal. */
export class SessionLinks {
  readonly #options: SessionLinksOptions;
  readonly #links = new Map<string, LazyLink>();
  /** Sessions whose end is listened to; a session may open its link more than once. */
  readonly #watched = new WeakSet<SessionOwner>();
  /** What is opened for a session that has ended would never be closed. */
  readonly #ended = new WeakSet<SessionOwner>();

  constructor(options: SessionLinksOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#links.size;
  }

  /** Whether there is room for no further session. */
  get isFull(): boolean {
    return this.#links.size >= this.#options.maxInstances;
  }

  /** @param done - Called before this returns when the session's link is open. */
  linkFor(owner: SessionOwner, done: OnLink): void {
    let lazy = this.#links.get(owner.key);
    if (lazy === undefined) {
      if (this.#ended.has(owner)) return done(new GatewayError('OMNI_CANCELLED', 'The session has ended'));
      const { upstream, open } = this.#options;
      if (this.isFull) {
        return done(
          new GatewayError(
            'OMNI_OVERLOADED',
            `"${upstream}" serves ${this.#links.size} clients already, each with an instance of its own (limits.maxInstances)`,
          ),
        );
      }
      lazy = new LazyLink((opened) => open(owner, opened));
      this.#links.set(owner.key, lazy);
      this.#watch(owner);
    }
    lazy.get((result) => {
      if (result instanceof GatewayError) this.#forget(owner.key);
      done(result);
    });
  }

  /** The session's link, when it is open. */
  linkOf(owner: SessionOwner): OpenLink | undefined {
    return this.#links.get(owner.key)?.link;
  }

  /** Whether the session has a link, or will have one soon. */
  has(owner: SessionOwner): boolean {
    return this.#links.has(owner.key);
  }

  isOpening(owner: SessionOwner): boolean {
    const lazy = this.#links.get(owner.key);
    return lazy !== undefined && lazy.link === undefined;
  }

  /** Closes the session's link; the next use opens another. */
  drop(owner: SessionOwner): void {
    const lazy = this.#links.get(owner.key);
    this.#links.delete(owner.key);
    void lazy?.close(new GatewayError('OMNI_CANCELLED', 'The instance was not used'));
  }

  /** A link broke by itself. */
  onClosed(link: OpenLink): void {
    if (link.owner === undefined) return;
    const lazy = this.#links.get(link.owner.key);
    if (lazy?.link !== link) return;
    lazy.forget();
    this.#links.delete(link.owner.key);
  }

  async close(error: GatewayError): Promise<void> {
    const links = [...this.#links.values()];
    this.#links.clear();
    await Promise.all(links.map((lazy) => lazy.close(error)));
  }

  #watch(owner: SessionOwner): void {
    if (this.#watched.has(owner)) return;
    this.#watched.add(owner);
    owner.onClientNotice((notice) => {
      this.#links.get(owner.key)?.link?.notify(notice.method, rawOf(notice, notice.params) ?? '');
    });
    owner.onEnd(() => {
      this.#ended.add(owner);
      const lazy = this.#links.get(owner.key);
      this.#links.delete(owner.key);
      void lazy?.close(new GatewayError('OMNI_CANCELLED', 'The session has ended'));
    });
  }

  /** An instance that did not come up does not count. */
  #forget(key: string): void {
    const lazy = this.#links.get(key);
    if (lazy !== undefined && lazy.link === undefined) this.#links.delete(key);
  }
}
