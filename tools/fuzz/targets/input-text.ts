const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** An input as text: what it says in UTF-8, or a character for each byte where it is none. */
export function textOf(input: Uint8Array): string {
  return decoded(input) ?? Array.from(input, (byte) => String.fromCharCode(byte)).join('');
}

/** What bytes say in UTF-8; `undefined` when they are none. A byte order mark stays. */
export function decoded(input: Uint8Array): string | undefined {
  try {
    return strict.decode(input);
  } catch {
    return undefined;
  }
}

/**
 * As `JSON.parse`; `undefined` for what is not JSON.
 *
 * `JSON.parse` alone says whether it is: V8 reads a key with an escape as another one that begins with a
 * backslash and that it met before (nodejs/node#63785), so objects are built here.
 */
export function parsedJson(text: string): { readonly value: unknown } | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  const tokens = text.match(/"(?:[^"\\]|\\[^])*"|[[\]{}]|[-+.0-9a-zA-Z]+/g) ?? [];
  return { value: valueOf(tokens.values()) };
}

/** @param tokens - Of valid JSON, without commas and colons, which say nothing more then. */
function valueOf(tokens: Iterator<string>, token = tokens.next().value): unknown {
  if (token === '[') {
    const items: unknown[] = [];
    for (let next = tokens.next().value; next !== ']'; next = tokens.next().value)
      items.push(valueOf(tokens, next));
    return items;
  }
  if (token !== '{') return JSON.parse(token ?? '');
  const entries: (readonly [string, unknown])[] = [];
  for (let next = tokens.next().value; next !== '}'; next = tokens.next().value)
    entries.push([String(JSON.parse(next ?? '')), valueOf(tokens)]);
  return Object.fromEntries(entries);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
