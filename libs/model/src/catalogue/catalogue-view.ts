import type { GatewayError, HeaderList } from '@omni/ports';
import type { ToolHints } from '../call/request-stage.ts';
import type { ClientContext } from '../client/client-context.ts';
import type { Endpoint } from '../client/endpoint.ts';
import type { ChangeKind, ListKind } from './list-kind.ts';

/** Where a name leads. */
export interface Target {
  readonly upstream: string;
  /** The upstream's own name for it. */
  readonly name: string;
  /**
   * Whether its structured results reach legacy clients wrapped as `{"result": …}` (its output schema is).
   */
  readonly wrapsOutput: boolean;
  /** What its server says of the tool; absent where nothing is known. */
  readonly hints?: ToolHints | undefined;
  /** Compares `Mcp-Param-*` headers with the arguments; `argumentsText` is JSON or absent. */
  checkHeaders(argumentsText: string | undefined, headers: HeaderList): GatewayError | undefined;
  /** The `Mcp-Param-*` headers that the arguments ask for. */
  headersFor(argumentsText: string | undefined): HeaderList;
}

/** What the clients of one endpoint, era and variant are shown, and where it leads. */
export interface CatalogueView {
  /** Capabilities for `initialize` or `server/discover`, as JSON. */
  readonly capabilities: string;
  readonly instructions: string | undefined;
  /**
   * A whole list result as JSON, in the shape of the era of the view: a {@link ModernListResult} for modern
   * clients, the list alone for legacy ones.
   */
  list(kind: ListKind): string;
  /** Finds the upstream of a tool or prompt. */
  route(kind: 'tool' | 'prompt', name: string): Target | GatewayError;
  /**
   * Where {@link route} finds nothing: the upstreams to which the beginning of the name or the endpoint
   * leads, and of which nothing is known that they offer; the most likely one first. None that the view
   * hides. Default: none.
   */
  unreadOwners?(kind: 'tool' | 'prompt', name: string): readonly string[];
  /** Upstreams that may serve the resource, best first. */
  routeUri(uri: string): readonly string[] | GatewayError;
  /**
   * Whether a list, or a template, of the upstreams that {@link routeUri} finds leads to the resource.
   * Default: they do.
   */
  offersUri?(uri: string): boolean;
  /**
   * The one upstream that a method unknown to Omni goes to; none on the endpoint of all servers, except for
   * `tasks/list`: there it is each that has such a list.
   */
  routeMethod(method: string): readonly string[] | GatewayError;
  /** Whether clients may subscribe to changes of the resource. */
  allowsWatch(uri: string): boolean;
  /** Remembers who mentioned a resource that no list and no template has. */
  rememberUri(uri: string, upstream: string): void;
}

/** What a view depends on. */
export type ViewKey = Pick<ClientContext, 'endpoint' | 'era' | 'capabilities'>;

/** Lists of an endpoint that are not what they were. */
export interface ViewChange {
  readonly endpoint: Endpoint;
  readonly kinds: ReadonlySet<ChangeKind>;
  /** Clients may be shown different things, so that not all need to be told. */
  isFor(client: ViewKey): boolean;
}

/** The views of all clients. */
export interface CatalogueViews {
  /** Whether there is such an endpoint. */
  serves(endpoint: Endpoint): boolean;
  /** Whether the one server of the endpoint is switched off. Default: none is. */
  isOff?(endpoint: Endpoint): boolean;
  of(client: ViewKey): CatalogueView;
  onChange(listener: (change: ViewChange) => void): () => void;
  /**
   * Calls back when the upstreams of a just started Omni have settled, and have told what they offer to
   * clients like this one, or their grace is over; at once later on. A call waits longer than a list: it
   * would fail if it did not wait long enough.
   *
   * @returns Ends the wait: the listener is not called then.
   */
  whenKnown(client: ClientContext, purpose: 'list' | 'call', listener: () => void): () => void;
}
