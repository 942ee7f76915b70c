import { plainText } from './control-characters.ts';
import { isDistinct } from './secret-value.ts';
import { decodedViews, joinedView, type TextView } from './text-view.ts';

type Range = readonly [from: number, to: number];

const ENCODER = new TextEncoder();
/** JSON in JSON, JSON in a URL. */
const MAX_DECODINGS = 2;
/** A base64 text is told by this many characters; fewer may be anything. */
const MIN_BASE64 = 8;
/** What holds the rest of the last byte. */
const BASE64_END = /[A-Za-z0-9+/_-]{0,2}={0,2}/y;

/**
 * One value, and how to find it in every form in which programs print it. Searches are for fixed texts: they
 * take time in proportion to the text.
 */
export class SecretSearch {
  readonly #plain: string;
  readonly #isDistinct: boolean;
  readonly #encoded: readonly string[];

  constructor(value: string) {
    this.#plain = joinedView(plainText(value)).text;
    this.#isDistinct = isDistinct(value);
    this.#encoded = this.#isDistinct ? encodedForms(ENCODER.encode(value)) : [];
  }

  /** Adds the ranges of the text that hold the value. @param views - As of {@link viewsOf}. */
  find(text: string, views: readonly TextView[], ranges: Range[]): void {
    for (const view of views)
      for (const at of placesOf(view.text, this.#plain)) {
        const range = view.range(at, at + this.#plain.length);
        if (this.#isDistinct || standsAlone(text, range)) ranges.push(range);
      }
    const [joined] = views;
    if (joined === undefined) return;
    for (const encoded of this.#encoded)
      for (const at of placesOf(joined.text, encoded)) {
        BASE64_END.lastIndex = at + encoded.length;
        BASE64_END.test(joined.text);
        ranges.push(joined.range(at, Math.max(BASE64_END.lastIndex, at + encoded.length)));
      }
  }
}

/** A text as it is without gaps, and as its escapes read, those within others too. */
export function viewsOf(text: string): readonly TextView[] {
  const views = [joinedView(text)];
  let latest = views;
  for (let round = 0; round < MAX_DECODINGS; round += 1) {
    latest = latest.flatMap((view) => decodedViews(view));
    views.push(...latest);
  }
  return views;
}

/** Puts the mask in the place of ranges, of those that overlap once. */
export function masked(text: string, ranges: readonly Range[], mask: string): string {
  if (ranges.length === 0) return text;
  let result = '';
  let rest = 0;
  let end = -1;
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    if (from >= end) {
      result += text.slice(rest, from) + mask;
      end = to;
    } else end = Math.max(end, to);
    rest = end;
  }
  return result + text.slice(rest);
}

function* placesOf(text: string, sought: string): Iterable<number> {
  if (sought === '') return;
  for (let at = text.indexOf(sought); at !== -1; at = text.indexOf(sought, at + sought.length)) yield at;
}

/** Neither a part of a word nor a piece of a path. */
function standsAlone(text: string, [from, to]: Range): boolean {
  return (
    !/[\w/\\-]$|\w\.$/.test(text.slice(Math.max(0, from - 2), from)) &&
    !/^(?:[\w/\\-]|\.\w)/.test(text.slice(to, to + 2))
  );
}

/**
 * Hexadecimal, what Node prints of a buffer, and what base64 makes of a value wherever it begins, such as
 * behind a user's name: without the characters that neighbours share.
 */
function encodedForms(bytes: Uint8Array): readonly string[] {
  const pairs = [...bytes].map((byte) => byte.toString(16).padStart(2, '0'));
  const hexadecimal = pairs.join('');
  const forms = new Set([hexadecimal, hexadecimal.toUpperCase(), pairs.join(' '), bytes.join(',')]);
  for (const before of [0, 1, 2]) {
    const shifted = new Uint8Array(before + bytes.length);
    shifted.set(bytes, before);
    let binary = '';
    for (const byte of shifted) binary += String.fromCharCode(byte);
    // Each character is 6 bits: the first that is the value's alone, and as many as are.
    const text = btoa(binary).slice(Math.ceil((before * 8) / 6), Math.floor((shifted.length * 8) / 6));
    if (text.length < MIN_BASE64) continue;
    forms.add(text);
    forms.add(text.replaceAll('+', '-').replaceAll('/', '_'));
  }
  return [...forms];
}
