import type { RpcMessage } from '@omni/jsonrpc';
import { FairPlaces, GatewayError, type Share } from '@omni/ports';
import type { ConnectionContext, OpenConnection } from '../connection/open-connection.ts';
import { ResourceWatch, type Subscriber } from './resource-watch.ts';
import { SharedListen } from './shared-listen.ts';

/** Which resources of one upstream are watched, per connection and URI. */
export class ResourceSubscriptions {
  readonly #context: ConnectionContext;
  readonly #watches = new Map<OpenConnection, Map<string, ResourceWatch>>();
  readonly #listens = new WeakMap<OpenConnection, SharedListen>();
  readonly #places: FairPlaces;
  readonly #shares = new Map<ResourceWatch, Share>();

  constructor(upstream: string, context: ConnectionContext) {
    this.#context = context;
    this.#places = new FairPlaces({
      capacity: context.limits.maxSubscriptions,
      what: `resources of "${upstream}" watched`,
      clock: context.clock,
    });
  }

  get size(): number {
    return this.#places.taken;
  }

  subscribe(connection: OpenConnection, uri: string, subscriber: Subscriber): void {
    const known = this.#watches.get(connection)?.get(uri);
    if (known !== undefined) return known.add(subscriber);
    const share = this.#places.take(subscriber.principal);
    // guard: watch/count
    if (share instanceof GatewayError) return subscriber.done(share);
    const watch = new ResourceWatch({
      uri,
      connection,
      context: this.#context,
      listenOn: this.#listenOn,
      onUnused: (unused) => this.#forget(unused),
    });
    this.#put(connection, watch);
    this.#shares.set(watch, share);
    watch.add(subscriber);
    watch.open();
  }

  /** Whether anything is watched on this connection. */
  isWatched(connection: OpenConnection): boolean {
    return this.#watches.has(connection);
  }

  /** @returns Whether somebody watches the resource on this connection. */
  tell(connection: OpenConnection, uri: string, message: RpcMessage): boolean {
    const watch = this.#watches.get(connection)?.get(uri);
    watch?.tell(message);
    return watch !== undefined;
  }

  /** Opens again what was watched, on the connection that takes the place of another (or of itself). */
  move(from: OpenConnection, to: OpenConnection): void {
    const watches = this.#watches.get(from);
    if (watches === undefined) return;
    this.#watches.delete(from);
    for (const watch of watches.values()) this.#put(to, watch);
    for (const watch of watches.values()) watch.open(to);
  }

  /** Ends what was watched on a connection that nothing takes the place of. */
  drop(connection: OpenConnection, error: GatewayError): void {
    for (const watch of [...(this.#watches.get(connection)?.values() ?? [])]) watch.drop(error);
  }

  clear(error: GatewayError): void {
    for (const connection of [...this.#watches.keys()]) this.drop(connection, error);
  }

  readonly #listenOn = (connection: OpenConnection): SharedListen => {
    let listen = this.#listens.get(connection);
    if (listen === undefined)
      this.#listens.set(connection, (listen = new SharedListen(connection, this.#context.identity)));
    return listen;
  };

  #put(connection: OpenConnection, watch: ResourceWatch): void {
    let watches = this.#watches.get(connection);
    if (watches === undefined) this.#watches.set(connection, (watches = new Map()));
    watches.set(watch.uri, watch);
  }

  #forget(watch: ResourceWatch): void {
    const share = this.#shares.get(watch);
    if (share !== undefined) this.#places.leave(share);
    this.#shares.delete(watch);
    for (const [connection, watches] of this.#watches) {
      if (watches.get(watch.uri) !== watch) continue;
      watches.delete(watch.uri);
      if (watches.size === 0) this.#watches.delete(connection);
    }
  }
}
