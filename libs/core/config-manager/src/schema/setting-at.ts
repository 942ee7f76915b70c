import type * as z from 'zod/mini';

type Schema = z.core.$ZodType;

/** The schema of what a user writes: without defaults, and before it is transformed. */
export function writtenSchema(schema: Schema): z.core.$ZodTypes {
  // Every schema is one of them: the base class has no instances.
  const one = schema as z.core.$ZodTypes;
  const { def } = one._zod;
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
      return writtenSchema(def.innerType);
    case 'pipe':
      return writtenSchema(def.in);
    default:
      return one;
  }
}

/** What a map of fixed keys holds; `undefined` for everything else. */
export function shapeOf(schema: Schema): Readonly<Record<string, Schema>> | undefined {
  const { def } = writtenSchema(schema)._zod;
  return def.type === 'object' ? def.shape : undefined;
}

/** The schema behind one key of a map or index of a list; `undefined` where there is none. */
export function schemaBelow(schema: Schema, key: string): Schema | undefined {
  const { def } = writtenSchema(schema)._zod;
  switch (def.type) {
    case 'object':
      return Object.hasOwn(def.shape, key) ? def.shape[key] : undefined;
    case 'record':
      return def.valueType;
    case 'array':
      return def.element;
    case 'union':
      return def.options.map((option) => schemaBelow(option, key)).find((found) => found !== undefined);
    default:
      return undefined;
  }
}

/** The schema at the end of a path; `undefined` where there is no such setting. */
export function schemaAt(schema: Schema, path: readonly string[]): Schema | undefined {
  let found: Schema | undefined = schema;
  for (const key of path) found = found === undefined ? undefined : schemaBelow(found, key);
  return found;
}

/** Kinds of values that a setting takes: `text`, `number`, `boolean`, `list`, `map`. */
export function kindsOf(schema: Schema): ReadonlySet<string> {
  const { def } = writtenSchema(schema)._zod;
  switch (def.type) {
    case 'string':
      return new Set(['text']);
    case 'number':
      return new Set(['number']);
    case 'boolean':
      return new Set(['boolean']);
    case 'array':
      return new Set(['list']);
    case 'object':
    case 'record':
      return new Set(['map']);
    case 'enum':
    case 'literal':
      return new Set(
        (def.type === 'enum' ? Object.values(def.entries) : def.values).map((value) =>
          typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'boolean' : 'text',
        ),
      );
    case 'union':
      return new Set(def.options.flatMap((option) => [...kindsOf(option)]));
    default:
      return new Set(['text', 'number', 'boolean', 'list', 'map']);
  }
}

/**
 * What a text stands for that comes from where everything is text: JSON where the setting takes what it says,
 * and else the text; `null` wherever it says so.
 *
 * @param schema - Of the setting; `undefined` where there is none: it may have another name, so JSON counts.
 */
export function typedValue(text: string, schema: Schema | undefined): unknown {
  const value = jsonValue(text);
  if (value === null) return null;
  if (value === undefined || typeof value === 'string') return text;
  const kind = Array.isArray(value) ? 'list' : typeof value === 'object' ? 'map' : typeof value;
  return schema === undefined || kindsOf(schema).has(kind) ? value : text;
}

function jsonValue(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}
