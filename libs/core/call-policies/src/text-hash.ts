/** @returns 32 bits, evenly spread: FNV-1a over UTF-16 with the last steps of MurmurHash 3. */
export function textHash(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** @returns Evenly spread, above 0 and below 1. */
export function textShare(text: string): number {
  return (textHash(text) + 0.5) / 2 ** 32;
}
