const UNSAFE = /[^\x20-\x7e]/g;

/**
 * Makes what somebody else wrote fit for a message: visible ASCII, at most `maxLength` characters.
 *
 * @param maxLength - Default 100.
 */
export function safeText(text: string, maxLength = 100): string {
  const head = text
    .slice(0, maxLength)
    // guard: name/safe-text
    .replace(UNSAFE, '?');
  return text.length > maxLength ? `${head}...` : head;
}
