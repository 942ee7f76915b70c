import type { Bridge } from '../bridge/bridge.ts';
import type { ElicitationLabels } from '../call/elicitation-labels.ts';
import type { LogLabels } from '../call/log-labels.ts';
import type { UpstreamAccess } from '../call/upstream-access.ts';
import type { ConnectionLogLevels } from '../log-levels/connection-log-levels.ts';
import type { TaskRelay } from '../tasks/task-relay.ts';

/** What the executions of a router share. */
export interface ExecutionDependencies {
  readonly upstreams: UpstreamAccess;
  readonly bridge: Bridge;
  readonly levels: ConnectionLogLevels;
  readonly tasks: TaskRelay;
  readonly labels: ElicitationLabels;
  readonly logLabels: LogLabels;
  /** A server says that it does not have what it lists. */
  readonly onContradicted: (upstream: string) => void;
  /** Nobody was there, or left in between: who comes next may list something else. */
  readonly onUnreachable: (upstream: string) => void;
  /** Headers of the client that an upstream is told, see `RequestRouterOptions`. */
  readonly forwards: (upstream: string) => readonly string[] | undefined;
}
