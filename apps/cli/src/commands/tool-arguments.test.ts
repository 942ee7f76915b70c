import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '@omni/ports';
import { parseArgumentObject, parseArgumentWords, toolArguments, usageLine } from './tool-arguments.ts';

const SCHEMA = {
  type: 'object',
  properties: {
    city: { type: 'string' },
    days: { type: 'integer' },
    factor: { type: 'number' },
    metric: { type: 'boolean' },
    tags: { type: 'array' },
    where: { type: 'object' },
    limit: { type: ['integer', 'null'] },
    either: { type: ['number', 'string'] },
    free: {},
  },
  required: ['city'],
};

function failureOf(action: () => unknown): GatewayError {
  try {
    action();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** The arguments that words give, as they go over the wire. */
function sent(...words: readonly string[]): string {
  return JSON.stringify(
    toolArguments({
      tool: 'a/b',
      inputSchema: SCHEMA,
      base: { city: 'Oslo' },
      words: parseArgumentWords(words),
    }),
  );
}

function refused(...words: readonly string[]): GatewayError {
  return failureOf(() =>
    toolArguments({ tool: 'a/b', inputSchema: SCHEMA, base: {}, words: parseArgumentWords(words) }),
  );
}

describe('parseArgumentWords', () => {
  it('cuts at the first equals sign', () => {
    expect(parseArgumentWords(['a=b=c', 'url=http://x/?y:=1', 'j:={"k":"="}', 'empty='])).toEqual([
      { key: 'a', text: 'b=c', isJson: false },
      { key: 'url', text: 'http://x/?y:=1', isJson: false },
      { key: 'j', text: '{"k":"="}', isJson: true },
      { key: 'empty', text: '', isJson: false },
    ]);
  });

  it.each([['word'], ['=value'], [':=1'], ['']])('refuses %j without quoting it', (word) => {
    const error = failureOf(() => parseArgumentWords([word]));

    expect(error).toMatchObject({
      code: 'OMNI_USAGE',
      message: 'Argument 1 of the tool is neither key=value nor key:=json',
    });
  });

  it('refuses a key that stands twice', () => {
    expect(failureOf(() => parseArgumentWords(['a=1', 'a:=2']))).toMatchObject({
      code: 'OMNI_USAGE',
      message: 'The argument "a" stands twice',
    });
  });
});

describe('parseArgumentObject', () => {
  it('keeps every digit', () => {
    expect(JSON.stringify(parseArgumentObject('{"id":12345678901234567890}'))).toBe(
      '{"id":12345678901234567890}',
    );
  });

  it.each([['[]'], ['1'], ['{'], ['null']])('refuses %s', (text) => {
    expect(failureOf(() => parseArgumentObject(text)).code).toBe('OMNI_USAGE');
  });
});

describe('toolArguments', () => {
  it.each([
    ['city=1', '{"city":"1"}'],
    ['days=3', '{"city":"Oslo","days":3}'],
    ['days=-12345678901234567890', '{"city":"Oslo","days":-12345678901234567890}'],
    ['factor=1.50', '{"city":"Oslo","factor":1.50}'],
    ['factor=1e3', '{"city":"Oslo","factor":1e3}'],
    ['metric=true', '{"city":"Oslo","metric":true}'],
    ['limit=null', '{"city":"Oslo","limit":null}'],
    ['either=7', '{"city":"Oslo","either":"7"}'],
    ['free=7', '{"city":"Oslo","free":"7"}'],
    ['free:=7', '{"city":"Oslo","free":7}'],
    ['tags:=["a"]', '{"city":"Oslo","tags":["a"]}'],
    ['where:={"x":null}', '{"city":"Oslo","where":{"x":null}}'],
    ['days:=12345678901234567890', '{"city":"Oslo","days":12345678901234567890}'],
  ])('makes %s into %s', (word, json) => {
    expect(sent(word)).toBe(json);
  });

  it.each([
    ['days=x', '"days" must be an integer'],
    ['days=1.5', '"days" must be an integer'],
    ['days=', '"days" must be an integer'],
    ['factor=0x10', '"factor" must be a number'],
    ['metric=yes', '"metric" must be true or false'],
    ['tags=a', '"tags" must be an array, written as key:=json'],
    ['where=a', '"where" must be an object, written as key:=json'],
    ['limit=x', '"limit" must be an integer or null'],
    ['days:="3"', '"days" must be an integer'],
    ['where:=12345678901234567890', '"where" must be an object, written as key:=json'],
    ['where:={', '"where" is not JSON'],
    ['citi=x', 'there is no argument "citi"; did you mean "city"?'],
    ['zzz=x', 'there is no argument "zzz"'],
  ])('refuses %s: %s', (word, problem) => {
    const error = refused('city=Oslo', word);

    expect(error).toMatchObject({
      code: 'OMNI_ARGUMENTS_INVALID',
      message: `The arguments do not fit a/b\n${problem}`,
    });
  });

  it('tells everything that is wrong at once, and how to call the tool', () => {
    const error = refused('days=canary', 'zzz=canary');

    expect(error.message.split('\n').slice(1)).toEqual([
      '"days" must be an integer',
      'there is no argument "zzz"',
      '"city" is missing',
    ]);
    expect(error.hint).toMatch(/^omni call a\/b city=<string> \[days=<integer>\]/);
    expect(`${error.message}${error.hint}`).not.toContain('canary');
    expect(error.facts.exitCode).toBe(16);
  });

  it('does not call an argument missing that stands there in a wrong form', () => {
    const inputSchema = { properties: { days: { type: 'integer' } }, required: ['days'] };
    const words = parseArgumentWords(['days=x']);

    expect(failureOf(() => toolArguments({ tool: 't', inputSchema, base: {}, words })).message).toBe(
      'The arguments do not fit t\n"days" must be an integer',
    );
  });

  it.each([
    ['more is allowed', { properties: {}, additionalProperties: true }],
    ['more is described', { properties: {}, additionalProperties: { type: 'string' } }],
    ['another keyword names more', { properties: {}, allOf: [{ properties: { x: {} } }] }],
    ['nothing is named', { type: 'object' }],
    ['the schema is a boolean', true],
    ['there is no schema', undefined],
  ])('lets an unknown argument pass where %s', (_what, inputSchema) => {
    expect(
      JSON.stringify(toolArguments({ tool: 't', inputSchema, base: {}, words: parseArgumentWords(['x=1']) })),
    ).toBe('{"x":"1"}');
  });

  it('takes words before the object of --args, and keeps __proto__ an argument', () => {
    const base = parseArgumentObject('{"city":"Bergen","days":2}');
    const inputSchema = { ...SCHEMA, additionalProperties: true };
    const args = toolArguments({
      tool: 't',
      inputSchema,
      base,
      words: parseArgumentWords(['city=Oslo', '__proto__=x']),
    });

    expect(JSON.stringify(args)).toBe('{"city":"Oslo","days":2,"__proto__":"x"}');
  });
});

describe('usageLine', () => {
  it('puts required arguments first and shows what needs JSON', () => {
    const inputSchema = {
      properties: {
        n: { type: 'integer' },
        list: { type: 'array' },
        opt: { type: ['string', 'null'] },
        any: {},
      },
      required: ['list'],
    };

    expect(usageLine('a/b', inputSchema)).toBe(
      'omni call a/b list:=<array> [n=<integer>] [opt=<string>] [any=<value>]',
    );
  });

  it('is the bare call for a tool without arguments', () => {
    expect(usageLine('a/b', undefined)).toBe('omni call a/b');
  });
});
