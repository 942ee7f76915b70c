import * as z from 'zod';
import { DURATION_PATTERN, durationMs } from './duration.ts';
import { LISTEN_PATTERN, listenAddress, type ListenAddress } from './listen-address.ts';

/** A duration with its unit; the output is milliseconds. */
export function durationSchema(options: { readonly allowZero: boolean }): z.ZodType<number, string> {
  return z
    .string({
      error: ({ input }) =>
        typeof input === 'number'
          ? `needs a unit; write "${input}ms", "${input}s" or "${input}m"`
          : undefined,
    })
    .regex(DURATION_PATTERN, 'must be a whole number and a unit: "1500ms", "30s", "5m" or "2h"')
    .transform((text, context) => {
      const ms = durationMs(text);
      if (ms !== undefined && (ms > 0 || options.allowZero)) return ms;
      context.addIssue(
        ms === undefined ? 'is longer than 24 days; write at most "596h"' : 'must be longer than zero',
      );
      return z.NEVER;
    });
}

/** `HOST:PORT`; the output is its two parts. */
export const ListenSchema: z.ZodType<ListenAddress, string> = z
  .string({
    error: ({ input }) =>
      typeof input === 'number' ? 'must be HOST:PORT, such as "127.0.0.1:7431"' : undefined,
  })
  .regex(LISTEN_PATTERN, 'must be HOST:PORT, such as "127.0.0.1:7431" or "[::1]:7431"')
  .transform((text, context) => {
    const address = listenAddress(text);
    if (address !== undefined) return address;
    context.addIssue('has a port beyond 65535');
    return z.NEVER;
  });

/** Text for a process or a header: it may hold anything but NUL. */
export const PlainTextSchema: z.ZodType<string, string> = z
  .string()
  .regex(/^[^\0]*$/, 'cannot hold a NUL character');

/** The same, and at least one character. */
export const NameTextSchema: z.ZodType<string, string> = z
  .string()
  .regex(/^[^\0]+$/, 'cannot be empty or hold a NUL character');

/** Whole number within bounds. */
export function countSchema(minimum: number, maximum: number): z.ZodInt {
  return z.int().min(minimum).max(maximum);
}

const BASE64_OF_32_BYTES = /^[A-Za-z0-9+/_-]{43}=?$/;

/** A key in base64 or base64url; the output is its 32 bytes. */
export const SealingKeySchema: z.ZodType<Uint8Array<ArrayBuffer>, string> = z
  .string()
  .regex(BASE64_OF_32_BYTES, 'must be 32 random bytes in base64, such as "openssl rand -base64 32" prints')
  .transform((text) => {
    const base64 = text.replaceAll('-', '+').replaceAll('_', '/');
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  });
