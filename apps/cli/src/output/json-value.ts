/** What JSON can say. Numbers that a double cannot hold are kept as {@link parseExactJson} made them. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A member of an object; `undefined` for anything else, and for what it inherits. */
export function member(value: unknown, key: string): unknown {
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

export function textMember(value: unknown, key: string): string | undefined {
  const found = member(value, key);
  return typeof found === 'string' ? found : undefined;
}

/**
 * ECMAScript "JSON.parse source text access", which Node 24 has and the compiler's library does not know yet.
 */
interface ExactJson {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): unknown;
}

// Holds for Node 24: V8 has both since version 11.4.
const EXACT = JSON as unknown as ExactJson;

/**
 * `JSON.parse` that loses no digit: a number that a double would change stays as it is written, and
 * `JSON.stringify` writes it so.
 *
 * @throws SyntaxError
 */
export function parseExactJson(text: string): unknown {
  return EXACT.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source
      ? EXACT.rawJSON(source)
      : value,
  );
}
