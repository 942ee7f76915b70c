import type { TextEdit } from '@omni/jsonrpc';
import type { HeaderList } from '@omni/ports';
import type { TaskRole } from '../tasks/task-relay.ts';

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
  /** What it has to do with tasks; `undefined` for most. */
  readonly task: TaskRole | undefined;
  /** Told the resources that a result points at. */
  readonly onResourceLinks: ((upstream: string, uris: readonly string[]) => void) | undefined;
}
