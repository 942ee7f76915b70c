/** Deepest nesting of maps and lists. */
export const MAX_DEPTH = 64;
/** Most values of one source, an aliased value counted each time it is used. */
export const MAX_VALUES = 50_000;
