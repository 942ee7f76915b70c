import { ProcessRoleHost, ThreadRoleHost } from '@omni/node';
import type { RoleHost } from '@omni/ports';

/** Where the coordinator runs: in the loop of the gateway, in a thread, in a process. */
export type SupervisionKind = 'inline' | 'thread' | 'process';

/** Lies beside this file as a source, when built, and in the bundle; only the ending differs. */
export const COORDINATOR_ENTRY: URL = new URL(
  `coordinator-entry${/\.\w+$/.exec(import.meta.url)?.[0] ?? '.js'}`,
  import.meta.url,
);

/** @returns `undefined` for the loop of the gateway, which needs nothing of Node. */
export function coordinatorHost(kind: SupervisionKind): RoleHost | undefined {
  switch (kind) {
    case 'inline':
      return undefined;
    case 'thread':
      return new ThreadRoleHost({ entry: COORDINATOR_ENTRY });
    case 'process':
      return new ProcessRoleHost({ entry: COORDINATOR_ENTRY });
  }
}
