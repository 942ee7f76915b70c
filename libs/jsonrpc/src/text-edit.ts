import { memberOf, type JsonMember, type JsonObject } from './json-scan.ts';

/** Replaces `text.slice(start, end)` by `text`. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Copies `text.slice(from, to)` with the edits applied; everything else stays byte for byte.
 *
 * @param edits - Not overlapping, within `from…to`, in any order.
 */
export function applyEdits(text: string, edits: readonly TextEdit[], from = 0, to = text.length): string {
  if (edits.length === 0) return from === 0 && to === text.length ? text : text.slice(from, to);
  const sorted = edits.length === 1 ? edits : edits.toSorted((a, b) => a.start - b.start || a.end - b.end);
  let out = '';
  let at = from;
  for (const edit of sorted) {
    out += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return out + text.slice(at, to);
}

/**
 * The edit that gives a member a value: replaces the value where the member stands, adds it first otherwise.
 *
 * For more than one member of the same object use {@link setMembers}: two additions to an empty object lack
 * the comma between them.
 */
export function setMember(object: JsonObject, key: string, json: string): TextEdit {
  const member = memberOf(object, key);
  return member === undefined
    ? addition(object, [[key, json]])
    : { start: member.start, end: member.end, text: json };
}

/** The edits that give several members their values; `values` holds no key twice. */
export function setMembers(
  object: JsonObject,
  values: readonly (readonly [key: string, json: string])[],
): TextEdit[] {
  const isPresent = ([key]: readonly [string, string]): boolean => memberOf(object, key) !== undefined;
  const replaced = values.filter(isPresent).map(([key, json]) => setMember(object, key, json));
  const added = values.filter((value) => !isPresent(value));
  return added.length === 0 ? replaced : [addition(object, added), ...replaced];
}

function addition(object: JsonObject, values: readonly (readonly [key: string, json: string])[]): TextEdit {
  const text = values.map(([key, json]) => `${JSON.stringify(key)}:${json}`).join(',');
  const at = object.start + 1;
  return { start: at, end: at, text: object.members.length === 0 ? text : `${text},` };
}

/**
 * Copies an object without the members that `isDropped` names; the values of the others stay byte for byte.
 * Keys are written anew when one is dropped.
 */
export function withoutMembers(
  text: string,
  object: JsonObject,
  isDropped: (key: string) => boolean,
): string {
  const kept = object.members.filter((member) => !isDropped(member.key));
  if (kept.length === object.members.length) return text.slice(object.start, object.end);
  return `{${kept.map((member) => `${JSON.stringify(member.key)}:${text.slice(member.start, member.end)}`).join(',')}}`;
}

/**
 * The edits that take members out of an object with their commas; everything else stays byte for byte.
 *
 * @param text - Holds the object at its offsets.
 */
export function memberDrops(
  text: string,
  object: JsonObject,
  isDropped: (member: JsonMember) => boolean,
): TextEdit[] {
  const edits: TextEdit[] = [];
  let at = object.start + 1;
  let hasKept = false;
  for (const [index, member] of object.members.entries()) {
    if (!isDropped(member)) {
      hasKept = true;
      at = member.end;
      continue;
    }
    // Its comma stands before it, or behind it while nothing before it stays.
    const isBehind = !hasKept && index + 1 < object.members.length;
    const end = isBehind ? text.indexOf(',', member.end) + 1 : member.end;
    edits.push({ start: at, end, text: '' });
    at = end;
  }
  return edits;
}
