import {
  applyEdits,
  type JsonMember,
  memberOf,
  scanJson,
  setMember,
  stringMember,
  type TextEdit,
  withoutMembers,
} from '@omni/jsonrpc';
import { ITEM_LIMITS } from './item-limits.ts';
import {
  DATA_KEYWORDS,
  isJsonObject,
  NAME_MAP_KEYWORDS,
  ownValue,
  type SchemaObject,
} from './schema-walk.ts';

/** A tool in the shape of the legacy era, or why there is none. */
export type LegacyProjection =
  { readonly text: string; readonly wrapsOutput: boolean } | { readonly withheld: string };

const PLAN = { inputSchema: { properties: {} }, outputSchema: { properties: {} }, execution: {} };
const TASK_SUPPORT: readonly unknown[] = ['required', 'optional', 'forbidden'];
const RESULT_POINTER = '#/properties/result';

/**
 * Writes a tool so that legacy clients accept it: one tool that they refuse costs them the whole list.
 *
 * Only what needs it changes, and only there; a tool that fits is returned as the same string.
 * - An `outputSchema` whose root is not `"type":"object"` becomes
 *   `{"type":"object","properties":{"result":…},"required":["result"]}`.
 * - Boolean schemas right under `properties` become `{}` and `{"not":{}}`.
 * - An `execution` that the legacy era does not know is left out.
 *
 * @param text - A tool whose `inputSchema` is an object with the root type `object`.
 * @see MCP 2025-11-25, schema, `Tool`; SEP-2106.
 */
export function projectToolForLegacy(text: string): LegacyProjection {
  const scan = scanJson(text, ITEM_LIMITS, PLAN);
  if (scan.kind !== 'object') return { withheld: 'it is not a JSON object without repeated keys' };
  const input = memberOf(scan.object, 'inputSchema');
  const output = memberOf(scan.object, 'outputSchema');
  if (output !== undefined && output.object === undefined)
    return { withheld: 'its outputSchema is not an object' };
  const wrapsOutput = output !== undefined && stringMember(text, output.object, 'type') !== 'object';

  const edits: TextEdit[] = [];
  for (const schema of wrapsOutput ? [input] : [input, output]) {
    const changes = objectSchemaEdits(text, schema);
    if (typeof changes === 'string') return { withheld: changes };
    edits.push(...changes);
  }
  if (wrapsOutput)
    edits.push({
      start: output.start,
      end: output.end,
      text: wrapSchema(text.slice(output.start, output.end)),
    });

  const projected = edits.length === 0 ? text : applyEdits(text, edits);
  return {
    text: hasKnownExecution(text, memberOf(scan.object, 'execution'))
      ? projected
      : withoutExecution(projected),
    wrapsOutput,
  };
}

/** Edits that make an object schema fit, or why it cannot be made to. */
function objectSchemaEdits(text: string, schema: JsonMember | undefined): readonly TextEdit[] | string {
  if (schema === undefined) return [];
  const required = memberOf(schema.object, 'required');
  if (required !== undefined && !isStringArray(JSON.parse(text.slice(required.start, required.end)))) {
    return `"required" of its ${schema.key} is not an array of strings, which legacy clients refuse`;
  }
  const properties = memberOf(schema.object, 'properties');
  if (properties === undefined) return [];
  if (properties.object === undefined) return `"properties" of its ${schema.key} is not an object`;
  const edits: TextEdit[] = [];
  for (const { start, end } of properties.object.members) {
    const raw = text.slice(start, end);
    if (raw === 'true') edits.push({ start, end, text: '{}' });
    else if (raw === 'false') edits.push({ start, end, text: '{"not":{}}' });
    else if (!raw.startsWith('{')) return `a property of its ${schema.key} is not a schema`;
  }
  return edits;
}

function isStringArray(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function hasKnownExecution(text: string, execution: JsonMember | undefined): boolean {
  if (execution === undefined) return true;
  if (execution.object === undefined) return false;
  const support = memberOf(execution.object, 'taskSupport');
  return support === undefined || TASK_SUPPORT.includes(JSON.parse(text.slice(support.start, support.end)));
}

/** Leaves out `taskSupport`, or `execution` as a whole where it is not even an object. */
function withoutExecution(text: string): string {
  const scan = scanJson(
    text,
    { maxDepth: ITEM_LIMITS.maxDepth + 2, maxElements: ITEM_LIMITS.maxElements * 2 },
    { execution: {} },
  );
  if (scan.kind !== 'object') return text;
  const execution = memberOf(scan.object, 'execution')?.object;
  if (execution === undefined) return withoutMembers(text, scan.object, (key) => key === 'execution');
  return applyEdits(text, [
    setMember(
      scan.object,
      'execution',
      withoutMembers(text, execution, (key) => key === 'taskSupport'),
    ),
  ]);
}

/** The schema as the property `result` of an object; pointers into the same document follow. */
function wrapSchema(schemaText: string): string {
  const schema: unknown = JSON.parse(schemaText);
  const dialect = isJsonObject(schema) ? ownValue(schema, '$schema') : undefined;
  // Only schemas with references have to be written anew; an escape could hide one.
  const isPlain =
    !schemaText.includes('"$ref"') && !schemaText.includes('"$dynamicRef"') && !schemaText.includes('\\u');
  const inner = isPlain ? schemaText : JSON.stringify(rewriteReferences(schema, false));
  const head = typeof dialect === 'string' ? `"$schema":${JSON.stringify(dialect)},` : '';
  return `{${head}"type":"object","properties":{"result":${inner}},"required":["result"]}`;
}

/** @param isNameMap - Whether the keys of `node` are names that somebody chose, not keywords. */
function rewriteReferences(node: unknown, isNameMap: boolean): unknown {
  if (Array.isArray(node)) return node.map((item) => rewriteReferences(item, false));
  if (!isJsonObject(node)) return node;
  if (!isNameMap && hasOwnBase(node)) return node;
  // fromEntries defines members, so that one called `__proto__` survives.
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => {
      if (isNameMap) return [key, rewriteReferences(value, false)];
      if ((key === '$ref' || key === '$dynamicRef') && typeof value === 'string')
        return [key, rewritePointer(value)];
      if (DATA_KEYWORDS.has(key)) return [key, value];
      return [key, rewriteReferences(value, NAME_MAP_KEYWORDS.has(key))];
    }),
  );
}

function rewritePointer(reference: string): string {
  if (reference === '#') return RESULT_POINTER;
  return reference.startsWith('#/') ? RESULT_POINTER + reference.slice(1) : reference;
}

/**
 * A fragment alone (`"$id":"#item"`, the anchor of draft 7) does not change what references are resolved
 * against.
 */
function hasOwnBase(schema: SchemaObject): boolean {
  const id = ownValue(schema, '$id');
  return id !== undefined && !(typeof id === 'string' && id.startsWith('#'));
}
