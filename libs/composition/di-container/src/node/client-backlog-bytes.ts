import type { Configuration } from './node-configuration.ts';

/** So many of the longest answers may come at the same moment for one client. */
const ANSWERS = 4;
const MIN_BYTES = 16 * 1024 * 1024;

/** Bytes that may wait for one client on a persistent connection to read them. */
export function clientBacklogBytes({
  maxUpstreamMessageBytes,
}: Pick<Configuration['limits'], 'maxUpstreamMessageBytes'>): number {
  return Math.max(MIN_BYTES, ANSWERS * maxUpstreamMessageBytes);
}
