/** How much JSON is accepted. */
export interface JsonLimits {
  /** Deepest nesting of objects and arrays. */
  readonly maxDepth: number;
  /** Most values in one text, containers included. */
  readonly maxElements: number;
}

/**
 * For texts that have passed the limits of their sender already, as parts of messages have, and for Omni's
 * own.
 */
export const TRUSTED_LIMITS: JsonLimits = { maxDepth: 1024, maxElements: Number.MAX_SAFE_INTEGER };

/** A value inside a text: `text.slice(start, end)` is its JSON. */
export interface JsonSpan {
  readonly start: number;
  readonly end: number;
}

/** A member of a recorded object. */
export interface JsonMember extends JsonSpan {
  readonly key: string;
  /** The members of the value, when they were asked for and the value is an object. */
  readonly object: JsonObject | undefined;
}

/** An object whose members were recorded, in order. */
export interface JsonObject extends JsonSpan {
  readonly members: readonly JsonMember[];
}

/** Names the members whose own members are to be recorded too. */
export interface RecordPlan {
  readonly [key: string]: RecordPlan;
}

export type JsonProblem = 'syntax' | 'depth' | 'elements' | 'duplicate-key';

export type JsonScan =
  | { readonly kind: 'object'; readonly object: JsonObject }
  | { readonly kind: 'array'; readonly items: readonly JsonSpan[] }
  | { readonly kind: 'scalar' }
  /** `at` is the offset of the first character that cannot stand. */
  | { readonly kind: 'problem'; readonly problem: JsonProblem; readonly at: number };

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
/** What may stand in a string as it is. */
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const HEX4 = /[0-9a-fA-F]{4}/y;
/** Behind so many characters of a string the engine's search is faster than a loop. */
const LOOP_LENGTH = 14;
/** Up to here comparing with each key costs less than a set. */
const FEW_MEMBERS = 16;

/**
 * Checks a text strictly against RFC 8259 and tells where its values stand, without building them.
 *
 * Nothing is converted, so numbers, escapes, key order and duplicates inside values survive when spans are
 * copied. Duplicate keys are refused in recorded objects only: elsewhere they are somebody's data.
 *
 * @param plan - Which objects below the root have their members recorded; the root's always are.
 */
export function scanJson(text: string, limits: JsonLimits, plan: RecordPlan = {}): JsonScan {
  const scanner = new Scanner(text, limits);
  return scanner.scan(plan);
}

/**
 * The object that a text of a message is.
 *
 * @param text - What is not an object, the empty text included, gives `undefined`; so do keys that occur
 * twice.
 */
export function objectIn(text: string, plan: RecordPlan = {}): JsonObject | undefined {
  const scan = text === '' ? undefined : scanJson(text, TRUSTED_LIMITS, plan);
  return scan?.kind === 'object' ? scan.object : undefined;
}

/** The member of that name, or `undefined`. */
export function memberOf(object: JsonObject | undefined, key: string): JsonMember | undefined {
  if (object === undefined) return undefined;
  for (const member of object.members)
    if (/* guard: advisory/CVE-2026-27896-case, json/key-case */ member.key === key) return member;
  return undefined;
}

/** The value of a string member; `undefined` when it is absent or not a string. */
export function stringMember(text: string, object: JsonObject | undefined, key: string): string | undefined {
  const member = memberOf(object, key);
  return member === undefined ? undefined : stringAt(text, member);
}

/** Decodes a string span; `undefined` when the span holds another type. */
export function stringAt(text: string, span: JsonSpan): string | undefined {
  if (text.charCodeAt(span.start) !== QUOTE) return undefined;
  const inner = text.slice(span.start + 1, span.end - 1);
  // The scanner has checked the literal, so it parses to a string.
  return inner.includes('\\') ? (JSON.parse(text.slice(span.start, span.end)) as string) : inner;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * By length: keys that stand in nearly every message. Taking the constant costs neither a string nor, later,
 * a comparison by character.
 */
const KNOWN_KEYS: readonly (readonly string[])[] = byLength([
  'id',
  'name',
  'uri',
  '_meta',
  'error',
  'method',
  'params',
  'result',
  'jsonrpc',
  'content',
  'isError',
  'arguments',
  'resultType',
  'structuredContent',
  'io.modelcontextprotocol/clientInfo',
  'io.modelcontextprotocol/protocolVersion',
  'io.modelcontextprotocol/clientCapabilities',
]);
const NO_KEYS: readonly string[] = [];

function byLength(keys: readonly string[]): readonly (readonly string[])[] {
  const longest = Math.max(...keys.map((key) => key.length));
  return Array.from({ length: longest + 1 }, (_, length) => keys.filter((key) => key.length === length));
}

/** The key in a checked string literal. */
function keyAt(text: string, start: number, end: number): string {
  for (const key of KNOWN_KEYS[end - start - 2] ?? NO_KEYS) if (text.startsWith(key, start + 1)) return key;
  return stringAt(text, { start, end }) ?? '';
}

function hasMember(members: readonly JsonMember[], key: string): boolean {
  for (const member of members) if (member.key === key) return true;
  return false;
}

/**
 * An empty array with room for four: one that grows from nothing takes room for seventeen at once, and few
 * objects have more than four members.
 */
function fewMembers(): JsonMember[] {
  return new Array<JsonMember>();
}

class Stop {
  readonly problem: JsonProblem;
  readonly at: number;

  constructor(problem: JsonProblem, at: number) {
    this.problem = problem;
    this.at = at;
  }
}

/** Each part is given where it begins, and says where it has ended. */
class Scanner {
  readonly #text: string;
  readonly #limits: JsonLimits;
  #elements = 0;

  constructor(text: string, limits: JsonLimits) {
    this.#text = text;
    this.#limits = limits;
  }

  scan(plan: RecordPlan): JsonScan {
    try {
      const start = this.#pastSpace(0);
      const first = this.#text.charCodeAt(start);
      const members = first === OPEN_OBJECT ? fewMembers() : undefined;
      const items: JsonSpan[] | undefined = first === OPEN_ARRAY ? [] : undefined;
      const end =
        members !== undefined
          ? this.#object(start, 1, plan, members)
          : items !== undefined
            ? this.#array(start, 1, items)
            : this.#value(start, 0);
      const rest = this.#pastSpace(end);
      // guard: json/rest
      if (rest !== this.#text.length) throw new Stop('syntax', rest);
      if (members !== undefined) return { kind: 'object', object: { start, end, members } };
      return items !== undefined ? { kind: 'array', items } : { kind: 'scalar' };
    } catch (stop) {
      if (stop instanceof Stop) return { kind: 'problem', problem: stop.problem, at: stop.at };
      throw stop;
    }
  }

  #pastSpace(from: number): number {
    const text = this.#text;
    let at = from;
    let code = text.charCodeAt(at);
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) code = text.charCodeAt(++at);
    return at;
  }

  /** Where the given character stands, behind white space at most. Nearly all texts have none of that. */
  #expect(expected: number, from: number): number {
    if (this.#text.charCodeAt(from) === expected) return from;
    const at = this.#pastSpace(from);
    if (this.#text.charCodeAt(at) !== expected) throw new Stop('syntax', at);
    return at;
  }

  /** @returns Where a comma or the given end stands. */
  #expectNext(end: number, from: number): number {
    const code = this.#text.charCodeAt(from);
    if (code === COMMA || code === end) return from;
    const at = this.#pastSpace(from);
    const behind = this.#text.charCodeAt(at);
    if (behind !== COMMA && behind !== end) throw new Stop('syntax', at);
    return at;
  }

  /** @param depth - Nesting around this value. */
  #value(start: number, depth: number): number {
    switch (this.#text.charCodeAt(start)) {
      case OPEN_OBJECT:
        return this.#object(start, depth + 1, undefined, undefined);
      case OPEN_ARRAY:
        return this.#array(start, depth + 1, undefined);
      case QUOTE:
        this.#count(start);
        return this.#string(start);
      case 0x74:
        return this.#literal('true', start);
      case 0x66:
        return this.#literal('false', start);
      case 0x6e:
        return this.#literal('null', start);
      default:
        return this.#number(start);
    }
  }

  #count(at: number): void {
    // guard: advisory/CVE-2026-111768-elements, json/elements
    if (++this.#elements > this.#limits.maxElements) throw new Stop('elements', at);
  }

  #object(
    start: number,
    depth: number,
    plan: RecordPlan | undefined,
    record: JsonMember[] | undefined,
  ): number {
    // guard: json/depth
    if (depth > this.#limits.maxDepth) throw new Stop('depth', start);
    this.#count(start);
    const text = this.#text;
    let at = this.#pastSpace(start + 1);
    if (text.charCodeAt(at) === CLOSE_OBJECT) return at + 1;
    let seen: Set<string> | undefined;
    for (;;) {
      const keyStart = this.#expect(QUOTE, at);
      const keyEnd = this.#string(keyStart);
      at = this.#pastSpace(this.#expect(COLON, keyEnd) + 1);
      if (record === undefined) at = this.#value(at, depth);
      else {
        const key = /* guard: advisory/CVE-2026-27896-escape, json/escaped-key */ keyAt(
          text,
          keyStart,
          keyEnd,
        );
        if (record.length >= FEW_MEMBERS) seen ??= new Set(record.map((member) => member.key));
        // guard: json/duplicate-key
        if (
          seen === undefined ? hasMember(record, key) : /* guard: json/duplicate-key-of-many */ seen.has(key)
        )
          throw new Stop('duplicate-key', keyStart);
        seen?.add(key);
        at = this.#recordedMember(at, depth, plan, record, key);
      }
      at = this.#expectNext(CLOSE_OBJECT, at) + 1;
      if (text.charCodeAt(at - 1) === CLOSE_OBJECT) return at;
    }
  }

  #recordedMember(
    start: number,
    depth: number,
    plan: RecordPlan | undefined,
    record: JsonMember[],
    key: string,
  ): number {
    const isPlanned =
      plan !== undefined &&
      this.#text.charCodeAt(start) === OPEN_OBJECT &&
      /* guard: json/prototype */ Object.hasOwn(plan, key);
    const inner = isPlanned ? plan[key] : undefined;
    if (inner === undefined) {
      const end = this.#value(start, depth);
      record.push({ key, start, end, object: undefined });
      return end;
    }
    const members = fewMembers();
    const end = this.#object(start, depth + 1, inner, members);
    record.push({ key, start, end, object: { start, end, members } });
    return end;
  }

  #array(start: number, depth: number, record: JsonSpan[] | undefined): number {
    // guard: advisory/CVE-2026-111768-depth, json/depth-of-arrays
    if (depth > this.#limits.maxDepth) throw new Stop('depth', start);
    this.#count(start);
    const text = this.#text;
    let at = this.#pastSpace(start + 1);
    if (text.charCodeAt(at) === CLOSE_ARRAY) return at + 1;
    for (;;) {
      const itemStart = this.#pastSpace(at);
      at = this.#value(itemStart, depth);
      record?.push({ start: itemStart, end: at });
      at = this.#expectNext(CLOSE_ARRAY, at) + 1;
      if (text.charCodeAt(at - 1) === CLOSE_ARRAY) return at;
    }
  }

  #string(start: number): number {
    const text = this.#text;
    const stop = start + 1 + LOOP_LENGTH;
    for (let at = start + 1; at < stop; at++) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) return at + 1;
      // NaN, the end of the text, fails both comparisons and lands in the search below.
      if (/* guard: json/control-in-short */ !(code >= 0x20) || code === BACKSLASH)
        return this.#restOfString(at);
    }
    return this.#restOfString(stop);
  }

  #restOfString(from: number): number {
    const text = this.#text;
    for (let at = from; ;) {
      while (text.charCodeAt(at) === BACKSLASH) at = this.#escape(at);
      PLAIN.lastIndex = at;
      PLAIN.test(text);
      at = PLAIN.lastIndex;
      const code = text.charCodeAt(at);
      if (code === QUOTE) return at + 1;
      // guard: json/control-characters
      if (code !== BACKSLASH) throw new Stop('syntax', at);
    }
  }

  /** @returns The offset behind the escape that begins at `at`. */
  #escape(at: number): number {
    const code = this.#text.charCodeAt(at + 1);
    if (code === 0x75) {
      HEX4.lastIndex = at + 2;
      if (!HEX4.test(this.#text)) throw new Stop('syntax', at);
      return at + 6;
    }
    // " \ / b f n r t
    if (
      code === QUOTE ||
      code === BACKSLASH ||
      code === 0x2f ||
      code === 0x62 ||
      code === 0x66 ||
      code === 0x6e ||
      code === 0x72 ||
      code === 0x74
    ) {
      return at + 2;
    }
    throw new Stop('syntax', at);
  }

  #literal(word: string, start: number): number {
    this.#count(start);
    if (!this.#text.startsWith(word, start)) throw new Stop('syntax', start);
    return start + word.length;
  }

  #number(start: number): number {
    this.#count(start);
    const text = this.#text;
    let at = start;
    let code = text.charCodeAt(at);
    if (code >= 0x31 && code <= 0x39) {
      do code = text.charCodeAt(++at);
      while (code >= 0x30 && code <= 0x39);
      // Nearly all numbers are whole; what else may follow is for the pattern.
      if (code === COMMA || code === CLOSE_OBJECT || code === CLOSE_ARRAY) return at;
    }
    NUMBER.lastIndex = start;
    if (!NUMBER.test(text)) throw new Stop('syntax', start);
    return NUMBER.lastIndex;
  }
}
