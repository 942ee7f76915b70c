import { isJsonObject, member, textMember } from '../output/json-value.ts';

const KEYWORD = 'x-mcp-header';
/** Visible ASCII with spaces and tabs inside only. */
const PLAIN = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/;
const ENCODED = /^=\?base64\?.*\?=$/;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const MAX_DEPTH = 16;

/**
 * The `Mcp-Param-*` headers of a call: arguments that the tool's schema wants repeated for whoever stands in
 * between.
 *
 * @see MCP 2026-07-28, basic/transports, "Custom Headers from Tool Parameters".
 */
export function mirroredHeaders(schema: unknown, args: unknown): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  collect(schema, args, headers, 0);
  return headers;
}

/** A value as it may stand in `Mcp-Name` and `Mcp-Param-*` ("Value Encoding" there). */
export function headerValue(text: string): string {
  return PLAIN.test(text) && !ENCODED.test(text)
    ? text
    : `=?base64?${Buffer.from(text).toString('base64')}?=`;
}

function collect(schema: unknown, value: unknown, headers: Record<string, string>, depth: number): void {
  const properties = member(schema, 'properties');
  if (depth > MAX_DEPTH || !isJsonObject(properties) || !isJsonObject(value)) return;
  for (const [key, property] of Object.entries(properties)) {
    const argument = member(value, key);
    const name = textMember(property, KEYWORD);
    const text = primitiveText(argument);
    if (name !== undefined && TOKEN.test(name) && text !== undefined)
      headers[`Mcp-Param-${name}`] = headerValue(text);
    collect(property, argument, headers, depth + 1);
  }
}

function primitiveText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'number' && (!Number.isInteger(value) || Number.isSafeInteger(value))
    ? String(value)
    : undefined;
}
