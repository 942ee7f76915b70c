/** All that may stand in a URI by itself (RFC 3986, 2.2 and 2.3). */
const PLAIN = /^[!#$&-;=?-Z_a-z~[\]]*$/;
const TO_CHANGE = /%[0-9A-Fa-f]{2}|[^!#$&-;=?-Z_a-z~[\]]/gu;
const UNRESERVED = /^[A-Za-z0-9._~-]$/;

/**
 * A URI, or literal text of a template, as the expansion of a template has it (RFC 6570, 3.1): what may not
 * stand in a URI is percent-encoded. Of equal spellings (RFC 3986, 6.2.2) one is chosen.
 */
export function canonicalUri(text: string): string {
  return PLAIN.test(text) ? text : text.replace(TO_CHANGE, canonical);
}

function canonical(piece: string): string {
  if (piece.length !== 3 || !piece.startsWith('%'))
    return piece.isWellFormed() ? encodeURIComponent(piece) : '%EF%BF%BD';
  const character = String.fromCharCode(Number.parseInt(piece.slice(1), 16));
  return UNRESERVED.test(character) ? character : piece.toUpperCase();
}
