import type { RpcMessage } from '@omni/jsonrpc';
import type { ClientContext } from '@omni/model';
import { GatewayError } from '@omni/ports';
import type { Catalogue, UpstreamAccess } from './collaborators.ts';

/** Sends subscriptions to the upstream that serves the resource. */
export class ResourceSubscriptions {
  readonly #catalogue: Catalogue;
  readonly #upstreams: UpstreamAccess;

  constructor({ catalogue, upstreams }: { readonly catalogue: Catalogue; readonly upstreams: UpstreamAccess }) {
    this.#catalogue = catalogue;
    this.#upstreams = upstreams;
  }

  /** Whether some server of the client's endpoint may serve the resource. */
  knows(uri: string, client: ClientContext): boolean {
    return !(this.#catalogue.resolveUri(uri, client) instanceof GatewayError);
  }

  /** @param done - Called once, with what ends the subscription or why there is none. */
  subscribe(
    client: ClientContext,
    uri: string,
    onUpdated: (message: RpcMessage) => void,
    done: (release: (() => void) | GatewayError) => void,
  ): void {
    const upstreams = this.#catalogue.resolveUri(uri, client);
    if (upstreams instanceof GatewayError) return done(upstreams);
    this.#upstreams.subscribe(upstreams[0] ?? '', client, uri, onUpdated, done);
  }
}
