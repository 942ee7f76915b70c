import type { HeaderList, Millis } from '@omni/ports';
import { headerOf } from './http-headers.ts';

const SECONDS = /^[0-9]{1,10}$/;
/** Every HTTP date ends so; `Date.parse` takes much that is none. */
const HTTP_DATE = /^[A-Z][a-z]{2,8},? [0-9A-Za-z :-]+ (?:GMT|[0-9]{4})$/;

/**
 * What an answer says of when to come back, in whole seconds from now; `undefined` when it says nothing.
 *
 * @param now - Wall clock.
 * @see RFC 9110, 10.2.3.
 */
export function retryAfterSeconds(headers: HeaderList, now: Millis): number | undefined {
  const value = headerOf(headers, 'retry-after')?.trim() ?? '';
  if (SECONDS.test(value)) return Number(value);
  const at = HTTP_DATE.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - now) / 1_000));
}
