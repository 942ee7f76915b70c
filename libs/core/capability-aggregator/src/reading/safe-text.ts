import { withoutSecrets } from '@omni/ports';

const UNSAFE = /[^\x20-\x7e]/g;
/** Enough to find secrets that the cut would halve. */
const LOOKED_AT = 4_096;

/**
 * Makes what somebody else wrote fit for a message: visible ASCII without what looks like a credential, at
 * most `maxLength` characters.
 *
 * @param maxLength - Default 100.
 */
export function safeText(text: string, maxLength = 100): string {
  const shown = withoutSecrets(text.slice(0, LOOKED_AT));
  const head = shown
    .slice(0, maxLength)
    // guard: name/safe-text
    .replace(UNSAFE, '?');
  return shown.length > maxLength ? `${head}...` : head;
}
