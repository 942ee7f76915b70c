import type { ClientContext } from '@omni/model';
import type { UpstreamSpec } from '@omni/ports';

/** Whether a server takes calls: at once, when it has started or is awake, or not for now. */
export type Readiness = 'ready' | 'soon' | 'away';

/** A server and its replicas. */
export interface ReplicaGroup {
  /** That clients know. */
  readonly server: UpstreamSpec;
  /** Those that are switched on. */
  readonly members: readonly UpstreamSpec[];
}

/** The part of the upstreams that the choice among them needs. */
export interface ReplicaAccess {
  /** @returns `undefined` for what is no server. */
  group(server: string): ReplicaGroup | undefined;
  readinessOf(member: string): Readiness;
  /** Whether the client has an instance of its own there, which may remember what it did. */
  isHome(member: string, client: ClientContext): boolean;
}
