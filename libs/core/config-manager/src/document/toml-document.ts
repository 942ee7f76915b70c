import { TomlError, parse } from 'smol-toml';
import type { Position } from '../checks/config-problem.ts';
import { MAX_DEPTH, MAX_VALUES } from './document-limits.ts';
import type { DocumentFlaw } from './json-document.ts';
import type { LocatedEntry, LocatedValue } from './located-value.ts';

/** Between the keys of a path; no key of a file holds it. */
const BETWEEN = '\0';

/** Reads TOML 1.0. @returns The document, or what is wrong with it; never quotes the source. */
export function readToml(text: string, file: string): LocatedValue | DocumentFlaw {
  let value: unknown;
  try {
    value = parse(text, { maxDepth: MAX_DEPTH });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const at = { file, line: error.line, column: error.column };
    return { at, key: '', message: 'this is no valid TOML; check brackets, quotes and "="' };
  }
  return new TomlValues(file, keyPositions(text, file)).located(value, '', { file, line: 1, column: 1 });
}

class TomlValues {
  readonly #positions: ReadonlyMap<string, Position>;
  readonly #file: string;
  #size = 0;

  constructor(file: string, positions: ReadonlyMap<string, Position>) {
    this.#file = file;
    this.#positions = positions;
  }

  located(value: unknown, path: string, at: Position): LocatedValue | DocumentFlaw {
    this.#size += 1;
    if (this.#size > MAX_VALUES)
      return {
        at: { file: this.#file, line: 1, column: 1 },
        key: '',
        message: `the file holds more than ${MAX_VALUES} values`,
      };
    if (Array.isArray(value)) {
      const items: LocatedValue[] = [];
      for (const [index, item] of value.entries()) {
        const below = `${path}${BETWEEN}${index}`;
        const found = this.located(item, below, this.#positions.get(below) ?? at);
        if (!('kind' in found)) return found;
        items.push(found);
      }
      return { kind: 'list', at, items };
    }
    if (typeof value === 'object' && value !== null && !(value instanceof Date)) {
      const entries = new Map<string, LocatedEntry>();
      for (const [name, member] of Object.entries(value)) {
        const below = `${path}${BETWEEN}${name}`;
        const keyAt = this.#positions.get(below) ?? at;
        const found = this.located(member, below, keyAt);
        if (!('kind' in found)) return found;
        entries.set(name, { written: name, at: keyAt, value: found });
      }
      return { kind: 'map', at, entries };
    }
    const plain = typeof value === 'number' || typeof value === 'boolean' ? value : String(value);
    return { kind: 'scalar', at, value: plain, source: String(value), origin: 'written' };
  }
}

/**
 * Where keys stand, as far as lines tell; a key inside a value over several lines has the place of the value.
 */
function keyPositions(text: string, file: string): ReadonlyMap<string, Position> {
  const positions = new Map<string, Position>();
  const counts = new Map<string, number>();
  let table = '';
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const place = (column: number): Position => ({ file, line: index + 1, column });
    const header = /^\s*(\[\[?)([^\]]+)\]/.exec(line);
    const keys =
      header === null
        ? /^\s*((?:"[^"]*"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[\w-]+))*)\s*=/.exec(line)
        : null;
    const column = (line.match(/^\s*/)?.[0].length ?? 0) + 1;
    if (header !== null) {
      table = '';
      for (const part of keyParts(header[2] ?? '')) {
        table += `${BETWEEN}${part}`;
        if (!positions.has(table)) positions.set(table, place(column));
      }
      if (header[1] === '[[') {
        const count = counts.get(table) ?? 0;
        counts.set(table, count + 1);
        table += `${BETWEEN}${count}`;
        positions.set(table, place(column));
      }
    } else if (keys !== null) {
      let path = table;
      for (const part of keyParts(keys[1] ?? '')) {
        path += `${BETWEEN}${part}`;
        if (!positions.has(path)) positions.set(path, place(column));
      }
    }
  }
  return positions;
}

function keyParts(text: string): readonly string[] {
  return (text.match(/"[^"]*"|'[^']*'|[^."'\s]+/g) ?? []).map((part) => part.replace(/^["'](.*)["']$/, '$1'));
}
