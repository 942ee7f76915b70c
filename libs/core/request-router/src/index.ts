export type { UpstreamAccess } from './call/upstream-access.ts';
export { RequestRouter, type RequestRouterOptions, type TasksToWatch } from './request-router.ts';
export { ResourceSubscriptions } from './resource-subscriptions.ts';
export { StateSeal, type SealKey } from './seal/state-seal.ts';
export type { TaskWatchOptions } from './tasks/task-watch.ts';
export type { TaskIds, UpstreamTask, TaskClient } from './tasks/task-ids.ts';
export type { ElicitationLabels } from './call/elicitation-labels.ts';
