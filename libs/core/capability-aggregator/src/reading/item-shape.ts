import type { JsonObject } from '@omni/jsonrpc';
import type { ListKind } from '@omni/model';
import { isJsonObject, ownValue } from './schema-walk.ts';

type Check = (value: unknown) => boolean;

const ROLES: readonly unknown[] = ['user', 'assistant'];
const THEMES: readonly unknown[] = ['light', 'dark'];
/** ISO 8601 with seconds and an offset, as the schemas of the official clients demand. */
const DATE_TIME =
  /^(\d{4}-\d{2}-\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

const isString: Check = (value) => typeof value === 'string';
const isBoolean: Check = (value) => typeof value === 'boolean';
const isNumber: Check = (value) => typeof value === 'number';

function isDateTime(text: string): boolean {
  const day = DATE_TIME.exec(text)?.[1];
  if (day === undefined) return false;
  // Engines move days that do not exist, such as 30 February, into the next month.
  const midnight = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day);
}

/** An object whose members fit where they are present; `required` ones must be. */
function objectOf(members: Readonly<Record<string, Check>>, required: readonly string[] = []): Check {
  return (value) =>
    isJsonObject(value) &&
    required.every((key) => Object.hasOwn(value, key)) &&
    Object.entries(members).every(
      ([key, check]) => !Object.hasOwn(value, key) || check(ownValue(value, key)),
    );
}

function arrayOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.every((item) => check(item));
}

const isIcons = arrayOf(
  objectOf(
    { src: isString, mimeType: isString, sizes: arrayOf(isString), theme: (value) => THEMES.includes(value) },
    ['src'],
  ),
);

const isAnnotations = objectOf({
  audience: arrayOf((value) => ROLES.includes(value)),
  priority: (value) => typeof value === 'number' && value >= 0 && value <= 1,
  lastModified: (value) => typeof value === 'string' && isDateTime(value),
});

const isToolAnnotations = objectOf({
  title: isString,
  readOnlyHint: isBoolean,
  destructiveHint: isBoolean,
  idempotentHint: isBoolean,
  openWorldHint: isBoolean,
});

const isArguments = arrayOf(
  objectOf({ name: isString, description: isString, required: isBoolean }, ['name']),
);

const COMMON: Readonly<Record<string, Check>> = {
  name: isString,
  title: isString,
  description: isString,
  icons: isIcons,
  _meta: isJsonObject,
};
const RESOURCE: Readonly<Record<string, Check>> = {
  ...COMMON,
  mimeType: isString,
  size: isNumber,
  annotations: isAnnotations,
};

/**
 * What the members of an item must be where they are present; members that are not named here may be
 * anything.
 */
const SHAPES: Readonly<Record<ListKind, Readonly<Record<string, Check>>>> = {
  tools: { ...COMMON, annotations: isToolAnnotations },
  resources: RESOURCE,
  templates: RESOURCE,
  prompts: { ...COMMON, arguments: isArguments },
};

/**
 * Finds a member on whose account the official clients refuse the whole list.
 *
 * @param object - The item, with its members recorded.
 * @returns The member's name; `undefined` when all fit.
 */
export function malformedMember(list: ListKind, text: string, object: JsonObject): string | undefined {
  const shape = SHAPES[list];
  for (const { key, start, end } of object.members) {
    const check = /* guard: item/prototype */ Object.hasOwn(shape, key) ? shape[key] : undefined;
    if (check === undefined) continue;
    // Long descriptions are common and need no decoding.
    const isFit =
      check === isString ? text.startsWith('"', start) : check(JSON.parse(text.slice(start, end)));
    if (!isFit) return key;
  }
  return undefined;
}
