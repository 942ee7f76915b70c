/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2). */
const K = constants(64, 1 / 3);
/** The same of the square roots of the first 8 primes (FIPS 180-4, 5.3.3). */
const H = constants(8, 1 / 2);
const BLOCK_BYTES = 64;

/**
 * SHA-256 of the UTF-8 of a text, in hexadecimal digits. WebCrypto's is asynchronous; identities are needed
 * at once.
 *
 * @see FIPS 180-4, 6.2.
 */
export function sha256(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const blocks = new Uint8Array((Math.floor((bytes.length + 8) / BLOCK_BYTES) + 1) * BLOCK_BYTES);
  blocks.set(bytes);
  blocks[bytes.length] = 0x80;
  const view = new DataView(blocks.buffer);
  view.setBigUint64(blocks.length - 8, BigInt(bytes.length) * 8n);
  const hash = Uint32Array.from(H);
  const words = new Uint32Array(64);
  for (let at = 0; at < blocks.length; at += BLOCK_BYTES) addBlock(hash, view, at, words);
  return Array.from(hash, (word) => word.toString(16).padStart(8, '0')).join('');
}

/** @param words - Room for the message schedule. */
function addBlock(hash: Uint32Array, view: DataView, at: number, words: Uint32Array): void {
  const word = (index: number): number => words[index] ?? 0;
  for (let t = 0; t < 16; t++) words[t] = view.getUint32(at + 4 * t);
  for (let t = 16; t < 64; t++) {
    const [early, late] = [word(t - 15), word(t - 2)];
    const sigma0 = turned(early, 7) ^ turned(early, 18) ^ (early >>> 3);
    const sigma1 = turned(late, 17) ^ turned(late, 19) ^ (late >>> 10);
    words[t] = sigma1 + word(t - 7) + sigma0 + word(t - 16);
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = hash;
  for (let t = 0; t < 64; t++) {
    const sum1 = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
    const first = h + sum1 + ((e & f) ^ (~e & g)) + (K[t] ?? 0) + word(t);
    const sum0 = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
    const second = sum0 + ((a & b) ^ (a & c) ^ (b & c));
    [a, b, c, d, e, f, g, h] = [(first + second) >>> 0, a, b, c, (d + first) >>> 0, e, f, g];
  }
  for (const [index, added] of [a, b, c, d, e, f, g, h].entries()) hash[index] = (hash[index] ?? 0) + added;
}

function turned(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

function constants(count: number, power: number): Uint32Array {
  const primes: number[] = [];
  for (let candidate = 2; primes.length < count; candidate++)
    if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate);
  return Uint32Array.from(primes, (prime) => (prime ** power % 1) * 2 ** 32);
}
