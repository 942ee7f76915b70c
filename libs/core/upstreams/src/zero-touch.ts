const ENCODER = new TextEncoder();
const RESULT_FIRST = ENCODER.encode('{"result":');
const CLOSING_BRACE = 0x7d;

/**
 * Whether a body is, by its first or last bytes, the answer to a request with this id: then it can go on without being read.
 *
 * Text inside a value cannot stand at the very beginning or end of an object.
 *
 * @param id - As JSON, exactly as it was sent.
 */
export function isAnswerTo(body: Uint8Array, id: string): boolean {
  if (body[body.byteLength - 1] !== CLOSING_BRACE) return false;
  const head = ENCODER.encode(`{"jsonrpc":"2.0","id":${id},"`);
  if (hasAt(body, head, 0)) return hasAt(body, RESULT, head.byteLength) || hasAt(body, ERROR, head.byteLength);
  return hasAt(body, RESULT_FIRST, 0) && hasAtEnd(body, ENCODER.encode(`,"jsonrpc":"2.0","id":${id}}`));
}

const RESULT = ENCODER.encode('result":');
const ERROR = ENCODER.encode('error":');

function hasAtEnd(body: Uint8Array, part: Uint8Array): boolean {
  return hasAt(body, part, body.byteLength - part.byteLength);
}

function hasAt(body: Uint8Array, part: Uint8Array, at: number): boolean {
  if (at < 0 || at + part.byteLength > body.byteLength) return false;
  for (let index = 0; index < part.byteLength; index++) if (body[at + index] !== part[index]) return false;
  return true;
}
