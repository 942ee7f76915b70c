/** Methods of all revisions that clients may send; others may be any text. */
const KNOWN = new Set([
  'initialize',
  'ping',
  'server/discover',
  'subscriptions/listen',
  'tools/list',
  'tools/call',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'resources/subscribe',
  'resources/unsubscribe',
  'prompts/list',
  'prompts/get',
  'completion/complete',
  'logging/setLevel',
  'tasks/get',
  'tasks/list',
  'tasks/result',
  'tasks/cancel',
  'tasks/update',
]);

/** The method as a name: what nobody knows is `other`. */
export function knownMethod(method: string): string {
  return /* guard: metrics/method */ KNOWN.has(method) ? method : 'other';
}
