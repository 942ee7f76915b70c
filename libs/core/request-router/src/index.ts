export type { UpstreamAccess } from './call/upstream-access.ts';
export { RequestRouter, type RequestRouterOptions } from './request-router.ts';
export { ResourceSubscriptions } from './resource-subscriptions.ts';
export { StateSeal, type SealKey } from './seal/state-seal.ts';
