import { GatewayError } from '@omni/ports';
import type { RpcMessage } from '@omni/wire';
import type { LinkContext, OpenLink } from './open-link.ts';
import { ResourceWatch, type Subscriber } from './resource-watch.ts';
import { SharedListen } from './shared-listen.ts';

/** Which resources of one upstream are watched, per link and URI. */
export class ResourceSubscriptions {
  readonly #upstream: string;
  readonly #context: LinkContext;
  readonly #watches = new Map<OpenLink, Map<string, ResourceWatch>>();
  readonly #listens = new WeakMap<OpenLink, SharedListen>();
  #count = 0;

  constructor(upstream: string, context: LinkContext) {
    this.#upstream = upstream;
    this.#context = context;
  }

  get size(): number {
    return this.#count;
  }

  subscribe(link: OpenLink, uri: string, subscriber: Subscriber): void {
    const { maxSubscriptions } = this.#context.limits;
    const known = this.#watches.get(link)?.get(uri);
    if (known !== undefined) return known.add(subscriber);
    if (this.#count >= maxSubscriptions) {
      return subscriber.done(
        new GatewayError(
          'OMNI_OVERLOADED',
          `${this.#count} resources of "${this.#upstream}" are watched already (limits.maxSubscriptions)`,
        ),
      );
    }
    const watch = new ResourceWatch({
      uri,
      link,
      context: this.#context,
      listenOn: this.#listenOn,
      onUnused: (unused) => this.#forget(unused),
    });
    this.#put(link, watch);
    this.#count++;
    watch.add(subscriber);
    watch.open();
  }

  /** Whether anything is watched on this link. */
  isWatched(link: OpenLink): boolean {
    return this.#watches.has(link);
  }

  /** @returns Whether somebody watches the resource on this link. */
  tell(link: OpenLink, uri: string, message: RpcMessage): boolean {
    const watch = this.#watches.get(link)?.get(uri);
    watch?.tell(message);
    return watch !== undefined;
  }

  /** Opens again what was watched, on the link that takes the place of another (or of itself). */
  move(from: OpenLink, to: OpenLink): void {
    const watches = this.#watches.get(from);
    if (watches === undefined) return;
    this.#watches.delete(from);
    for (const watch of watches.values()) this.#put(to, watch);
    for (const watch of watches.values()) watch.open(to);
  }

  /** Ends what was watched on a link that nothing takes the place of. */
  drop(link: OpenLink, error: GatewayError): void {
    for (const watch of [...(this.#watches.get(link)?.values() ?? [])]) watch.drop(error);
  }

  clear(error: GatewayError): void {
    for (const link of [...this.#watches.keys()]) this.drop(link, error);
  }

  readonly #listenOn = (link: OpenLink): SharedListen => {
    let listen = this.#listens.get(link);
    if (listen === undefined) this.#listens.set(link, (listen = new SharedListen(link, this.#context.identity)));
    return listen;
  };

  #put(link: OpenLink, watch: ResourceWatch): void {
    let watches = this.#watches.get(link);
    if (watches === undefined) this.#watches.set(link, (watches = new Map()));
    watches.set(watch.uri, watch);
  }

  #forget(watch: ResourceWatch): void {
    this.#count--;
    for (const [link, watches] of this.#watches) {
      if (watches.get(watch.uri) !== watch) continue;
      watches.delete(watch.uri);
      if (watches.size === 0) this.#watches.delete(link);
    }
  }
}
