/**
 * JSON values that survive as text and not as values, for tests of what passes through a gateway.
 * As a program (`node tools/fidelity/corpus.ts`) it prints one line of JSON per value:
 * `{"category":…,"text":…}`.
 */
import { numberTexts } from './number-texts.ts';
import { SeededRandom } from './seeded-random.ts';
import { stringTexts } from './string-texts.ts';
import { duplicateKeyTexts, integerKeyTexts, nestedTexts, structureTexts } from './structure-texts.ts';

export type CorpusCategory =
  | 'numbers'
  | 'strings'
  | 'duplicate keys'
  | 'integer-like keys'
  | 'nesting'
  | 'structures'
  | 'parser cases'
  | 'line breaks'
  | 'beyond the limits';

/** One JSON value as text. */
export interface CorpusValue {
  readonly category: CorpusCategory;
  readonly text: string;
}

const SEED = 20_260_728;
/** Levels inside `arguments` are counted from `arguments` itself, and a value stands one level below. */
const DEEPEST_VALUE = 63;
const STRUCTURES = 1_900;

/**
 * What parsers accept in different ways: written after the headings of RFC 8259, in the manner of a parser
 * test suite.
 */
const PARSER_CASES = [
  ...[
    'null',
    'true',
    'false',
    '[]',
    '{}',
    '""',
    '0',
    '[ ]',
    '{ }',
    '[\t]',
    '{\t}',
    '[null]',
    '[true,false]',
    '[[]]',
    '[{}]',
    '{"":{}}',
    '{"":""}',
  ],
  ...[
    '[1,null,null,null,2]',
    '["a"]',
    '[""]',
    '[0e1]',
    '[0e+1]',
    '[1E22]',
    '[1E-2]',
    '[1E+2]',
    '[123e65]',
    '[-0]',
    '[-123]',
    '[1.5e-9]',
    '[-1.0E-0]',
  ],
  ...[
    '{"a":"b"}',
    '{"a":null}',
    '{"a":{"b":{"c":{}}}}',
    '{"x":[{"id":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}],"id":"y"}',
    '[  1  ]',
    '{ "a" : 1 }',
  ],
  ...[
    '[1e1000]',
    '[-1e1000]',
    '[1e-1000]',
    '[123123e100000]',
    '[-123123e100000]',
    '[100000000000000000000]',
    '[0.4e-006999999999999999]',
    '[2.e1]'.replace('.', ''),
  ],
  ...[
    String.raw`["\uDADA"]`,
    String.raw`["\uD888\u1234"]`,
    String.raw`["\uD800\uD800\n"]`,
    String.raw`["\uDd1ea"]`,
    String.raw`["\uD800\n"]`,
  ],
  ...[
    String.raw`["\u0060\u012a\u12AB"]`,
    String.raw`["\uDBFF\uDFFF"]`,
    String.raw`["\uDBFF\uDFFE"]`,
    String.raw`["\uFDD0\uFFFE"]`,
    String.raw`["\u0821"]`,
  ],
  ...[
    String.raw`["\u0000"]`,
    String.raw`["\"\\\/\b\f\n\r\t"]`,
    String.raw`["\\n"]`,
    String.raw`["\\a"]`,
    String.raw`["\u002c"]`,
    String.raw`["\u005C\u0022"]`,
  ],
  ...[
    String.raw`["new\u000Aline"]`,
    String.raw`["\u200B\u2064"]`,
    String.raw`["\uA66D"]`,
    '["\u007f"]',
    '["\u{1b000}"]',
    '["\u{10ffff}"]',
    '["€𝄞"]',
    '["⍂㈴⍂"]',
  ],
  ...[
    '["π","ı","İ"]',
    '["a/*b*/c/*d//e"]',
    '["*#/*"]',
    '["NaN","Infinity","undefined"]',
    '[[],{},"",0,null,true,[[]]]',
    '{"min":-1.0e+28,"max":1.0e+28}',
  ],
] as const;

/** Line breaks between tokens: a line-based transport has to write them in another way. */
const LINE_BREAKS = [
  '[\n]',
  '{\r\n}',
  '[\n1\n,\n2\n]',
  '{\n  "a": 1,\n  "b": [\n    1.0\n  ]\n}',
  '[\r1\r]',
  '{"a"\n:\r\n"\\n"}',
  '[ \n\t\r\n 1]',
] as const;

/**
 * More than Omni takes from a client with its default limits: `limits.maxDepth` 64, `limits.maxElements`
 * 100,000.
 */
const BEYOND = [
  '['.repeat(DEEPEST_VALUE + 1) + ']'.repeat(DEEPEST_VALUE + 1),
  '{"a":'.repeat(100) + '1' + '}'.repeat(100),
  '['.repeat(1_000) + ']'.repeat(1_000),
  '[{"a":'.repeat(5_000) + '1' + '}]'.repeat(5_000),
  `[${'0,'.repeat(100_000)}0]`,
] as const;

/** The whole corpus, the same in every run; no value stands in it twice. */
export function createCorpus(): readonly CorpusValue[] {
  const random = new SeededRandom(SEED);
  const numbers = numberTexts(random);
  const strings = stringTexts(random);
  const leaves = [
    'null',
    ...['true', 'false', '{}', '[]'],
    ...numbers,
    ...strings.filter(({ length }) => length < 100),
  ] as const;
  const all: readonly (readonly [CorpusCategory, readonly string[]])[] = [
    ['numbers', numbers],
    ['strings', strings],
    ['duplicate keys', duplicateKeyTexts(random, leaves)],
    ['integer-like keys', integerKeyTexts(random, leaves)],
    ['nesting', nestedTexts(DEEPEST_VALUE)],
    ['parser cases', PARSER_CASES],
    ['structures', structureTexts(random, leaves, STRUCTURES)],
    ['line breaks', LINE_BREAKS],
    ['beyond the limits', BEYOND],
  ];
  const seen = new Set<string>();
  return all.flatMap(([category, texts]) =>
    texts.flatMap((text) => {
      if (seen.has(text)) return [];
      seen.add(text);
      return [{ category, text }];
    }),
  );
}

if (import.meta.main) for (const value of createCorpus()) process.stdout.write(`${JSON.stringify(value)}\n`);
