const OFFSET_BASIS = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;
const DIGITS = 8;
const RANGE = 36n ** BigInt(DIGITS);

/**
 * Eight characters of `[0-9a-z]` that stand for a text: FNV-1a, 64 bits, over its UTF-8. The same everywhere
 * and for ever; not a safeguard against somebody who looks for collisions.
 */
export function shortHash(text: string): string {
  let hash = OFFSET_BASIS;
  for (const byte of new TextEncoder().encode(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * PRIME);
  return (hash % RANGE).toString(36).padStart(DIGITS, '0');
}
