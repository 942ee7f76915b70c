import {
  applyEdits,
  type JsonMember,
  type JsonObject,
  type JsonProblem,
  memberOf,
  nullDrops,
  scanJson,
  setMember,
  stringAt,
  stringMember,
} from '@omni/jsonrpc';
import type { ListKind } from '@omni/model';
import { headerParamsOf } from './header-params.ts';
import {
  ITEM_LIMITS,
  MAX_ITEM_LENGTH,
  MAX_NAME_LENGTH,
  MAX_SUBSCHEMAS,
  MAX_URI_LENGTH,
} from './item-limits.ts';
import { malformedMember } from './item-shape.ts';
import { OPTIONAL_OF_ITEMS } from './optional-members.ts';
import { projectToolForLegacy } from './schema-projection.ts';
import { walkSchemas } from './schema-walk.ts';
import { toolHints } from './tool-hints.ts';
import type { CatalogueItem, LegacyTool, ToolItem } from './upstream-catalogue.ts';

/** An item, or why it is withheld. `key` is absent when the item could not be read far enough to name it. */
export type ItemReading<Item extends CatalogueItem = CatalogueItem> =
  | {
      readonly item: Item;
      /** Characters of texts that were made of it. Default 0. */
      readonly madeLength?: number;
    }
  | { readonly key: string | undefined; readonly reason: string };

const KEYS: Readonly<Record<ListKind, string>> = {
  tools: 'name',
  resources: 'uri',
  templates: 'uriTemplate',
  prompts: 'name',
};
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
/**
 * A schema as short as this cannot hold more than {@link MAX_SUBSCHEMAS}: each takes three characters at
 * least.
 */
const CERTAINLY_SMALL = MAX_SUBSCHEMAS * 3;
/** Enough to find the name of an item that is too complex. */
const NAME_LIMITS = { maxDepth: 512, maxElements: 2_000_000 };
const PROBLEMS: Readonly<Record<JsonProblem, string>> = {
  syntax: 'it is not valid JSON',
  depth: 'it is nested deeper than 64 levels',
  elements: 'it holds more than 100,000 values',
  'duplicate-key': 'a key stands twice in the same object',
};

/** Checks an item of a list other than tools. */
export function readItem(list: Exclude<ListKind, 'tools'>, text: string): ItemReading {
  const root = readRoot(list, text);
  if ('reason' in root) return root;
  return { item: { key: root.key, text: root.text, keySpan: root.keySpan } };
}

/** Checks a tool, and works out what calls and legacy clients need. */
export function readTool(listed: string): ItemReading<ToolItem> {
  const root = readRoot('tools', listed);
  if ('reason' in root) return root;
  const { key, text, object } = root;
  const input = memberOf(object, 'inputSchema');
  const output = memberOf(object, 'outputSchema');
  const reason = inputProblem(text, input) ?? outputProblem(text, output);
  // A missing input schema is a problem already; the second test tells the compiler.
  if (reason !== undefined || input?.object === undefined)
    return { key, reason: reason ?? 'inputSchema is missing' };
  const headers = headerParamsOf(text.slice(input.start, input.end));
  if ('reason' in headers) return { key, reason: headers.reason };

  // Clients of both eras refuse the list when the root type is missing.
  const hasType = memberOf(input.object, 'type') !== undefined;
  const whole = hasType ? text : applyEdits(text, [setMember(input.object, 'type', '"object"')]);
  const keySpan = hasType ? root.keySpan : nameSpan(whole);
  const projection = projectToolForLegacy(whole);
  const legacy: LegacyTool =
    'withheld' in projection
      ? { kind: 'withheld', reason: projection.withheld }
      : {
          kind: 'listed',
          text: projection.text,
          keySpan: projection.text === whole ? keySpan : nameSpan(projection.text),
        };
  const wrapsOutput = 'wrapsOutput' in projection && projection.wrapsOutput;
  const madeLength =
    (whole === text ? 0 : whole.length) +
    (legacy.kind === 'withheld' || legacy.text === whole ? 0 : legacy.text.length);
  return {
    item: {
      key,
      text: whole,
      keySpan,
      facts: { wrapsOutput, headerParams: headers.params, hints: toolHints(text, object) },
      legacy,
    },
    madeLength,
  };
}

interface ItemRoot {
  readonly key: string;
  /** As it is shown: without what the server wrote as `null` because it does not have it. */
  readonly text: string;
  readonly keySpan: JsonMember;
  readonly object: JsonObject;
}

function readRoot(
  list: ListKind,
  listed: string,
): ItemRoot | { readonly key: string | undefined; readonly reason: string } {
  const plan = list === 'tools' ? { inputSchema: {}, outputSchema: {} } : {};
  let text = listed;
  let scan = scanJson(text, ITEM_LIMITS, plan);
  if (scan.kind === 'object') {
    const drops = nullDrops(text, scan.object, OPTIONAL_OF_ITEMS[list]);
    if (drops.length > 0) {
      text = applyEdits(text, drops);
      scan = scanJson(text, ITEM_LIMITS, plan);
    }
  }
  if (scan.kind === 'problem') return { key: keyOfComplex(list, text), reason: PROBLEMS[scan.problem] };
  if (scan.kind !== 'object') return { key: undefined, reason: 'it is not an object' };
  const keySpan = memberOf(scan.object, KEYS[list]);
  const key = keySpan === undefined ? undefined : stringAt(text, keySpan);
  if (keySpan === undefined || key === undefined || key === '')
    return { key: undefined, reason: `${KEYS[list]} is not a non-empty string` };
  // guard: item/size
  if (text.length > MAX_ITEM_LENGTH) return { key, reason: 'it is larger than 1 MiB' };
  const maxLength = KEYS[list] === 'name' ? MAX_NAME_LENGTH : MAX_URI_LENGTH;
  // guard: item/name-length
  if (key.length > maxLength) return { key, reason: `${KEYS[list]} is longer than ${maxLength} characters` };
  // guard: item/control-characters
  if (CONTROL.test(key)) return { key, reason: `${KEYS[list]} holds control characters` };
  if (memberOf(scan.object, 'name') === undefined) return { key, reason: 'name is missing' };
  const malformed = malformedMember(list, text, scan.object);
  return /* guard: item/malformed */ malformed === undefined
    ? { key, text, keySpan, object: scan.object }
    : { key, reason: `${malformed} is malformed` };
}

function keyOfComplex(list: ListKind, text: string): string | undefined {
  const scan = scanJson(text, NAME_LIMITS);
  return scan.kind === 'object' ? stringMember(text, scan.object, KEYS[list]) : undefined;
}

function inputProblem(text: string, schema: JsonMember | undefined): string | undefined {
  if (schema === undefined) return 'inputSchema is missing';
  if (schema.object === undefined) return 'inputSchema is not an object';
  const type = memberOf(schema.object, 'type');
  if (type !== undefined && stringAt(text, type) !== 'object')
    return 'the root type of inputSchema is not "object"';
  return schemaProblem(text, schema);
}

function outputProblem(text: string, schema: JsonMember | undefined): string | undefined {
  if (schema === undefined) return undefined;
  if (schema.object === undefined) return 'outputSchema is not an object';
  return schemaProblem(text, schema);
}

function schemaProblem(text: string, schema: JsonMember): string | undefined {
  const dialect = memberOf(schema.object, '$schema');
  if (dialect !== undefined && stringAt(text, dialect) === undefined)
    return `$schema of ${schema.key} is not a string`;
  if (schema.end - schema.start <= CERTAINLY_SMALL) return undefined;
  let count = 0;
  for (const _ of walkSchemas(JSON.parse(text.slice(schema.start, schema.end)))) {
    count += 1;
    // guard: item/subschemas
    if (count > MAX_SUBSCHEMAS) return `${schema.key} holds more than ${MAX_SUBSCHEMAS} schemas`;
  }
  return undefined;
}

/** Where the name stands in a tool that was changed elsewhere. */
function nameSpan(text: string): JsonMember {
  const scan = scanJson(text, NAME_LIMITS);
  const member = scan.kind === 'object' ? memberOf(scan.object, 'name') : undefined;
  // The tool had a name before, and edits touched other members.
  return member as JsonMember;
}
