import type { RpcMessage } from '@omni/jsonrpc';
import type { CatalogueViews, ClientContext } from '@omni/model';
import { GatewayError } from '@omni/ports';
import type { UpstreamAccess } from './call/upstream-access.ts';

/** Sends subscriptions to the upstream that serves the resource. */
export class ResourceSubscriptions {
  readonly #views: CatalogueViews;
  readonly #upstreams: UpstreamAccess;

  constructor({ views, upstreams }: { readonly views: CatalogueViews; readonly upstreams: UpstreamAccess }) {
    this.#views = views;
    this.#upstreams = upstreams;
  }

  /** @param done - Called once, with what ends the subscription or why there is none. */
  subscribe(
    client: ClientContext,
    uri: string,
    onUpdated: (message: RpcMessage) => void,
    done: (release: (() => void) | GatewayError) => void,
  ): void {
    const upstreams = this.#views.of(client).routeUri(uri);
    if (upstreams instanceof GatewayError) return done(upstreams);
    this.#upstreams.subscribe(upstreams[0] ?? '', client, uri, onUpdated, done);
  }
}
