import { InlineRoleHost } from '@omni/coordinator';
import { ProcessRoleHost, ThreadRoleHost } from '@omni/node';
import type { RoleHost } from '@omni/ports';
import { coordinatorOfNode } from './coordinator-of-node.ts';

/** Where the coordinator runs: in the loop of the gateway, in a thread, in a process. */
export type SupervisionKind = 'inline' | 'thread' | 'process';

/** Lies beside this file as a source, when built, and in the bundle; only the ending differs. */
export const COORDINATOR_ENTRY: URL = new URL(
  `coordinator-entry${/\.\w+$/.exec(import.meta.url)?.[0] ?? '.js'}`,
  import.meta.url,
);

export function coordinatorHost(kind: SupervisionKind): RoleHost {
  switch (kind) {
    case 'inline':
      return new InlineRoleHost(coordinatorOfNode());
    case 'thread':
      return new ThreadRoleHost({ entry: COORDINATOR_ENTRY });
    case 'process':
      return new ProcessRoleHost({ entry: COORDINATOR_ENTRY });
  }
}
