import { GatewayError } from '@omni/ports';
import { closestName } from '../output/closest-name.ts';
import { isJsonObject, member, parseExactJson, textMember, type JsonObject } from '../output/json-value.ts';

/** One `key=value` or `key:=json` of the command line. */
export interface ArgumentWord {
  readonly key: string;
  readonly text: string;
  readonly isJson: boolean;
}

/** @throws {@link GatewayError} `OMNI_USAGE` when a word is neither, or a key stands twice. */
export function parseArgumentWords(words: readonly string[]): readonly ArgumentWord[] {
  const seen = new Set<string>();
  return words.map((word, index) => {
    const equals = word.indexOf('=');
    const isJson = word[equals - 1] === ':';
    const key = word.slice(0, isJson ? equals - 1 : equals);
    if (equals < 1 || key === '') {
      throw new GatewayError(
        'OMNI_USAGE',
        `Argument ${index + 1} of the tool is neither key=value nor key:=json`,
        {
          hint: 'Write omni call server/tool city=Oslo days:=3.',
        },
      );
    }
    if (seen.has(key)) throw new GatewayError('OMNI_USAGE', `The argument "${key}" stands twice`);
    seen.add(key);
    return { key, text: word.slice(equals + 1), isJson };
  });
}

/** @throws {@link GatewayError} `OMNI_USAGE` when the text of `--args` is not an object in JSON. */
export function parseArgumentObject(text: string): JsonObject {
  const value = jsonOf(text);
  if (isJsonObject(value)) return value;
  throw new GatewayError('OMNI_USAGE', '--args is not an object in JSON', {
    hint: `Write --args '{"city":"Oslo"}', --args @file.json or --args - for stdin.`,
  });
}

export interface ToolArgumentsOptions {
  /** For the usage line: `demo/slow_count`. */
  readonly tool: string;
  readonly inputSchema: unknown;
  /** From `--args`. */
  readonly base: JsonObject;
  /** Take precedence over `base`. */
  readonly words: readonly ArgumentWord[];
}

/**
 * The arguments of a call. What stands as `key=value` becomes what the schema of the tool wants; the server
 * does the rest of the validation.
 *
 * @throws {@link GatewayError} `OMNI_ARGUMENTS_INVALID`, every problem on a line; names arguments, never
 * their values.
 */
export function toolArguments({ tool, inputSchema, base, words }: ToolArgumentsOptions): JsonObject {
  const problems: string[] = [];
  // Without a prototype, so that an argument called __proto__ is one.
  const args = Object.assign(Object.create(null) as Record<string, unknown>, base);
  for (const { key, text, isJson } of words) {
    const property = member(member(inputSchema, 'properties'), key);
    const value = isJson ? jsonOf(text) : coerced(text, property);
    if (value === undefined)
      problems.push(isJson ? `"${key}" is not JSON` : `"${key}" must be ${wanted(property)}`);
    else args[key] = value;
  }
  problems.push(
    ...mistypedJson(words, inputSchema, args),
    ...unknownArguments(inputSchema, args),
    ...missingArguments(inputSchema, args, words),
  );
  if (problems.length === 0) return args;
  throw new GatewayError(
    'OMNI_ARGUMENTS_INVALID',
    [`The arguments do not fit ${tool}`, ...problems].join('\n'),
    {
      hint: usageLine(tool, inputSchema),
    },
  );
}

/** How the tool is called: required arguments first, optional ones in brackets. */
export function usageLine(tool: string, inputSchema: unknown): string {
  const properties = member(inputSchema, 'properties');
  const required = requiredOf(inputSchema);
  const keys = isJsonObject(properties) ? Object.keys(properties) : [];
  const words = keys.map((key) => {
    const types = typesOf(member(properties, key));
    const needsJson =
      types.length > 0 && types.every((type) => type === 'object' || type === 'array' || type === 'null');
    const word = `${key}${needsJson ? ':=' : '='}<${types.filter((type) => type !== 'null').join('|') || 'value'}>`;
    return { isRequired: required.includes(key), word };
  });
  const text = [
    ...words.filter(({ isRequired }) => isRequired).map(({ word }) => word),
    ...words.filter(({ isRequired }) => !isRequired).map(({ word }) => `[${word}]`),
  ];
  return ['omni call', tool, ...text].join(' ');
}

const INTEGER = /^-?(?:0|[1-9]\d*)$/;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** @returns `undefined` when the text cannot be what the schema wants. */
function coerced(text: string, property: unknown): unknown {
  const types = typesOf(property);
  if (types.includes('string') || types.length === 0) return text;
  if (types.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true';
  if (types.includes('number') && NUMBER.test(text)) return parseExactJson(text);
  if (types.includes('integer') && INTEGER.test(text)) return parseExactJson(text);
  if (types.includes('null') && text === 'null') return null;
  return undefined;
}

function wanted(property: unknown): string {
  const types = typesOf(property);
  const needsJson = types.includes('array') || types.includes('object');
  return (
    types.map((type) => (type === 'boolean' ? 'true or false' : withArticle(type))).join(' or ') +
    (needsJson ? ', written as key:=json' : '')
  );
}

function withArticle(type: string): string {
  if (type === 'null') return type;
  return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`;
}

/** The types that a property declares by name; none when it does so in another way, or not at all. */
function typesOf(property: unknown): readonly string[] {
  const type = member(property, 'type');
  if (typeof type === 'string') return [type];
  return Array.isArray(type) ? type.filter((entry): entry is string => typeof entry === 'string') : [];
}

function mistypedJson(
  words: readonly ArgumentWord[],
  inputSchema: unknown,
  args: JsonObject,
): readonly string[] {
  return words.flatMap(({ key, isJson }) => {
    const property = member(member(inputSchema, 'properties'), key);
    const types = typesOf(property);
    const value = member(args, key);
    if (!isJson || value === undefined || types.length === 0 || types.some((type) => isOfType(value, type)))
      return [];
    return [`"${key}" must be ${wanted(property)}`];
  });
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return isExactNumber(value) || Number.isInteger(value);
    case 'number':
      return isExactNumber(value) || typeof value === 'number';
    case 'object':
      return isJsonObject(value) && !isExactNumber(value);
    case 'string':
    case 'boolean':
      return typeof value === type;
    default:
      return true;
  }
}

/** A number that a double cannot hold, as `parseExactJson` keeps it. */
function isExactNumber(value: unknown): boolean {
  return (
    isJsonObject(value) &&
    Object.isFrozen(value) &&
    textMember(value, 'rawJSON') !== undefined &&
    /^[-\d]/.test(JSON.stringify(value))
  );
}

/** Where other keywords say which arguments exist, `properties` does not tell them all. */
const WIDENING = [
  '$ref',
  '$dynamicRef',
  'allOf',
  'anyOf',
  'oneOf',
  'if',
  'dependentSchemas',
  'patternProperties',
];

function unknownArguments(inputSchema: unknown, args: JsonObject): readonly string[] {
  const properties = member(inputSchema, 'properties');
  const additional = member(inputSchema, 'additionalProperties');
  if (!isJsonObject(properties) || additional === true || isJsonObject(additional)) return [];
  if (WIDENING.some((keyword) => member(inputSchema, keyword) !== undefined)) return [];
  const known = Object.keys(properties);
  return Object.keys(args)
    .filter((key) => !known.includes(key))
    .map((key) => {
      const closest = closestName(key, known);
      return `there is no argument "${key}"${closest === undefined ? '' : `; did you mean "${closest}"?`}`;
    });
}

/** An argument that was given in a wrong form is not missing, too. */
function missingArguments(
  inputSchema: unknown,
  args: JsonObject,
  words: readonly ArgumentWord[],
): readonly string[] {
  return requiredOf(inputSchema)
    .filter((key) => !Object.hasOwn(args, key) && !words.some((word) => word.key === key))
    .map((key) => `"${key}" is missing`);
}

function requiredOf(inputSchema: unknown): readonly string[] {
  const required = member(inputSchema, 'required');
  return Array.isArray(required) ? required.filter((key): key is string => typeof key === 'string') : [];
}

/** @returns `undefined` when the text is not JSON. */
function jsonOf(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch {
    return undefined;
  }
}
