/** Values as CEL takes them: integers exact, objects as maps. */
export type CelValue = null | boolean | string | bigint | number | readonly CelValue[] | CelMap;
export type CelMap = ReadonlyMap<string, CelValue>;

/** Values that conditions look at, and how large they are. */
export interface SizedValues {
  readonly values: CelMap;
  /** Most members of one list or map. */
  readonly longest: number;
  /** Characters of their JSON. */
  readonly length: number;
}

export const NO_VALUES: SizedValues = { values: new Map(), longest: 0, length: 0 };

const MAX_DEPTH = 64;
const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);
const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
/** The part of a string before an escape or its end. */
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const ESCAPED = /(?:[^"\\\u0000-\u001f]|\\.)*/y;
/** Up to here a loop is faster than the engine's search. */
const LOOP_LENGTH = 24;
/** Digits that a double has for any integer. */
const SAFE_DIGITS = 15;

/** Why arguments cannot be judged; the message is for the client. */
export class UnreadableArguments extends Error {
  override readonly name = 'UnreadableArguments';
}

/**
 * Reads arguments of a call. Integers are exact; a number that a double cannot hold exactly and that is a
 * whole one is refused, and so are keys that stand twice.
 *
 * @param text - JSON of an object.
 * @throws {@link UnreadableArguments}
 */
export function readArguments(text: string): SizedValues {
  const reader = new Reader(text);
  const values = reader.whole();
  if (!isMap(values)) throw new UnreadableArguments('The arguments are no object');
  return { values, longest: reader.longest, length: text.length };
}

/**
 * The same of values that came as objects, such as claims.
 *
 * @throws {@link UnreadableArguments}
 */
export function sizedValues(values: Readonly<Record<string, unknown>>): SizedValues {
  return readArguments(JSON.stringify(values));
}

export function isMap(value: CelValue): value is CelMap {
  return value instanceof Map;
}

export function isList(value: CelValue): value is readonly CelValue[] {
  return Array.isArray(value);
}

class Reader {
  readonly #text: string;
  #at = 0;
  longest = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): CelValue {
    const value = this.#value(0);
    this.#skip();
    if (this.#at !== this.#text.length) throw this.#fault('is not JSON');
    return value;
  }

  #value(depth: number): CelValue {
    if (depth > MAX_DEPTH) throw this.#fault('is nested too deeply');
    this.#skip();
    const text = this.#text;
    switch (text.charCodeAt(this.#at)) {
      case 0x7b:
        return this.#map(depth);
      case 0x5b:
        return this.#list(depth);
      case 0x22:
        return this.#string();
      case 0x74:
        return this.#word('true', true);
      case 0x66:
        return this.#word('false', false);
      case 0x6e:
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #map(depth: number): CelMap {
    const map = new Map<string, CelValue>();
    this.#at++;
    if (this.#ends(0x7d)) return map;
    do {
      this.#skip();
      const key = this.#string();
      this.#skip();
      this.#expect(0x3a);
      const { size } = map;
      map.set(key, this.#value(depth + 1));
      // guard: policy/doubled-key
      if (map.size === size) throw new UnreadableArguments(`The key ${JSON.stringify(key)} stands twice`);
    } while (this.#continues(0x7d));
    this.longest = Math.max(this.longest, map.size);
    return map;
  }

  #list(depth: number): readonly CelValue[] {
    const list: CelValue[] = [];
    this.#at++;
    if (this.#ends(0x5d)) return list;
    do list.push(this.#value(depth + 1));
    while (this.#continues(0x5d));
    this.longest = Math.max(this.longest, list.length);
    return list;
  }

  #string(): string {
    this.#expect(0x22);
    const text = this.#text;
    const start = this.#at;
    let end = start;
    let code = text.charCodeAt(end);
    while (isPlain(code) && end < start + LOOP_LENGTH) code = text.charCodeAt(++end);
    if (isPlain(code)) {
      this.#at = end;
      end = this.#match(PLAIN);
      code = text.charCodeAt(end);
    }
    if (code === 0x22) {
      this.#at = end + 1;
      return text.slice(start, end);
    }
    this.#at = start;
    end = this.#match(ESCAPED);
    this.#at = end;
    this.#expect(0x22);
    try {
      // It begins with a quote, so it is a text or no JSON.
      return JSON.parse(this.#text.slice(start - 1, end + 1)) as string;
    } catch {
      throw this.#fault('is not JSON');
    }
  }

  #number(): bigint | number {
    const short = this.#shortInteger();
    if (short !== undefined) return short;
    NUMBER.lastIndex = this.#at;
    const [digits, fraction, exponent] = NUMBER.exec(this.#text) ?? [];
    if (digits === undefined) throw this.#fault('is not JSON');
    this.#at += digits.length;
    if (fraction === undefined && exponent === undefined) {
      const integer = BigInt(digits);
      if (digits.length > SAFE_DIGITS && (integer > MAX_INT64 || integer < MIN_INT64))
        throw this.#fault('has an integer beyond 64 bits');
      return integer;
    }
    const number = Number(digits);
    // guard: policy/inexact-integers
    if (Math.abs(number) > Number.MAX_SAFE_INTEGER)
      throw this.#fault('has a number beyond 2^53 that is not written as an integer');
    return number;
  }

  /** Most numbers are: digits alone, few enough for a double. */
  #shortInteger(): bigint | undefined {
    const text = this.#text;
    let at = this.#at;
    let code = text.charCodeAt(at);
    let integer = 0;
    while (code >= 0x30 && code <= 0x39) {
      integer = integer * 10 + code - 0x30;
      code = text.charCodeAt(++at);
    }
    const length = at - this.#at;
    const goesOn = code === 0x2e || code === 0x65 || code === 0x45;
    if (length === 0 || length > SAFE_DIGITS || goesOn) return undefined;
    if (length > 1 && text.charCodeAt(this.#at) === 0x30) return undefined;
    this.#at = at;
    return BigInt(integer);
  }

  #word<Value extends CelValue>(word: string, value: Value): Value {
    if (!this.#text.startsWith(word, this.#at)) throw this.#fault('is not JSON');
    this.#at += word.length;
    return value;
  }

  #skip(): void {
    if (this.#text.charCodeAt(this.#at) > 0x20) return;
    this.#at = this.#match(SPACE);
  }

  #match(pattern: RegExp): number {
    pattern.lastIndex = this.#at;
    pattern.test(this.#text);
    return pattern.lastIndex;
  }

  #ends(code: number): boolean {
    this.#skip();
    if (this.#text.charCodeAt(this.#at) !== code) return false;
    this.#at++;
    return true;
  }

  #continues(end: number): boolean {
    if (this.#ends(end)) return false;
    this.#expect(0x2c);
    return true;
  }

  #expect(code: number): void {
    if (this.#text.charCodeAt(this.#at) !== code) throw this.#fault('is not JSON');
    this.#at++;
  }

  #fault(what: string): UnreadableArguments {
    return new UnreadableArguments(`The argument text ${what} at character ${this.#at}`);
  }
}

/** What may stand in a string as it is; `NaN`, behind the end, may not. */
function isPlain(code: number): boolean {
  return code >= 0x20 && code !== 0x22 && code !== 0x5c;
}
