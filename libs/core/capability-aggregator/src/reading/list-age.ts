import { LIST_KINDS } from '@omni/model';
import type { UpstreamCatalogue } from './upstream-catalogue.ts';

/**
 * How old a list may become whose server does not say it: as long as clients are told that they may keep it.
 */
const LIST_AGE_MS = 60_000;
/** A list is not read again sooner, whatever its server says. */
export const MIN_AGE_MS = 5_000;
/** How long somebody who asks waits for lists that are too old; a slow server's are shown as they were. */
export const FRESH_WAIT_MS = 1_000;

/**
 * For how long lists are good, in milliseconds: by their `ttlMs`, the shortest of all (MCP 2026-07-28,
 * server/utilities/caching), or else as configured.
 */
export function ageOf(catalogue: UpstreamCatalogue, configuredMs = LIST_AGE_MS): number {
  const own = LIST_KINDS.flatMap((kind) => catalogue[kind].ttlMs ?? []);
  return /* guard: change/age */ Math.max(own.length > 0 ? Math.min(...own) : configuredMs, MIN_AGE_MS);
}
