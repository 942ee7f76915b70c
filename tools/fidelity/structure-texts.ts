import type { SeededRandom } from './seeded-random.ts';

/** Keys that mean something to programs, or to MCP, or that an object of JavaScript puts in another place. */
const KEYS = [
  ...[
    '"a"',
    '"b"',
    '""',
    '" "',
    '"0"',
    '"1"',
    '"2"',
    '"10"',
    '"01"',
    '"-1"',
    '"1.0"',
    '"4294967294"',
    '"4294967295"',
    '"9007199254740993"',
  ],
  ...[
    '"__proto__"',
    '"constructor"',
    '"prototype"',
    '"toString"',
    '"toJSON"',
    '"then"',
    '"hasOwnProperty"',
    '"valueOf"',
    '"length"',
  ],
  ...[
    '"id"',
    '"method"',
    '"params"',
    '"jsonrpc"',
    '"result"',
    '"error"',
    '"name"',
    '"arguments"',
    '"_meta"',
    '"progressToken"',
    '"uri"',
  ],
  ...[
    '"resultType"',
    '"ttlMs"',
    '"cacheScope"',
    '"structuredContent"',
    '"content"',
    '"isError"',
    '"requestState"',
    '"inputResponses"',
  ],
  ...[
    String.raw`"\u0061"`,
    String.raw`"\u005f_proto__"`,
    String.raw`"\ud83d"`,
    '"é"',
    '"é"',
    '"ſ"',
    '"K"',
    '"A"',
    '"key with \\" quote"',
    '"\u2028"',
  ],
] as const;

const SPACES = ['', '', ' ', '  ', '\t', ' \t '] as const;

/** Objects that hold a key twice or more often: whoever builds objects loses one. */
export function duplicateKeyTexts(
  random: SeededRandom,
  leaves: readonly [string, ...string[]],
): readonly string[] {
  const chosen = KEYS.flatMap((key) => [
    `{${key}:1,${key}:2}`,
    `{${key}:{${key}:1.0,${key}:null},"x":0,${key}:[]}`,
  ]);
  const escaped = [
    String.raw`{"a":1,"\u0061":2}`,
    String.raw`{"é":1,"\u00e9":2,"\u00E9":3}`,
    '{"a":1,"a":1}',
    '{"a":1,"A":2}',
  ];
  const random3 = Array.from({ length: 300 }, () => {
    const key = random.pick(KEYS);
    const other = random.pick(KEYS);
    return `{${key}:${random.pick(leaves)},${other}:${random.pick(leaves)},${key}:${random.pick(leaves)}}`;
  });
  return [...chosen, ...escaped, ...random3];
}

/** Objects whose keys look like numbers: an object of JavaScript sorts them to the front. */
export function integerKeyTexts(
  random: SeededRandom,
  leaves: readonly [string, ...string[]],
): readonly string[] {
  const chosen = [
    '{"2":"b","1":"a"}',
    '{"b":0,"1":0,"a":0,"0":0}',
    '{"10":1,"9":2,"010":3}',
    '{"-1":1,"1":2,"0":3}',
    '{"4294967295":1,"4294967294":2}',
  ];
  return [
    ...chosen,
    ...Array.from({ length: 300 }, () => {
      const keys = Array.from({ length: 2 + random.below(5) }, (_, index) =>
        random.below(3) === 0
          ? random.pick(KEYS)
          : `"${random.below(20)}${index === 0 ? '' : random.below(10)}"`,
      );
      return `{${keys.map((key) => `${key}:${random.pick(leaves)}`).join(',')}}`;
    }),
  ];
}

/** Arrays and objects in each other, down to `maxDepth`. */
export function nestedTexts(maxDepth: number): readonly string[] {
  return Array.from({ length: maxDepth }, (_, index) => index + 1).flatMap((depth) => [
    '['.repeat(depth) + ']'.repeat(depth),
    `${'[1,'.repeat(depth - 1)}[]${']'.repeat(depth - 1)}`,
    '{"a":'.repeat(depth - 1) + '{}' + '}'.repeat(depth - 1),
    '[{"a":'.repeat(depth >> 1) + '1.0' + '}]'.repeat(depth >> 1),
    '{"value":'.repeat(depth - 1) + '{"value":1.0,"value":-0}' + '}'.repeat(depth - 1),
    '{"a":[],"b":'.repeat(depth - 1) + '{}' + ',"c":null}'.repeat(depth - 1),
  ]);
}

/** Values of all kinds in each other, with blanks wherever JSON lets them stand. */
export function structureTexts(
  random: SeededRandom,
  leaves: readonly [string, ...string[]],
  count: number,
): readonly string[] {
  return Array.from({ length: count }, () => structure(random, leaves, 1 + random.below(4)));
}

function structure(random: SeededRandom, leaves: readonly [string, ...string[]], depth: number): string {
  const space = (): string => random.pick(SPACES);
  if (depth === 0) return random.pick(leaves);
  const items = Array.from({ length: random.below(6) }, () => structure(random, leaves, random.below(depth)));
  if (random.below(2) === 0) return `[${space()}${items.join(`${space()},${space()}`)}${space()}]`;
  return `{${space()}${items.map((item) => `${random.pick(KEYS)}${space()}:${space()}${item}`).join(`${space()},${space()}`)}${space()}}`;
}
