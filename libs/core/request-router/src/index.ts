export { StateSeal, type SealKey } from './bridge/state-seal.ts';
export type { UpstreamAccess } from './collaborators.ts';
export { RequestRouter, type RequestRouterOptions } from './request-router.ts';
export { ResourceSubscriptions } from './resource-subscriptions.ts';
