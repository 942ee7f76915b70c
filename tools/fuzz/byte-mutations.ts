import type { Choice } from './choice.ts';

/** What a mutation may draw on besides its input. */
export interface MutationSources {
  readonly choice: Choice;
  readonly dictionary: readonly string[];
  /** Another input that was worth keeping. */
  readonly other: Uint8Array;
}

/** Changes an input; may return it as it is where there is nothing to change. */
export type Mutation = (input: Uint8Array, sources: MutationSources) => Uint8Array;

const EDGE_BYTES = [
  0x00, 0x09, 0x0a, 0x0d, 0x1f, 0x20, 0x22, 0x2c, 0x30, 0x3a, 0x5c, 0x7b, 0x7d, 0x7e, 0x7f, 0x80, 0xbf, 0xc0,
  0xed, 0xf4, 0xff,
];
const UNICODE_EDGES = [
  '\u0000',
  '\u0085',
  '\u00a0',
  '\u2028',
  '\u2029',
  '\u200b',
  '\uFEFF',
  '\uFFFD',
  '\uFFFF',
  '\u212a',
  '\u017f',
  'é',
  'e\u0301',
  '語',
  '😀',
  '\u{10FFFF}',
];
/**
 * Bytes that are no UTF-8: overlong, a lone continuation, half of a pair, cut short, beyond the last
 * character.
 */
const BAD_UTF8: readonly (readonly number[])[] = [
  [0xc0, 0xaf],
  [0x80],
  [0xed, 0xa0, 0x80],
  [0xe2, 0x82],
  [0xf5, 0x80, 0x80, 0x80],
  [0xef, 0xbb, 0xbf],
];
const NUMBERS = [
  '0',
  '-0',
  '1',
  '-1',
  '01',
  '1.0',
  '1e3',
  '1E400',
  '0x10',
  '127',
  '128',
  '255',
  '256',
  '65535',
  '65536',
  '2147483648',
  '9007199254740993',
  '99999999999999999999',
];
const RUNS = [1, 2, 3, 7, 16, 24, 25, 64, 125, 126, 127, 300];

const encoder = new TextEncoder();

/** Replaces `input[start, end)` by `bytes`. */
export function replaced(input: Uint8Array, start: number, end: number, bytes: Uint8Array): Uint8Array {
  const output = new Uint8Array(input.length - (end - start) + bytes.length);
  output.set(input.subarray(0, start));
  output.set(bytes, start);
  output.set(input.subarray(end), start + bytes.length);
  return output;
}

function inserted(input: Uint8Array, choice: Choice, bytes: Uint8Array): Uint8Array {
  const at = choice.below(input.length + 1);
  // Replaces existing bytes as often as it inserts before them.
  return replaced(input, at, choice.once(2) ? at : Math.min(input.length, at + bytes.length), bytes);
}

function rangeOf(input: Uint8Array, choice: Choice): readonly [start: number, end: number] {
  const start = choice.below(input.length);
  const length = 1 + choice.below(choice.once(3) ? input.length : 8);
  return [start, Math.min(input.length, start + length)];
}

export const BYTE_MUTATIONS: readonly Mutation[] = [
  function flipBit(input, { choice }) {
    const output = input.slice();
    const at = choice.below(input.length);
    const byte = output[at];
    if (byte !== undefined) output[at] = byte ^ (1 << choice.below(8));
    return output;
  },
  function setByte(input, { choice }) {
    const output = input.slice();
    if (output.length > 0)
      output[choice.below(input.length)] = choice.once(2)
        ? choice.below(256)
        : (choice.pick(EDGE_BYTES) ?? 0);
    return output;
  },
  function insertByte(input, { choice }) {
    return inserted(
      input,
      choice,
      Uint8Array.of(choice.once(2) ? choice.below(256) : (choice.pick(EDGE_BYTES) ?? 0)),
    );
  },
  function insertRun(input, { choice }) {
    const byte = input[choice.below(input.length)] ?? 0x20;
    return inserted(input, choice, new Uint8Array(choice.pick(RUNS) ?? 1).fill(byte));
  },
  function insertUnicode(input, { choice }) {
    const bytes = choice.once(2)
      ? encoder.encode(choice.pick(UNICODE_EDGES))
      : Uint8Array.from(choice.pick(BAD_UTF8) ?? []);
    return inserted(input, choice, bytes);
  },
  function insertWord(input, { choice, dictionary }) {
    return inserted(input, choice, encoder.encode(choice.pick(dictionary)));
  },
  function insertWordAgain(input, { choice, dictionary }) {
    return inserted(input, choice, encoder.encode(choice.pick(dictionary)));
  },
  function removeRange(input, { choice }) {
    const [start, end] = rangeOf(input, choice);
    return replaced(input, start, end, new Uint8Array(0));
  },
  function repeatRange(input, { choice }) {
    const [start, end] = rangeOf(input, choice);
    const chunk = input.subarray(start, end);
    const times = choice.once(4) ? (choice.pick(RUNS) ?? 1) : 1;
    const bytes = new Uint8Array(chunk.length * times);
    for (let time = 0; time < times; time++) bytes.set(chunk, time * chunk.length);
    return replaced(input, end, end, bytes);
  },
  function moveRange(input, { choice }) {
    const [start, end] = rangeOf(input, choice);
    return inserted(replaced(input, start, end, new Uint8Array(0)), choice, input.slice(start, end));
  },
  function cutOff(input, { choice }) {
    return input.slice(0, choice.below(input.length));
  },
  function spliceOther(input, { choice, other }) {
    return replaced(input, choice.below(input.length), input.length, other.slice(choice.below(other.length)));
  },
  function insertOther(input, { choice, other }) {
    const [start, end] = rangeOf(other, choice);
    return inserted(input, choice, other.slice(start, end));
  },
  function changeNumber(input, { choice }) {
    const digits = choice.pick(indexesOf(input, (byte) => byte >= 0x30 && byte <= 0x39));
    if (digits === undefined) return input;
    let end = digits;
    while ((input[end] ?? 0) >= 0x30 && (input[end] ?? 0) <= 0x39) end++;
    return replaced(input, digits, end, encoder.encode(choice.pick(NUMBERS)));
  },
];

function indexesOf(input: Uint8Array, isWanted: (byte: number) => boolean): readonly number[] {
  const found: number[] = [];
  for (const [index, byte] of input.entries()) if (isWanted(byte)) found.push(index);
  return found;
}
