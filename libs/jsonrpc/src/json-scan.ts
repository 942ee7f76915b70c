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
const CONTROL = /[\u0000-\u001f]/g;
const HEX4 = /[0-9a-fA-F]{4}/y;
/** Longer strings are searched with the engine's native search in place of a loop. */
const LOOP_LENGTH = 24;
/**
 * Behind the end of every text that there can be, and a small integer: a field that also holds fractions
 * costs an object at each change.
 */
const NOWHERE = 0x3fff_ffff;
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
const BACKSLASH = 0x5c;

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

class Scanner {
  readonly #text: string;
  readonly #limits: JsonLimits;
  #pos = 0;
  #elements = 0;
  // Next backslash and control character at or behind the position; looked up again only when passed.
  #nextBackslash = -1;
  #nextControl = -1;

  constructor(text: string, limits: JsonLimits) {
    this.#text = text;
    this.#limits = limits;
  }

  scan(plan: RecordPlan): JsonScan {
    try {
      this.#skipSpace();
      const start = this.#pos;
      const first = this.#text.charCodeAt(start);
      const members = first === 0x7b ? fewMembers() : undefined;
      const items: JsonSpan[] | undefined = first === 0x5b ? [] : undefined;
      if (members !== undefined) this.#object(1, plan, members);
      else if (items !== undefined) this.#array(1, items);
      else this.#value(0);
      const end = this.#pos;
      this.#skipSpace();
      // guard: json/rest
      if (this.#pos !== this.#text.length) throw new Stop('syntax', this.#pos);
      if (members !== undefined) return { kind: 'object', object: { start, end, members } };
      return items !== undefined ? { kind: 'array', items } : { kind: 'scalar' };
    } catch (stop) {
      if (stop instanceof Stop) return { kind: 'problem', problem: stop.problem, at: stop.at };
      throw stop;
    }
  }

  #skipSpace(): void {
    const text = this.#text;
    let pos = this.#pos;
    let code = text.charCodeAt(pos);
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) code = text.charCodeAt(++pos);
    this.#pos = pos;
  }

  /** @param depth - Nesting around this value. */
  #value(depth: number): void {
    switch (this.#text.charCodeAt(this.#pos)) {
      case 0x7b:
        return this.#object(depth + 1, undefined, undefined);
      case 0x5b:
        return this.#array(depth + 1, undefined);
      case QUOTE:
        this.#count();
        return this.#string();
      case 0x74:
        return this.#literal('true');
      case 0x66:
        return this.#literal('false');
      case 0x6e:
        return this.#literal('null');
      default:
        return this.#number();
    }
  }

  #count(): void {
    // guard: advisory/CVE-2026-111768-elements, json/elements
    if (++this.#elements > this.#limits.maxElements) throw new Stop('elements', this.#pos);
  }

  #object(depth: number, plan: RecordPlan | undefined, record: JsonMember[] | undefined): void {
    // guard: json/depth
    if (depth > this.#limits.maxDepth) throw new Stop('depth', this.#pos);
    this.#count();
    const text = this.#text;
    this.#pos++;
    this.#skipSpace();
    if (text.charCodeAt(this.#pos) === 0x7d) {
      this.#pos++;
      return;
    }
    let seen: Set<string> | undefined;
    for (;;) {
      if (text.charCodeAt(this.#pos) !== QUOTE) throw new Stop('syntax', this.#pos);
      const keyStart = this.#pos;
      this.#string();
      const keyEnd = this.#pos;
      this.#skipSpace();
      if (text.charCodeAt(this.#pos) !== 0x3a) throw new Stop('syntax', this.#pos);
      this.#pos++;
      this.#skipSpace();
      if (record === undefined) this.#value(depth);
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
        this.#recordedMember(depth, plan, record, key);
      }
      this.#skipSpace();
      const code = text.charCodeAt(this.#pos);
      if (code !== 0x2c && code !== 0x7d) throw new Stop('syntax', this.#pos);
      this.#pos++;
      if (code === 0x7d) return;
      this.#skipSpace();
    }
  }

  #recordedMember(depth: number, plan: RecordPlan | undefined, record: JsonMember[], key: string): void {
    const start = this.#pos;
    const isPlanned =
      plan !== undefined &&
      this.#text.charCodeAt(start) === 0x7b &&
      /* guard: json/prototype */ Object.hasOwn(plan, key);
    const inner = isPlanned ? plan[key] : undefined;
    if (inner === undefined) {
      this.#value(depth);
      record.push({ key, start, end: this.#pos, object: undefined });
      return;
    }
    const members = fewMembers();
    this.#object(depth + 1, inner, members);
    record.push({ key, start, end: this.#pos, object: { start, end: this.#pos, members } });
  }

  #array(depth: number, record: JsonSpan[] | undefined): void {
    // guard: advisory/CVE-2026-111768-depth, json/depth-of-arrays
    if (depth > this.#limits.maxDepth) throw new Stop('depth', this.#pos);
    this.#count();
    const text = this.#text;
    this.#pos++;
    this.#skipSpace();
    if (text.charCodeAt(this.#pos) === 0x5d) {
      this.#pos++;
      return;
    }
    for (;;) {
      const start = this.#pos;
      this.#value(depth);
      record?.push({ start, end: this.#pos });
      this.#skipSpace();
      const code = text.charCodeAt(this.#pos);
      if (code !== 0x2c && code !== 0x5d) throw new Stop('syntax', this.#pos);
      this.#pos++;
      if (code === 0x5d) return;
      this.#skipSpace();
    }
  }

  #string(): void {
    const text = this.#text;
    const start = this.#pos + 1;
    const stop = start + LOOP_LENGTH;
    for (let at = start; at < stop; at++) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        this.#pos = at + 1;
        return;
      }
      // NaN, the end of the text, fails both comparisons and lands in the search below.
      if (/* guard: json/control-in-short */ !(code >= 0x20) || code === BACKSLASH) break;
    }
    let quote = text.indexOf('"', start);
    if (quote < 0) throw new Stop('syntax', text.length);
    if (this.#nextBackslash < start) this.#nextBackslash = this.#find('\\', start);
    while (this.#nextBackslash < quote) {
      const after = this.#escape(this.#nextBackslash);
      if (quote < after) quote = text.indexOf('"', after);
      if (quote < 0) throw new Stop('syntax', text.length);
      this.#nextBackslash = text.charCodeAt(after) === BACKSLASH ? after : this.#find('\\', after);
    }
    if (this.#nextControl < start) {
      CONTROL.lastIndex = start;
      this.#nextControl = CONTROL.exec(text)?.index ?? NOWHERE;
    }
    // guard: json/control-characters
    if (this.#nextControl < quote) throw new Stop('syntax', this.#nextControl);
    this.#pos = quote + 1;
  }

  #find(what: string, from: number): number {
    const at = this.#text.indexOf(what, from);
    return at < 0 ? NOWHERE : at;
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

  #literal(word: string): void {
    this.#count();
    if (!this.#text.startsWith(word, this.#pos)) throw new Stop('syntax', this.#pos);
    this.#pos += word.length;
  }

  #number(): void {
    this.#count();
    const text = this.#text;
    let at = this.#pos;
    let code = text.charCodeAt(at);
    if (code >= 0x31 && code <= 0x39) {
      do code = text.charCodeAt(++at);
      while (code >= 0x30 && code <= 0x39);
      // Nearly all numbers are whole; what else may follow is for the pattern.
      if (code === 0x2c || code === 0x7d || code === 0x5d) {
        this.#pos = at;
        return;
      }
    }
    NUMBER.lastIndex = this.#pos;
    if (!NUMBER.test(this.#text)) throw new Stop('syntax', this.#pos);
    this.#pos = NUMBER.lastIndex;
  }
}
