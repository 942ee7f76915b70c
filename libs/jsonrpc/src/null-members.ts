import { type JsonObject, scanJson, TRUSTED_LIMITS } from './json-scan.ts';
import { memberDrops, type TextEdit } from './text-edit.ts';

/** Members that an object may lack, with those that their own objects, alone or in an array, may lack. */
export interface OptionalMembers {
  readonly [key: string]: OptionalMembers;
}

/**
 * The edits that take out members of which `null` says that they are not there; everything else stays byte
 * for byte.
 *
 * @param text - Holds the object at its offsets.
 */
export function nullDrops(text: string, object: JsonObject, optional: OptionalMembers): TextEdit[] {
  if (!text.includes('null')) return [];
  const isNull = ({ start, end }: { readonly start: number; readonly end: number }): boolean =>
    end - start === 4 && text.startsWith('null', start);
  const edits = memberDrops(text, object, (member) => Object.hasOwn(optional, member.key) && isNull(member));
  for (const { key, start, end } of object.members) {
    const inside = Object.hasOwn(optional, key) ? optional[key] : undefined;
    if (inside === undefined || Object.keys(inside).length === 0) continue;
    for (const edit of dropsInside(text.slice(start, end), inside))
      edits.push({ start: edit.start + start, end: edit.end + start, text: edit.text });
  }
  return edits;
}

function dropsInside(text: string, optional: OptionalMembers): TextEdit[] {
  const scan = scanJson(text, TRUSTED_LIMITS);
  if (scan.kind === 'object') return nullDrops(text, scan.object, optional);
  if (scan.kind !== 'array') return [];
  return scan.items.flatMap(({ start, end }) =>
    dropsInside(text.slice(start, end), optional).map((edit) => ({
      start: edit.start + start,
      end: edit.end + start,
      text: edit.text,
    })),
  );
}
