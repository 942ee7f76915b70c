const ENCODER = new TextEncoder();
const RESULT_FIRST = ENCODER.encode('{"result":');
/** How every object ends. */
export const CLOSING_BRACE = 0x7d;

/**
 * Whether a body is, by its first or last bytes, the answer to a request with this id: then it can go on
 * without being read.
 *
 * Text inside a value cannot stand at the very beginning or end of an object.
 *
 * @param id - As JSON, exactly as it was sent.
 */
export function isAnswerTo(body: Uint8Array, id: string): boolean {
  if (body[body.byteLength - 1] !== CLOSING_BRACE) return false;
  return beginningOfAnswer(body, id) !== undefined || hasIdLast([body], id);
}

/**
 * Whether a body in chunks begins with its result and ends with this id, as the answer to a request with it
 * may.
 */
export function hasIdLast(chunks: readonly Uint8Array[], id: string): boolean {
  const [first] = chunks;
  if (first === undefined || !hasAt(first, RESULT_FIRST, 0)) return false;
  const end = ENCODER.encode(`,"jsonrpc":"2.0","id":${id}}`);
  let left = end.byteLength;
  for (let index = chunks.length - 1; left > 0; index--) {
    const chunk = chunks[index];
    if (chunk === undefined) return false;
    const length = Math.min(left, chunk.byteLength);
    if (!hasAt(chunk, end.subarray(left - length, left), chunk.byteLength - length)) return false;
    left -= length;
  }
  return true;
}

/**
 * Whether a body begins as the answer to a request with this id does, and as which: then it can go on before
 * it is complete.
 *
 * @param id - As JSON, exactly as it was sent.
 */
export function beginningOfAnswer(body: Uint8Array, id: string): 'result' | 'error' | undefined {
  const head = ENCODER.encode(`{"jsonrpc":"2.0","id":${id},"`);
  if (!hasAt(body, head, 0)) return undefined;
  if (hasAt(body, RESULT, head.byteLength)) return 'result';
  return hasAt(body, ERROR, head.byteLength) ? 'error' : undefined;
}

/** The last byte that is no white space; `undefined` when there is none. */
export function lastSignificantByte(chunk: Uint8Array): number | undefined {
  let at = chunk.byteLength - 1;
  while (at >= 0 && isWhiteSpace(chunk[at])) at--;
  return chunk[at];
}

function isWhiteSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

const RESULT = ENCODER.encode('result":');
const ERROR = ENCODER.encode('error":');

function hasAt(body: Uint8Array, part: Uint8Array, at: number): boolean {
  if (at < 0 || at + part.byteLength > body.byteLength) return false;
  for (let index = 0; index < part.byteLength; index++) if (body[at + index] !== part[index]) return false;
  return true;
}
