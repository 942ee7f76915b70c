import { MODERN_VERSION } from '@omni/model';

/** Revisions of the modern era that are served, newest first. */
export const MODERN_VERSIONS: readonly string[] = [MODERN_VERSION];

/** Revisions with sessions that are served, newest first; 2024-10-07 is a pre-release that SDKs still offer. */
export const LEGACY_VERSIONS: readonly string[] = [
  '2025-11-25',
  '2025-06-18',
  '2025-03-26',
  '2024-11-05',
  '2024-10-07',
];

/** Everything that is served, newest first: what a client may fall back to. */
export const SUPPORTED_VERSIONS: readonly string[] = [...MODERN_VERSIONS, ...LEGACY_VERSIONS];

/** The only revision with JSON-RPC batches. */
export const BATCH_VERSION = '2025-03-26';

/** Whether clients of a legacy version know events without data, which give a stream an id before its first message. */
export function isPrimingVersion(version: string): boolean {
  return version >= '2025-11-25';
}

export function isModernVersion(version: string): boolean {
  return MODERN_VERSIONS.includes(version);
}

/** The version that `initialize` answers: the asked one when it is served, else the newest legacy one. */
export function negotiateLegacyVersion(asked: string): string {
  return LEGACY_VERSIONS.includes(asked) ? asked : '2025-11-25';
}
