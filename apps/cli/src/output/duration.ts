import { GatewayError } from '@omni/ports';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
/** Timers of Node hold no more. */
const MAX_MS = 2_147_483_647;

/**
 * Milliseconds of `500ms`, `15s`, `2m` or `1h`.
 *
 * @throws {@link GatewayError} `OMNI_USAGE`, also beyond 24 days and for nothing at all.
 */
export function parseDuration(text: string): number {
  const match = /^(\d{1,10}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(text);
  const ms = Math.round(Number(match?.[1]) * (UNIT_MS[match?.[2] ?? ''] ?? Number.NaN));
  if (ms >= 1 && ms <= MAX_MS) return ms;
  throw new GatewayError('OMNI_USAGE', 'The duration of --timeout cannot be read', {
    hint: 'Write for example 500ms, 15s or 2m.',
  });
}
