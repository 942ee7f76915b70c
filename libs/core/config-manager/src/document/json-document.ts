import { quoted, type Position } from '../checks/config-problem.ts';
import { MAX_DEPTH, MAX_VALUES } from './document-limits.ts';
import { joinKey, type LocatedEntry, type LocatedScalar, type LocatedValue } from './located-value.ts';

/** What a reader of a document tells: where, which key, what is wrong. */
export interface DocumentFlaw {
  readonly at: Position;
  readonly key: string;
  readonly message: string;
}

/** A document whose text could be read. */
export interface JsonDocument {
  readonly value: LocatedValue;
  /** Keys that stand twice in one object: JSON readers take the last one. */
  readonly repeated: readonly DocumentFlaw[];
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /[A-Za-z_$][\w$-]*/y;
const LITERALS: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['null', null],
]);
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

class Flaw extends Error {
  readonly offset: number;
  readonly key: string;

  constructor(offset: number, message: string, key = '') {
    super(message);
    this.offset = offset;
    this.key = key;
  }
}

/**
 * Reads JSON (RFC 8259) with comments and trailing commas, as editors and the clients of MCP do; nothing of
 * YAML.
 *
 * @returns The document, or the first thing that is wrong with it. Never quotes a value: it may be a
 * credential.
 */
export function readJson(
  text: string,
  positionAt: (offset: number) => Position,
): JsonDocument | DocumentFlaw {
  const reader = new JsonReader(text, positionAt);
  try {
    return { value: reader.document(), repeated: reader.repeated };
  } catch (error) {
    if (!(error instanceof Flaw)) throw error;
    return { at: positionAt(error.offset), key: error.key, message: error.message };
  }
}

class JsonReader {
  readonly repeated: DocumentFlaw[] = [];
  readonly #text: string;
  readonly #positionAt: (offset: number) => Position;
  #at = 0;
  #size = 0;

  constructor(text: string, positionAt: (offset: number) => Position) {
    this.#text = text;
    this.#positionAt = positionAt;
  }

  document(): LocatedValue {
    this.#skip();
    const value = this.#value('', 0);
    this.#skip();
    if (this.#at < this.#text.length)
      throw new Flaw(this.#at, 'text follows the end of the document; check brackets and commas');
    return value;
  }

  #value(key: string, depth: number): LocatedValue {
    this.#size += 1;
    if (this.#size > MAX_VALUES)
      throw new Flaw(this.#at, `the file holds more than ${MAX_VALUES} values`, key);
    if (depth > MAX_DEPTH) throw new Flaw(this.#at, `values are nested deeper than ${MAX_DEPTH} levels`, key);
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(key, depth);
      case '[':
        return this.#list(key, depth);
      case '"': {
        const at = this.#here();
        const value = this.#string();
        return { kind: 'scalar', at, value, source: value, origin: 'written' };
      }
      default:
        return this.#literal();
    }
  }

  #object(key: string, depth: number): LocatedValue {
    const at = this.#here();
    const open = this.#at;
    const entries = new Map<string, LocatedEntry>();
    this.#at += 1;
    for (;;) {
      this.#skip();
      if (this.#take('}')) return { kind: 'map', at, entries };
      const keyAt = this.#here();
      const name = this.#name(open);
      this.#skip();
      if (!this.#take(':')) throw new Flaw(this.#at, `a ":" is missing after the key ${quoted(name)}`);
      this.#skip();
      const path = joinKey(key, name);
      const first = entries.get(name);
      if (first !== undefined)
        this.repeated.push({
          at: keyAt,
          key: path,
          message: `the key ${quoted(name)} stands twice; the first is in line ${first.at.line}`,
        });
      const value = this.#value(path, depth + 1);
      entries.set(name, { written: name, at: keyAt, value });
      this.#separator('}', open);
    }
  }

  #name(open: number): string {
    const start = this.#at;
    if (this.#text[start] === '"') {
      const name = this.#string();
      if (name === '__proto__') throw new Flaw(start, '"__proto__" cannot be a key');
      return name;
    }
    if (start >= this.#text.length) throw this.#unclosed(open);
    throw new Flaw(start, 'a key must stand in double quotes');
  }

  #list(key: string, depth: number): LocatedValue {
    const at = this.#here();
    const open = this.#at;
    const items: LocatedValue[] = [];
    this.#at += 1;
    for (;;) {
      this.#skip();
      if (this.#take(']')) return { kind: 'list', at, items };
      if (this.#at >= this.#text.length) throw this.#unclosed(open);
      items.push(this.#value(joinKey(key, String(items.length)), depth + 1));
      this.#separator(']', open);
    }
  }

  /** A comma, or what closes; the comma before it may stand there. */
  #separator(close: string, open: number): void {
    this.#skip();
    if (this.#take(',') || this.#text[this.#at] === close) return;
    if (this.#at >= this.#text.length) throw this.#unclosed(open);
    throw new Flaw(this.#at, `a "," or "${close}" is missing before this`);
  }

  #string(): string {
    const start = this.#at;
    let text = '';
    this.#at += 1;
    for (let from = this.#at; ;) {
      const character = this.#text[this.#at];
      if (character === '"') {
        text += this.#text.slice(from, this.#at);
        this.#at += 1;
        return text;
      }
      if (character === undefined || character === '\n' || character === '\r')
        throw new Flaw(start, 'a closing quote is missing: text ends on its line');
      if (character === '\\') {
        text += this.#text.slice(from, this.#at) + this.#escape();
        from = this.#at;
      } else if (character < ' ' && character !== '\t') {
        throw new Flaw(this.#at, 'a control character stands in text; write its escape, such as "\\u0007"');
      } else this.#at += 1;
    }
  }

  #escape(): string {
    const letter = this.#text[this.#at + 1] ?? '';
    if (letter === 'u') {
      const digits = this.#text.slice(this.#at + 2, this.#at + 6);
      if (/^[0-9A-Fa-f]{4}$/.test(digits)) {
        this.#at += 6;
        return String.fromCharCode(Number.parseInt(digits, 16));
      }
    } else if (Object.hasOwn(ESCAPES, letter)) {
      this.#at += 2;
      return ESCAPES[letter] ?? '';
    }
    throw new Flaw(this.#at, 'a "\\" starts no escape of JSON; write "\\\\" for a backslash');
  }

  #literal(): LocatedScalar {
    const at = this.#here();
    const number = this.#match(NUMBER);
    if (number !== undefined)
      return { kind: 'scalar', at, value: Number(number), source: number, origin: 'written' };
    const start = this.#at;
    const word = this.#match(WORD) ?? '';
    const value = LITERALS.get(word);
    if (value !== undefined) return { kind: 'scalar', at, value, source: word, origin: 'written' };
    throw new Flaw(
      start,
      'a value of JSON must stand here: text in double quotes, a number, true, false, null',
    );
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    // `010` and `1px` are no numbers of JSON.
    if (found === undefined || /[\w.+-]/.test(this.#text[this.#at + found.length] ?? '')) return undefined;
    this.#at += found.length;
    return found;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  /** White space and comments; a comment that is not closed reaches to the end. */
  #skip(): void {
    const between = /(?:\s|\/\/[^\n]*|\/\*[^]*?(?:\*\/|$))*/y;
    between.lastIndex = this.#at;
    this.#at += between.exec(this.#text)?.[0].length ?? 0;
  }

  #here(): Position {
    return this.#positionAt(this.#at);
  }

  #unclosed(open: number): Flaw {
    return new Flaw(open, `this "${this.#text[open]}" is not closed`);
  }
}
