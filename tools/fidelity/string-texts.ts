import type { SeededRandom } from './seeded-random.ts';

/** Code points at which programs go wrong. */
const CODE_POINTS = [
  ...[
    0x20, 0x21, 0x2f, 0x7e, 0x7f, 0x80, 0x85, 0x9f, 0xa0, 0xad, 0xb5, 0xdf, 0xe9, 0xff, 0x100, 0x130, 0x131,
    0x149, 0x17f, 0x1c4, 0x1f0,
  ],
  ...[
    0x300, 0x301, 0x34f, 0x370, 0x3c2, 0x5d0, 0x61c, 0x627, 0x70f, 0x7ff, 0x800, 0x904, 0xe01, 0xfff, 0x1100,
    0x115f, 0x180e, 0x1e9e,
  ],
  ...[
    0x2000, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2060, 0x2066, 0x2069,
    0x206f, 0x20ac, 0x212a, 0x212b,
  ],
  ...[
    0x2211, 0x3000, 0x3042, 0x4e2d, 0xac00, 0xd7ff, 0xe000, 0xf8ff, 0xfb01, 0xfdd0, 0xfdef, 0xfe0f, 0xfeff,
    0xff21, 0xfff9, 0xfffc, 0xfffd,
  ],
  ...[
    0xfffe, 0xffff, 0x10000, 0x1f600, 0x1f1e6, 0x1f468, 0x1fffe, 0x1ffff, 0x20000, 0x2f800, 0xe0001, 0xe0100,
    0xeffff, 0xf0000, 0x10fffe, 0x10ffff,
  ],
] as const;

const CHOSEN = [
  String.raw`""`,
  String.raw`"\""`,
  String.raw`"\\"`,
  String.raw`"\/"`,
  String.raw`"/"`,
  String.raw`"\b\f\n\r\t"`,
  String.raw`"\u0000"`,
  String.raw`"\u0000\u0001\u001f\u007f"`,
  String.raw`"\u000a\u000A\u000d"`,
  String.raw`"\u0041\u0042"`,
  String.raw`"\u00e9 \u00E9 \u00eB"`,
  String.raw`"\ud83d\ude00"`,
  String.raw`"\uD83D\uDE00"`,
  String.raw`"\ud800"`,
  String.raw`"\udc00"`,
  String.raw`"\udc00\ud800"`,
  String.raw`"\ud800\ud800\udc00"`,
  String.raw`"\ud83dx\ude00"`,
  String.raw`"\ud83d\\ude00"`,
  String.raw`"\u2028\u2029"`,
  String.raw`"\u003c/script\u003e \u0026amp; \u0027"`,
  String.raw`"\ufeff\ufffe\uffff"`,
  String.raw`"\\u0041 \\\u0041 \\\\u0041"`,
  String.raw`"\u002c\u0022\u005c"`,
  String.raw`"\\\""`,
  String.raw`"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\"}"`,
  String.raw`"\",\"arguments\":{}"`,
  `"data: x event: y id: 3 retry: 1"`,
  `"${'"},{"id":1'.replaceAll('"', String.raw`\"`)}"`,
  `"__proto__"`,
  `"é = é"`,
  `"👨‍👩‍👧‍👦 🏳️‍🌈 🇳🇴 ☕️"`,
  `"\u202egnp.exe\u202c"`,
  `"ſK ﬁ İı ß ẞ"`,
  `"\u2028|\u2029|\u0085|\ufeff"`,
  `" leading and trailing  "`,
  `"%00%0d%0a &lt; %s \${x} #{y} {{z}}"`,
] as const;

const PIECES = [
  ...[
    'a',
    'Z',
    '0',
    ' ',
    '/',
    'é',
    'ß',
    '日本',
    '🦜',
    '\u2028',
    '\u0301',
    '\u200d',
    '\ufeff',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    "'",
  ],
  ...[
    String.raw`\"`,
    String.raw`\\`,
    String.raw`\/`,
    String.raw`\n`,
    String.raw`\r\n`,
    String.raw`\t`,
    String.raw`\u0000`,
    String.raw`\u001F`,
  ],
  ...[
    String.raw`\u00e9`,
    String.raw`\u00E9`,
    String.raw`\ud83d\ude00`,
    String.raw`\ud83d`,
    String.raw`\ude00`,
    String.raw`\uFFFF`,
    String.raw`\u0022`,
  ],
] as const;

/** String literals: plain and escaped characters of every kind, halves of surrogate pairs, and long ones. */
export function stringTexts(random: SeededRandom): readonly string[] {
  return [...CHOSEN, ...CODE_POINTS.flatMap(spellings), ...mixed(random), ...long()];
}

/** One character as it is, between others, and escaped in small and capital letters. */
function spellings(code: number): string[] {
  const plain = String.fromCodePoint(code);
  const units = Array.from({ length: plain.length }, (_, index) =>
    plain.charCodeAt(index).toString(16).padStart(4, '0'),
  );
  return [
    `"${plain}"`,
    `"a${plain}${plain}z"`,
    `"${units.map((unit) => `\\u${unit}`).join('')}"`,
    `"${units.map((unit) => `\\u${unit.toUpperCase()}`).join('')}"`,
    `"${plain}${units.map((unit) => `\\u${unit}`).join('')}"`,
  ];
}

function mixed(random: SeededRandom): string[] {
  return Array.from(
    { length: 420 },
    () => `"${Array.from({ length: 1 + random.below(12) }, () => random.pick(PIECES)).join('')}"`,
  );
}

function long(): string[] {
  return [23, 24, 25, 255, 4_096, 16_385].flatMap((length) => [
    `"${'x'.repeat(length)}"`,
    `"${'é'.repeat(length)}"`,
    `"${'x'.repeat(length - 1)}\\n"`,
    `"${'\\u00e9'.repeat(length >> 2)}"`,
  ]);
}
