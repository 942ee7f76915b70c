import type { RpcMessage } from '@omni/jsonrpc';
import type { ClientContext, UpstreamConnection } from '@omni/model';
import type { GatewayError, HeaderList } from '@omni/ports';

/** Where a name leads. */
export interface Target {
  readonly upstream: string;
  /** The upstream's own name for it. */
  readonly name: string;
  /** Whether its structured results reach legacy clients wrapped as `{"result": …}` (its output schema is). */
  readonly wrapsOutput: boolean;
  /** Compares `Mcp-Param-*` headers with the arguments; `argumentsText` is JSON or absent. */
  checkHeaders(argumentsText: string | undefined, headers: HeaderList): GatewayError | undefined;
  /** The `Mcp-Param-*` headers that the arguments ask for. */
  headersFor(argumentsText: string | undefined): HeaderList;
}

/** What exists on a client's endpoint, and is offered to clients like it: the part of the catalogue that routing needs. */
export interface Catalogue {
  resolve(kind: 'tool' | 'prompt', name: string, client: ClientContext): Target | GatewayError;
  /** Upstreams that may serve the resource, best first. */
  resolveUri(uri: string, client: ClientContext): readonly string[] | GatewayError;
  /** Remembers who mentioned a resource that no list and no template has. */
  rememberUri(uri: string, upstream: string): void;
}

/** The upstreams and their open connections. */
export interface UpstreamAccess {
  readonly names: readonly string[];
  /** Finds or opens the connection for this client; `done` may be called at once. */
  connectionFor(upstream: string, client: ClientContext, done: (result: UpstreamConnection | GatewayError) => void): void;
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
