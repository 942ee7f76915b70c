/** The newest revision of the modern era. */
export const MODERN_VERSION = '2026-07-28';

/** The newest revision with sessions. */
export const LATEST_LEGACY_VERSION = '2025-11-25';

/** Revisions of the modern era that Omni speaks, newest first. */
export const MODERN_VERSIONS: readonly string[] = [MODERN_VERSION];

/**
 * Revisions with sessions that Omni speaks, newest first; 2024-10-07 is a pre-release that SDKs still offer.
 */
export const LEGACY_VERSIONS: readonly string[] = [
  LATEST_LEGACY_VERSION,
  '2025-06-18',
  '2025-03-26',
  '2024-11-05',
  '2024-10-07',
];

/** Everything that Omni speaks, newest first: what a client may fall back to. */
export const SUPPORTED_VERSIONS: readonly string[] = [...MODERN_VERSIONS, ...LEGACY_VERSIONS];

/** The only revision with JSON-RPC batches. */
export const BATCH_VERSION = '2025-03-26';

export function isModernVersion(version: string): boolean {
  return MODERN_VERSIONS.includes(version);
}

export function isLegacyVersion(version: string): boolean {
  return LEGACY_VERSIONS.includes(version);
}
