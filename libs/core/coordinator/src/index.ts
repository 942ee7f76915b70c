export { coordinatorProgram, type CoordinatorOptions } from './coordinator.ts';
export type {
  CallMemory,
  ConfigurationMemory,
  CoordinatorRestart,
  SupervisionObserver,
  UpstreamNote,
} from './collaborators.ts';
export { InlineRoleHost } from './inline-role-host.ts';
export { Supervision, type SupervisionOptions } from './supervision.ts';
