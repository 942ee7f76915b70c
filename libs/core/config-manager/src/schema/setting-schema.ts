import * as z from 'zod/mini';
import { DURATION_PATTERN, durationMs, MAX_DURATION_MS } from './duration.ts';
import { LISTEN_PATTERN, listenAddress, type ListenAddress } from './listen-address.ts';

/** A duration with its unit; the output is milliseconds. */
export function durationSchema(options: { readonly allowZero: boolean }): z.ZodMiniType<number, string> {
  return z.pipe(
    z
      .string({
        error: ({ input }) =>
          typeof input === 'number'
            ? `needs a unit; write "${input}ms", "${input}s" or "${input}m"`
            : undefined,
      })
      .check(z.regex(DURATION_PATTERN, 'must be a whole number and a unit: "1500ms", "30s", "5m" or "2h"')),
    z.transform((text, { issues }) => {
      const ms = durationMs(text);
      if (ms !== undefined && (ms > 0 || options.allowZero)) return ms;
      const message =
        ms === undefined ? 'is longer than 24 days; write at most "596h"' : 'must be longer than zero';
      issues.push({ code: 'custom', input: text, message });
      return z.NEVER;
    }),
  );
}

export interface TimeOptions {
  /** Of a number without a unit. */
  readonly unitMs: number;
  readonly unit: string;
  readonly allowZero: boolean;
}

/** A number, whose unit the name of the setting or its description says, or a duration; in milliseconds. */
export function timeSchema({ unitMs, unit, allowZero }: TimeOptions): z.ZodMiniType<number, number | string> {
  const least = allowZero ? 0 : 0.001;
  return z.union(
    [
      z.pipe(
        z.number().check(z.minimum(least), z.maximum(Math.floor(MAX_DURATION_MS / unitMs))),
        z.transform((number, { issues }) => {
          const ms = Math.round(number * unitMs);
          // 0 may stand for never.
          if (ms > 0 || number === 0) return ms;
          issues.push({ code: 'custom', input: number, message: 'is less than a millisecond' });
          return z.NEVER;
        }),
      ),
      durationSchema({ allowZero }),
    ],
    {
      error: `must be a number of ${unit}${allowZero ? '' : ' above 0'}, or a duration such as "30s", of 24 days at most`,
    },
  );
}

const MS_PER_DAY = 86_400_000;

/** How long something is kept, in whole days: `90d`; the output is milliseconds. */
export const RetentionSchema: z.ZodMiniType<number, string> = z.pipe(
  z.string().check(z.regex(/^[1-9]\d{0,3}d$/, 'must be a whole number of days, 1 to 9999, such as "90d"')),
  z.transform((text) => Number(text.slice(0, -1)) * MS_PER_DAY),
);

/** `HOST:PORT`; the output is its two parts. */
export const ListenSchema: z.ZodMiniType<ListenAddress, string> = z.pipe(
  z
    .string({
      error: ({ input }) =>
        typeof input === 'number' ? 'must be HOST:PORT, such as "127.0.0.1:7431"' : undefined,
    })
    .check(z.regex(LISTEN_PATTERN, 'must be HOST:PORT, such as "127.0.0.1:7431" or "[::1]:7431"')),
  z.transform((text, { issues }) => {
    const address = listenAddress(text);
    if (address !== undefined) return address;
    issues.push({ code: 'custom', input: text, message: 'has a port beyond 65535' });
    return z.NEVER;
  }),
);

/** Text for a process or a header: it may hold anything but NUL. */
export const PlainTextSchema: z.ZodMiniType<string, string> = z
  .string()
  .check(z.regex(/^[^\0]*$/, 'cannot hold a NUL character'));

/** The same, and at least one character. */
export const NameTextSchema: z.ZodMiniType<string, string> = z
  .string()
  .check(z.regex(/^[^\0]+$/, 'cannot be empty or hold a NUL character'));

/** A name that the Host header may hold. */
export const HostTextSchema: z.ZodMiniType<string, string> = z
  .string()
  .check(
    z.regex(/^[^\s/@]+$/, 'must be a host name, with a port where it matters, such as "mcp.example.com"'),
  );

/** What the Origin header may hold. */
export const OriginTextSchema: z.ZodMiniType<string, string> = z
  .string()
  .check(
    z.regex(
      /^[a-z][a-z0-9+.-]*:\/\/[^\s/@]+$/,
      'must be an origin without path, such as "https://app.example.com"',
    ),
  );

/** What a file refuses of an item of `server.allowedHosts`; `undefined` where it is good. */
export function hostProblem(text: string): string | undefined {
  return HostTextSchema.safeParse(text).error?.issues[0]?.message;
}

/** The same of `server.allowedOrigins`. */
export function originProblem(text: string): string | undefined {
  return OriginTextSchema.safeParse(text).error?.issues[0]?.message;
}

/** Whole number within bounds. */
export function countSchema(minimum: number, maximum: number): z.ZodMiniInt {
  return z.int().check(z.minimum(minimum), z.maximum(maximum));
}

const BASE64_OF_32_BYTES = /^[A-Za-z0-9+/_-]{43}=?$/;

/** A key in base64 or base64url; the output is its 32 bytes. */
export const SealingKeySchema: z.ZodMiniType<Uint8Array<ArrayBuffer>, string> = z.pipe(
  z
    .string()
    .check(
      z.regex(
        BASE64_OF_32_BYTES,
        'must be 32 random bytes in base64, such as "openssl rand -base64 32" prints',
      ),
    ),
  z.transform((text) => {
    const base64 = text.replaceAll('-', '+').replaceAll('_', '/');
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  }),
);
