import type { JsonLimits } from '@omni/jsonrpc';

/**
 * How complex one item may be: 64 levels inside it, and as many values as fit an honest schema many times
 * over.
 */
export const ITEM_LIMITS: JsonLimits = { maxDepth: /* guard: item/depth */ 65, maxElements: 100_000 };

/** Longest item, in characters. */
export const MAX_ITEM_LENGTH = 1_048_576;

/** Most schemas within one schema. */
export const MAX_SUBSCHEMAS = 5_000;

/** Longest name of a tool or prompt, in characters. */
export const MAX_NAME_LENGTH = 256;

/** Longest URI and URI template, in characters. */
export const MAX_URI_LENGTH = 8_192;
