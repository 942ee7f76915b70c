/** The modern revision that Omni speaks. */
export const MODERN_VERSION = '2026-07-28';
