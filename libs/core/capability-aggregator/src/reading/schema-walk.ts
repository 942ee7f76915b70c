/** A JSON Schema that is an object; the other schemas are `true` and `false`. */
export type SchemaObject = Readonly<Record<string, unknown>>;

/** Keywords whose value is data, not a schema. */
export const DATA_KEYWORDS: ReadonlySet<string> = new Set(['const', 'enum', 'default', 'examples']);

/** Keywords whose value maps names to schemas; the names may look like keywords. */
export const NAME_MAP_KEYWORDS: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
  'dependencies',
]);

/** Keywords whose value is a schema or an array of schemas. */
const SCHEMA_KEYWORDS: readonly string[] = [
  'additionalItems',
  'additionalProperties',
  'allOf',
  'anyOf',
  'contains',
  'contentSchema',
  'else',
  'if',
  'items',
  'not',
  'oneOf',
  'prefixItems',
  'propertyNames',
  'then',
  'unevaluatedItems',
  'unevaluatedProperties',
];

/** Whether a value is a JSON object. */
export function isJsonObject(value: unknown): value is SchemaObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A schema met on a walk. */
export interface SchemaVisit {
  readonly schema: SchemaObject | boolean;
  /** The property names that lead to it when only `properties` lie between; `undefined` elsewhere. */
  readonly path: readonly string[] | undefined;
}

/** Goes through a schema and all schemas inside it, outer ones first. References are not followed. */
export function walkSchemas(root: unknown): Generator<SchemaVisit> {
  return walkFrom(root, []);
}

function* walkFrom(root: unknown, path: readonly string[] | undefined): Generator<SchemaVisit> {
  if (typeof root === 'boolean') yield { schema: root, path };
  if (!isJsonObject(root)) return;
  yield { schema: root, path };
  for (const keyword of NAME_MAP_KEYWORDS) {
    const map = ownValue(root, keyword);
    if (!isJsonObject(map)) continue;
    for (const [name, schema] of Object.entries(map)) {
      yield* walkFrom(schema, keyword === 'properties' && path !== undefined ? [...path, name] : undefined);
    }
  }
  for (const keyword of SCHEMA_KEYWORDS) {
    const value = ownValue(root, keyword);
    for (const schema of Array.isArray(value) ? value : [value]) yield* walkFrom(schema, undefined);
  }
}

/** A member of a parsed object; never one that the prototype has. */
export function ownValue(object: SchemaObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
