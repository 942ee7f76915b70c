/** Fewer servers may be removed at once without a question. */
const MANY = 5;

/**
 * Whether a configuration looks like a mistake, such as a file that was cut: it has no server any more, or
 * fewer than half of five or more.
 *
 * @param before - Names of the servers in force.
 * @returns Why, for people; `undefined` where it does not.
 */
export function suspiciousLoss(before: readonly string[], after: readonly string[]): string | undefined {
  const names = new Set(after);
  const lost = before.filter((name) => !names.has(name)).length;
  // guard: reload/emptied
  if (before.length > 0 && after.length === 0) return `it removes all servers (${before.length})`;
  // guard: reload/most-removed
  if (before.length >= MANY && lost > before.length / 2)
    return `it removes ${lost} of ${before.length} servers`;
  return undefined;
}
