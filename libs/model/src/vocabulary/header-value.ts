const PREFIX = '=?base64?';
const SUFFIX = '?=';
/** Visible ASCII with spaces and tabs inside only. */
const PLAIN = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * A value as it stands in `Mcp-Name` or `Mcp-Param-*`: plain where it can be, `=?base64?…?=` of its UTF-8
 * otherwise (also when it is empty or looks like that form already).
 *
 * @returns Visible ASCII, spaces and tabs: never a line break.
 * @see MCP 2026-07-28, basic/transports, "Value Encoding".
 */
export function encodeHeaderValue(value: string): string {
  // guard: header/looks-encoded
  const looksEncoded = value.startsWith(PREFIX) && value.endsWith(SUFFIX);
  if (!looksEncoded && /* guard: header/line-break */ PLAIN.test(value)) return value;
  let binary = '';
  for (const byte of new TextEncoder().encode(value)) binary += String.fromCharCode(byte);
  return PREFIX + btoa(binary) + SUFFIX;
}

/**
 * Inverse of {@link encodeHeaderValue}; `undefined` when the header cannot have come from it: bad Base64, bad
 * UTF-8, characters beyond visible ASCII.
 */
export function decodeHeaderValue(header: string): string | undefined {
  if (
    !header.startsWith(PREFIX) ||
    !header.endsWith(SUFFIX) ||
    header.length < PREFIX.length + SUFFIX.length
  ) {
    return header === '' || PLAIN.test(header) ? header : undefined;
  }
  const base64 = header.slice(PREFIX.length, -SUFFIX.length);
  // guard: header/base64
  if (!BASE64.test(base64)) return undefined;
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  try {
    return new TextDecoder('utf-8', { fatal: /* guard: header/utf8 */ true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
