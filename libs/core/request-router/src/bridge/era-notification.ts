/**
 * Notifications that only clients of one era know. Everything else, also what no revision knows, is carried
 * on.
 */
const LEGACY_ONLY: ReadonlySet<string> = new Set([
  'notifications/elicitation/complete',
  'notifications/tasks/status',
]);
const MODERN_ONLY = /^notifications\/(?:tasks$|subscriptions\/)/;

/**
 * Whether a notification means anything to clients of the other era.
 *
 * @param method - Sent by a server of `era`.
 */
export function crossesEras(method: string, era: 'legacy' | 'modern'): boolean {
  return era === 'legacy' ? !LEGACY_ONLY.has(method) : !MODERN_ONLY.test(method);
}
