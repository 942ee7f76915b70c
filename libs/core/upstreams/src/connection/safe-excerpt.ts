import { redactorOf } from '@omni/ports';

const MAX_LENGTH = 80;
/** Enough to find secrets that the cut would halve. */
const LOOKED_AT = 4 * 1024;

/**
 * The beginning of something foreign, fit for a log line or an error message.
 *
 * @returns At most 80 characters of printable ASCII; everything else is `.`, secrets are `***`.
 */
export function safeExcerpt(text: string, secretValues: readonly string[]): string {
  let shown = /* guard: excerpt/secrets */ redactorOf(secretValues)(text.slice(0, LOOKED_AT));
  // guard: excerpt/control-characters
  shown = shown.replaceAll(/[^\x20-\x7e]+/g, '.').trim();
  return /* guard: excerpt/length */ shown.length > MAX_LENGTH ? `${shown.slice(0, MAX_LENGTH - 1)}~` : shown;
}
