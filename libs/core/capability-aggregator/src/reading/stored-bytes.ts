/** Beside its text: where its parts stand, where it leads, and its places in tables of names. */
export const ITEM_BYTES = 1_024;

const WIDE = /[^\u0000-\u00ff]/;

/** Bytes that a character of the text takes: two when one of them is outside ISO 8859-1. */
export function bytesPerCharacter(text: string): 1 | 2 {
  return WIDE.test(text) ? 2 : 1;
}

/** What engines need to keep a text. */
export function storedBytes(text: string): number {
  return text.length * bytesPerCharacter(text);
}
