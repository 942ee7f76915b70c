import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** Stands for a token wherever one is remembered: SHA-256, in hexadecimal digits. */
export function tokenDigest(token: string): string {
  return bytesToHex(sha256(utf8ToBytes(token)));
}

/** HMAC-SHA-256 of a token, in hexadecimal digits. */
export function tokenMac(secret: Uint8Array, token: string): string {
  return bytesToHex(hmac(sha256, secret, utf8ToBytes(token)));
}
