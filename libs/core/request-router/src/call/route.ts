import type { TextEdit } from '@omni/jsonrpc';
import type { CatalogueView, ToolHints } from '@omni/model';
import type { HeaderList } from '@omni/ports';

/** Where a request goes and what changes on the way. */
export interface Route {
  /** Candidates, in order: the next one is asked when one does not have the resource. */
  readonly upstreams: readonly string[];
  readonly edits: readonly TextEdit[];
  /** Value of `Mcp-Name` for the upstream. */
  readonly name: string | undefined;
  /** Of completions: what their server calls the prompt; it stands in no header. */
  readonly completes?: string;
  /** `Mcp-Param-*` headers for an HTTP upstream of the modern era. */
  readonly paramHeaders: HeaderList;
  readonly wrapsOutput: boolean;
  /** What its server says of the tool; absent for other methods. */
  readonly hints?: ToolHints | undefined;
  /** What it has to do with tasks; `undefined` for most. */
  readonly task: TaskRole | undefined;
  /**
   * The view that learns which resources the result points at; `undefined` where there is nothing to learn.
   */
  readonly learner: Pick<CatalogueView, 'rememberUri'> | undefined;
}

/** What a request has to do with tasks. */
export type TaskRole =
  /** It may become one. */
  | { readonly kind: 'starting' }
  /** It is about one: `id` is the upstream's, `sealed` what the client knows. */
  | { readonly kind: 'about'; readonly id: string; readonly sealed: string; readonly method: string }
  /** It lists them. */
  | { readonly kind: 'list' };

/** In place of a route that is not known yet. */
export const NOWHERE: Route = {
  upstreams: [],
  edits: [],
  name: undefined,
  paramHeaders: [],
  wrapsOutput: false,
  task: undefined,
  learner: undefined,
};
