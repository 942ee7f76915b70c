import { type JsonMember, memberOf, metaOf, rawOf, type RpcMessage } from '@omni/jsonrpc';
import { META_SUBSCRIPTION } from '@omni/model';
import type { ListKind } from './open-connection.ts';

const OWN_ID = /^[1-9][0-9]{0,15}$/;
/** Languages with one kind of number write `1.0` or `1e+05`, and some servers keep every id as text. */
const LOOSE_ID = /^("?)((?:0|[1-9][0-9]{0,15})(?:\.[0-9]{1,16})?(?:[eE]\+?[0-9]{1,2})?)\1$/;

/** Which list a notification declares changed; `undefined` when it is about something else. */
export function changedList(method: string): ListKind | undefined {
  switch (method) {
    case 'notifications/tools/list_changed':
      return 'tools';
    case 'notifications/prompts/list_changed':
      return 'prompts';
    case 'notifications/resources/list_changed':
      return 'resources';
    default:
      return undefined;
  }
}

/** Whether a notification is about a task, of either era. */
export function isAboutTask(method: string): boolean {
  return method === 'notifications/tasks' || method.startsWith('notifications/tasks/');
}

/** Where the id of the listen request stands in a notification of a subscription. */
export function subscriptionIdOf(message: RpcMessage): JsonMember | undefined {
  return memberOf(metaOf(message), META_SUBSCRIPTION);
}

/**
 * One of the ids that Omni gives out on shared connections; `undefined` for all else, strings and fractions
 * included.
 */
export function ownIdAt(message: RpcMessage, span: JsonMember | undefined): number | undefined {
  const raw = rawOf(message, span) ?? '';
  return OWN_ID.test(raw) ? Number(raw) : undefined;
}

/** The id of an answer, whether it comes back as a whole number, `1.0`, `1e0` or `"1"`. */
export function ownId(raw: string): number | undefined {
  if (OWN_ID.test(raw)) return Number(raw);
  const loose = Number(LOOSE_ID.exec(raw)?.[2]);
  return Number.isSafeInteger(loose) && loose > 0 ? loose : undefined;
}

/**
 * Whether two ids of one exchange, as JSON, are the same id: escapes in strings may differ, and so may the
 * type of a number.
 */
export function isSameId(left: string, right: string): boolean {
  if (left === right) return true;
  return String(JSON.parse(left)) === String(JSON.parse(right));
}
