import type { HeaderList } from '@omni/ports';
import type { TextEdit } from '@omni/wire';

/** Where a request goes and what changes on the way. */
export interface RoutePlan {
  /** Upstreams to ask; the next one is asked when one does not know the resource. */
  readonly upstreams: readonly string[];
  readonly edits: readonly TextEdit[];
  /** Value of `Mcp-Name` for the upstream. */
  readonly name: string | undefined;
  /** `Mcp-Param-*` headers for an HTTP upstream of the modern era. */
  readonly paramHeaders: HeaderList;
  readonly wrapsOutput: boolean;
  /** Told the text of each result, to learn which resources it mentions. */
  readonly onResult: ((upstream: string, result: string) => void) | undefined;
}
