export { fetchHandler, type FetchMountOptions } from './fetch-handler.ts';
export type { FetchPeer } from './fetch-request-facts.ts';
