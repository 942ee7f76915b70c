const MS_PER_UNIT: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** A whole number and its unit, as durations are written: `1500ms`, `30s`, `5m`, `2h`. */
export const DURATION_PATTERN = /^(\d{1,9})(ms|s|m|h)$/;

/** Longest duration: what the timers of every runtime can hold (2^31 - 1 ms, 24.8 days). */
export const MAX_DURATION_MS = 2_147_483_647;

/**
 * @param text - See {@link DURATION_PATTERN}.
 * @returns Milliseconds; `undefined` when the text is no duration or is longer than {@link MAX_DURATION_MS}.
 */
export function durationMs(text: string): number | undefined {
  const match = DURATION_PATTERN.exec(text);
  if (!match) return undefined;
  const ms = Number(match[1]) * (MS_PER_UNIT[match[2] ?? ''] ?? Number.NaN);
  return ms <= MAX_DURATION_MS ? ms : undefined;
}
