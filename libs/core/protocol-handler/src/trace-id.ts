/** Version 00, and what later versions have in common with it: version, trace, parent, flags. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/;

/**
 * The trace that a request belongs to.
 *
 * @param traceparent - As sent.
 * @returns 32 hexadecimal digits; `undefined` when it is not valid.
 * @see W3C Trace Context, "traceparent Header".
 */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  // Nobody sends more; what is longer is not worth looking at.
  if (traceparent === undefined || traceparent.length > 256) return undefined;
  const match = TRACEPARENT.exec(traceparent);
  const hasMore = match?.[3] !== undefined;
  return match === null || (match[1] === '00' && hasMore) ? undefined : match[2];
}
