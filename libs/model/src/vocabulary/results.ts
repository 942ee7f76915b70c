/**
 * A result as clients of the modern era take it. Those of the legacy era know none of these members, and some
 * of their clients refuse them.
 *
 * @see MCP 2026-07-28, basic, "ResultType".
 */
export interface ModernResult {
  /** `task` is of the extension io.modelcontextprotocol/tasks. */
  readonly resultType: 'complete' | 'input_required' | 'task';
  readonly [member: string]: unknown;
}

/**
 * The result of a list, of `resources/read` or of `server/discover` in the modern era.
 *
 * @see MCP 2026-07-28, schema, "CacheableResult"; PROTO-R05.
 */
export interface ModernListResult extends ModernResult {
  readonly resultType: 'complete';
  /** How long it may be kept, milliseconds; 0: not at all. */
  readonly ttlMs: number;
  /** `private`: by the user who asked. */
  readonly cacheScope: 'public' | 'private';
}
