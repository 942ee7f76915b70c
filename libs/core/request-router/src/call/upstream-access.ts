import type { RpcMessage } from '@omni/jsonrpc';
import type { ClientContext, UpstreamConnection } from '@omni/model';
import type { GatewayError } from '@omni/ports';

/** The upstreams and their open connections. */
export interface UpstreamAccess {
  /** Of all that clients know; asked at use, as they may change. */
  readonly names: readonly string[];
  /**
   * Which server the name stands for at present: never the same for a namesake. `undefined` for an unknown
   * name.
   */
  definitionOf(upstream: string): string | undefined;
  /** The server that clients know it as: of a replica the one that it is a replica of. */
  groupOf(upstream: string): string;
  /** It and its replicas, or what clients know by this name. */
  membersOf(group: string): readonly string[];
  /** Why the server takes no calls; `undefined` while it does or soon will, and by default. */
  refusalOf?(upstream: string): GatewayError | undefined;
  /**
   * Finds or opens the connection for this client; `done` may be called at once.
   *
   * @returns Says that nobody waits any more; `done` may be called nevertheless.
   */
  connectionFor(
    upstream: string,
    client: ClientContext,
    done: (result: UpstreamConnection | GatewayError) => void,
  ): () => void;
  /** The connection that is open already, if any. */
  openConnection(upstream: string, client: ClientContext): UpstreamConnection | undefined;
  subscribe(
    upstream: string,
    client: ClientContext,
    uri: string,
    onUpdated: (message: RpcMessage) => void,
    done: (release: (() => void) | GatewayError) => void,
  ): void;
}
