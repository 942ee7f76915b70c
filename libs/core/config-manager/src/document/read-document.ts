import { LineCounter, isAlias, isMap, isScalar, isSeq, parseDocument, type ErrorCode, type Node } from 'yaml';
import { quoted, type Position, type ProblemList } from '../checks/config-problem.ts';
import { foreignText } from '../clients/foreign-document.ts';
import { MAX_SOURCE_LENGTH, notationOf, type ConfigSource } from './config-source.ts';
import { MAX_DEPTH, MAX_VALUES } from './document-limits.ts';
import { readJson, type DocumentFlaw } from './json-document.ts';
import {
  joinKey,
  kindOf,
  type LocatedEntry,
  type LocatedMap,
  type LocatedScalar,
  type LocatedValue,
} from './located-value.ts';
import { readToml } from './toml-document.ts';

/** Most uses of YAML aliases in one source. */
const MAX_ALIASES = 100;
/**
 * Most syntax errors reported of one source, one a line: the first is to be corrected, the others mostly
 * follow from it.
 */
const MAX_SYNTAX_PROBLEMS = 3;

/** Our words for what the parser reports. Its own may quote the source, and with it a credential. */
const SYNTAX_WORDS: Partial<Readonly<Record<ErrorCode, string>>> = {
  BAD_ALIAS: 'the name of an alias or anchor is malformed',
  BAD_DIRECTIVE:
    'a line that starts with "%" is no directive of YAML 1.2; remove it or put the text in quotes',
  BAD_DQ_ESCAPE: 'a "\\" in double quotes starts no known escape; write "\\\\" for a backslash',
  BAD_INDENT: 'the indentation does not fit the lines above',
  BAD_SCALAR_START: 'text cannot start with this character; put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a second ": " stands on this line; start a new line or put the text in quotes',
  BLOCK_IN_FLOW: 'an indented block cannot stand inside { } or [ ]',
  KEY_OVER_1024_CHARS: 'a key is longer than 1024 characters; is a quote or ":" missing?',
  MISSING_CHAR: 'a closing quote or bracket, a comma or a ":" is missing',
  MULTILINE_IMPLICIT_KEY: 'a key reaches over two lines; is a ":" missing?',
  MULTIPLE_DOCS: 'a second document starts here; write one document per file, without "---" between parts',
  RESOURCE_EXHAUSTION: `values are nested deeper than ${MAX_DEPTH} levels`,
  TAB_AS_INDENT: 'a tab is used for indentation; use spaces',
  TAG_RESOLVE_FAILED: 'a "!" starts a tag, and only plain data is read; remove it or put the text in quotes',
  UNEXPECTED_TOKEN: 'this does not belong here; check brackets, quotes and indentation',
};

/** What to write when there is nothing. */
const EMPTY_WORDS = 'the file is empty; write "mcpServers:" and your servers, or delete it';

/** A source that could be read. */
export interface SourceDocument {
  readonly root: LocatedMap;
  /** Keys that stand twice, of which the last one counts. */
  readonly repeated: readonly DocumentFlaw[];
}

/**
 * Reads one source into values that know their line and column.
 *
 * YAML 1.2, core schema, no tags beyond it, no merge keys; JSON with comments; TOML 1.0: what {@link
 * notationOf} says.
 *
 * @returns `undefined` when anything is wrong; `problems` then says what.
 */
export function readDocument(source: ConfigSource, problems: ProblemList): SourceDocument | undefined {
  // A lone CR ends a line too (YAML 1.2, 5.4), and is white space in JSON; the parser takes it for text.
  const text = source.text.replace(/^\uFEFF/, '').replaceAll(/\r(?!\n)/g, '\n');
  const refused = refusal(text);
  if (refused !== undefined) {
    problems.add(positionIn(source.path, text, refused.offset), '', refused.message);
    return undefined;
  }
  const notation = notationOf({ path: source.path, text });
  const document = { yaml: readYaml, json: readJsonText, toml: readTomlText }[notation](text, source.path);
  if (document === undefined || 'flaws' in document) {
    // What the text is says more than where it stops being what its name says.
    const foreign = foreignText(text, notation);
    const start = { file: source.path, line: 1, column: 1 };
    if (foreign !== undefined) problems.add(start, '', foreign);
    else for (const { at, key, message } of document?.flaws ?? []) problems.add(at, key, message);
    return undefined;
  }
  const { value, repeated } = document;
  if (value.kind === 'map') return { root: value, repeated };
  const words = `must hold a map of settings, found ${kindOf(value)}; start with "mcpServers:"`;
  problems.add(value.at, '', foreignText(text, notation) ?? words);
  return undefined;
}

type Parsed =
  | { readonly value: LocatedValue; readonly repeated: readonly DocumentFlaw[] }
  | { readonly flaws: readonly DocumentFlaw[] };

function readJsonText(text: string, file: string): Parsed {
  const document = readJson(text, positionsOf(text, file));
  return 'value' in document ? document : { flaws: [document] };
}

function readTomlText(text: string, file: string): Parsed {
  const document = readToml(text, file);
  return 'kind' in document ? { value: document, repeated: [] } : { flaws: [document] };
}

function readYaml(text: string, file: string): Parsed {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false, // checked below: the parser's own check takes quadratic time
    schema: 'core', // also under "%YAML 1.1", where NO would be false
    resolveKnownTags: false,
  });
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const flaws: DocumentFlaw[] = [];
  const reportedLines = new Set<number>();
  for (const { code, pos } of [...document.errors, ...document.warnings]) {
    const at = positionAt(pos[0]);
    if (reportedLines.has(at.line) || reportedLines.size >= MAX_SYNTAX_PROBLEMS) continue;
    reportedLines.add(at.line);
    flaws.push({ at, key: '', message: SYNTAX_WORDS[code] ?? 'this is no valid YAML 1.2' });
  }
  if (flaws.length > 0) return { flaws };
  const contents: Node | null = document.contents;
  if (contents === null || (isScalar(contents) && contents.value === null))
    return { flaws: [{ at: { file, line: 1, column: 1 }, key: '', message: EMPTY_WORDS }] };
  const reader = new NodeReader(flaws, positionAt);
  const value = reader.read(contents, '', 0);
  return flaws.length > 0 ? { flaws } : { value, repeated: [] };
}

/** Lines and columns of a text, found by halving. */
function positionsOf(text: string, file: string): (offset: number) => Position {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { file, line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
}

function refusal(text: string): { readonly offset: number; readonly message: string } | undefined {
  if (text.length > MAX_SOURCE_LENGTH) return { offset: 0, message: 'the file is larger than 1 MiB' };
  const nul = text.indexOf('\0');
  if (nul !== -1) return { offset: nul, message: 'the file holds a NUL character; save it as UTF-8 text' };
  return /\S/.test(text) ? undefined : { offset: 0, message: EMPTY_WORDS };
}

function positionIn(file: string, text: string, offset: number): Position {
  const lines = text.slice(0, offset).split('\n');
  return { file, line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
}

/** Turns nodes of the parser into located values, within the limits above. */
class NodeReader {
  readonly #flaws: DocumentFlaw[];
  readonly #positionAt: (offset: number) => Position;
  readonly #anchors = new Map<string, { readonly value: LocatedValue; readonly size: number }>();
  #size = 0;
  #aliases = 0;

  constructor(flaws: DocumentFlaw[], positionAt: (offset: number) => Position) {
    this.#flaws = flaws;
    this.#positionAt = positionAt;
  }

  read(node: unknown, key: string, depth: number): LocatedValue {
    const at = this.#positionOf(node);
    this.#size += 1;
    if (depth > MAX_DEPTH) return this.#fail(at, key, `values are nested deeper than ${MAX_DEPTH} levels`);
    if (this.#size > MAX_VALUES) return this.#tooMany(at, key);
    if (isAlias(node)) return this.#aliased(node.source, at, key);

    const sizeBefore = this.#size;
    let value: LocatedValue;
    if (isMap(node)) value = this.#map(node.items, at, key, depth);
    else if (isSeq(node)) value = { kind: 'list', at, items: this.#items(node.items, key, depth) };
    else value = isScalar(node) ? scalar(node.value, node.source, at) : scalar(null, '', at);
    if ((isMap(node) || isSeq(node) || isScalar(node)) && node.anchor !== undefined) {
      this.#anchors.set(node.anchor, { value, size: this.#size - sizeBefore + 1 });
    }
    return value;
  }

  #items(items: readonly unknown[], key: string, depth: number): readonly LocatedValue[] {
    const values: LocatedValue[] = [];
    for (const [index, item] of items.entries()) {
      if (this.#size > MAX_VALUES) break;
      values.push(this.read(item, joinKey(key, String(index)), depth + 1));
    }
    return values;
  }

  #map(
    items: readonly { readonly key: unknown; readonly value: unknown }[],
    at: Position,
    key: string,
    depth: number,
  ): LocatedMap {
    const entries = new Map<string, LocatedEntry>();
    for (const item of items) {
      if (this.#size > MAX_VALUES) break;
      const keyAt = this.#positionOf(item.key);
      if (!isScalar(item.key) || item.key.value === null) {
        this.#fail(keyAt, key, 'a key must be text');
        continue;
      }
      const name = scalar(item.key.value, item.key.source, keyAt).source;
      const first = entries.get(name);
      if (first)
        this.#fail(
          keyAt,
          joinKey(key, name),
          `the key ${quoted(name)} stands twice; the first is in line ${first.at.line}`,
        );
      else if (name === '__proto__') this.#fail(keyAt, key, '"__proto__" cannot be a key');
      else if (name === '<<')
        this.#fail(keyAt, key, 'the merge key "<<" is not part of YAML 1.2; repeat the keys');
      else
        entries.set(name, {
          written: name,
          at: keyAt,
          value: this.read(item.value, joinKey(key, name), depth + 1),
        });
    }
    return { kind: 'map', at, entries };
  }

  #aliased(anchor: string, at: Position, key: string): LocatedValue {
    this.#aliases += 1;
    if (this.#aliases > MAX_ALIASES) {
      this.#size = Number.POSITIVE_INFINITY; // ends the loops above: one report is enough
      return this.#fail(at, key, `the file uses more than ${MAX_ALIASES} aliases`);
    }
    const target = this.#anchors.get(anchor);
    if (!target)
      return this.#fail(
        at,
        key,
        `the alias *${anchor.slice(0, 60)} names no value above it; put text that starts with "*" in quotes`,
      );
    this.#size += target.size;
    // Asked here too: the loops above stop before they read a value too many.
    return this.#size > MAX_VALUES ? this.#tooMany(at, key) : target.value;
  }

  #tooMany(at: Position, key: string): LocatedScalar {
    return this.#fail(at, key, `the file holds more than ${MAX_VALUES} values, aliases counted each time`);
  }

  #fail(at: Position, key: string, message: string): LocatedScalar {
    this.#flaws.push({ at, key, message });
    return { ...scalar(null, '', at), origin: 'unresolved' };
  }

  #positionOf(node: unknown): Position {
    const range = isAlias(node) || isMap(node) || isSeq(node) || isScalar(node) ? node.range : undefined;
    return this.#positionAt(range?.[0] ?? 0);
  }
}

function scalar(value: unknown, source: string | undefined, at: Position): LocatedScalar {
  // The core schema has no other scalars.
  const plain =
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
  return { kind: 'scalar', at, value: plain, source: source ?? String(plain), origin: 'written' };
}
