/** Shorter values are too likely to be a part of ordinary words. */
const MIN_SECRET_LENGTH = 4;
const MIN_SECRET_LINE_LENGTH = 8;

/** Things that look like credentials wherever they come from. Linear: no nested repetition. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{4,}/gi, '$1 ***'],
  [/\bsk-[A-Za-z0-9_-]{8,}/g, '***'],
  [/\b(?:gh[pousr]|glpat|github_pat|xox[abeprs])[_-][A-Za-z0-9_-]{8,}/g, '***'],
  [
    /\b([\w-]{0,40}(?:token|password|passwd|secret|api[_-]?key))(["']?\s{0,3}[=:]\s{0,3}["']?)[^\s"'&,;]{3,}/gi,
    '$1$2***',
  ],
  [/\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@:]{1,200}:[^\s/@]{1,200}@/gi, '$1***@'],
];

/**
 * @param secretValues - Values that must not be shown; those under 4 characters are ignored.
 * @returns A function that replaces them, and what looks like a credential, by `***`.
 */
export function createRedactor(secretValues: readonly string[]): (text: string) => string {
  const values = new Set<string>();
  for (const value of secretValues) {
    if (value.length >= MIN_SECRET_LENGTH) values.add(value);
    // A key of several lines may be printed one line at a time.
    // guard: redaction/lines
    if (value.includes('\n'))
      for (const line of value.split(/\r?\n/)) if (line.length >= MIN_SECRET_LINE_LENGTH) values.add(line);
  }
  // Longest first: a secret that begins with another must not leave its rest.
  const ordered = [...values].sort((a, b) => /* guard: redaction/longest-first */ b.length - a.length);
  return (text) => {
    let redacted = text;
    // guard: redaction/values
    for (const value of ordered) redacted = redacted.replaceAll(value, '***');
    // guard: redaction/patterns
    for (const [pattern, replacement] of PATTERNS) redacted = redacted.replace(pattern, replacement);
    return redacted;
  };
}
