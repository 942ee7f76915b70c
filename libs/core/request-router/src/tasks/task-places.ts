import {
  applyEdits,
  type JsonMember,
  type JsonObject,
  memberOf,
  objectIn,
  parseMessage,
  type RpcMessage,
  stringAt,
  stringMember,
  type TextEdit,
  TRUSTED_LIMITS,
} from '@omni/jsonrpc';
import { GatewayError } from '@omni/ports';

const RELATED_TASK = 'io.modelcontextprotocol/related-task';

/** An id of a task, and where it stands in the text. */
export interface TaskPlace {
  readonly start: number;
  readonly end: number;
  readonly id: string;
}

/** The `taskId` of parameters, or of a result that is a task. */
export function taskIn(text: string, object: JsonObject | undefined): TaskPlace | undefined {
  return placeOf(text, object, 0);
}

/**
 * The task that a `tools/call` has become.
 *
 * @param result - Legacy servers put the task into a member of its own (MCP 2025-11-25,
 * basic/utilities/tasks), modern ones make it the
 *   result (io.modelcontextprotocol/tasks).
 */
export function startedTaskIn(
  text: string,
  result: JsonObject,
  era: 'legacy' | 'modern',
): TaskPlace | undefined {
  if (era === 'legacy') return placeInside(text, memberOf(result, 'task'));
  return stringMember(text, result, 'resultType') === 'task' ? taskIn(text, result) : undefined;
}

/**
 * The task that a message of the legacy era belongs to (MCP 2025-11-25, basic/utilities/tasks, "Associated
 * messages").
 */
export function relatedTaskIn(text: string, object: JsonObject | undefined): TaskPlace | undefined {
  return placeInside(text, memberOf(memberOf(object, '_meta')?.object, RELATED_TASK));
}

/** The edits that put another id wherever one stands. */
export function renamed(
  places: readonly (TaskPlace | undefined)[],
  id: string,
  other: string,
): readonly TextEdit[] {
  return places.flatMap((place) =>
    place?.id === id ? [{ start: place.start, end: place.end, text: JSON.stringify(other) }] : [],
  );
}

/** The message with edits that leave it a message. */
export function edited(message: RpcMessage, edits: readonly TextEdit[]): RpcMessage | GatewayError {
  if (edits.length === 0) return message;
  const parsed = parseMessage(applyEdits(message.text, edits), TRUSTED_LIMITS);
  if (parsed.kind === 'batch' || parsed.kind === 'rejected')
    return new GatewayError('OMNI_INTERNAL', 'A rewritten message cannot be read');
  return parsed;
}

function placeInside(text: string, member: JsonMember | undefined): TaskPlace | undefined {
  if (member === undefined) return undefined;
  const inner = text.slice(member.start, member.end);
  return placeOf(inner, objectIn(inner), member.start);
}

/** @param offset - Of `text` in the text that the place is wanted for. */
function placeOf(text: string, object: JsonObject | undefined, offset: number): TaskPlace | undefined {
  const member = memberOf(object, 'taskId');
  const id = member === undefined ? undefined : stringAt(text, member);
  return member === undefined || id === undefined
    ? undefined
    : { start: member.start + offset, end: member.end + offset, id };
}
