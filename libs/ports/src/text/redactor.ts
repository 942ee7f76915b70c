import { plainText } from './control-characters.ts';
import { masked, SecretSearch, viewsOf } from './secret-search.ts';
import { isHideable, isTokenLike } from './secret-value.ts';

/** Takes escapes out of a text, then replaces secrets by `***`. */
export type Redactor = (text: string) => string;

const MIN_LINE_LENGTH = 8;
const MASK = '***';
const NO_SECRETS: readonly string[] = [];

const SECRET_KEY =
  '(?:token|password|passwd|passphrase|secret|credentials?|(?:api|access|private|secret)[_-]?key|_pwd)';
/**
 * What is said of a credential that is not there, or is no credential: `token=undefined`, `password:
 * required`, `<token>`.
 */
const NO_VALUE =
  '(?!(?:undefined|null|none|true|false|missing|invalid|required|optional|expired|expires|empty|unset|not|is|was|must|string|number|boolean|object|include|omit|same-origin)(?![\\w!#$%*+/=?@^~-])|[<$~/.(]|\\*\\*\\*)';

type Pattern = readonly [RegExp, string];

/**
 * Credentials that say by themselves what they are. Linear, as all of these: every repetition is bounded or
 * ends.
 */
const TOKENS: readonly Pattern[] = [
  [/-----BEGIN ([A-Z ]{0,20}PRIVATE KEY)-----[A-Za-z0-9+/=\s:,.-]{16,8192}?(?:-----END \1-----|$)/g, MASK],
  [/\b(?:sk|rk|pk)[-_](?=[A-Za-z_-]{0,40}\d)[A-Za-z0-9_-]{8,}/g, MASK],
  [/\b(?:gh[pousr]|glpat|github_pat|xox[abeprs]|shpat|shpss)[_-][A-Za-z0-9_-]{8,}/g, MASK],
  [/\b(?:hf_|npm_|pypi-|dop_v1_|lin_api_|ntn_|sntrys_)[A-Za-z0-9]{16,}[A-Za-z0-9_-]*/g, MASK],
  [
    /\b(?:(?:AKIA|ASIA)[0-9A-Z]{16}|AIza[A-Za-z0-9_-]{30,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,})/g,
    MASK,
  ],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]{4,})?/g, MASK],
  [/\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@:]{0,200}:[^\s/@]{1,200}@/gi, `$1${MASK}@`],
];

/** Credentials told by what stands before them. */
const NAMED: readonly Pattern[] = [
  [
    /\b((?:proxy-)?authorization["']?\s{0,3}[:=]\s{0,3}["']?(?:Bearer|Basic|Token|Digest)\s{1,3})[^\s"',;<$*][^\s"',;]{3,}/gi,
    `$1${MASK}`,
  ],
  [/\b(Bearer\s{1,3})(?!(?:auth|credential|challenge|require)[a-z]*\b)[A-Za-z0-9._~+/=-]{8,}/gi, `$1${MASK}`],
  // Without a digit it may be prose: "Basic authentication".
  [/\b(Basic\s{1,3})(?=[^\s"',;]{0,15}(?:\d|[A-Za-z._~+/=-]{16}))[A-Za-z0-9._~+/=-]{8,}/gi, `$1${MASK}`],
  [/\b((?:set-)?cookie:\s{0,3}[\w.-]{1,64}=)[^\s;]{4,}/gi, `$1${MASK}`],
  [named(`(\\\\?["']?\\s{0,3}=\\s{0,3}\\\\?["']?)${NO_VALUE}[^\\s"'&,;\\\\]{3,}`), `$1$2${MASK}`],
  [named(`(\\\\?["']\\s{0,3}:\\s{0,3}\\\\?["'])${NO_VALUE}[^"'\\\\\\n]{3,}`), `$1$2${MASK}`],
  // Without quotes it may be prose: a word that more words follow.
  [
    named(`(["']?\\s{0,3}:\\s{0,3})${NO_VALUE}(?![A-Za-z]+ [A-Za-z])[^\\s"'&,;]{3,}`, '(?<!unexpected )'),
    `$1$2${MASK}`,
  ],
  [new RegExp(`(--${SECRET_KEY}\\s)(?=[A-Za-z_-]{0,40}\\d)[^\\s"']{4,}`, 'gi'), `$1${MASK}`],
];

function named(value: string, before = ''): RegExp {
  return new RegExp(`${before}\\b([\\w-]{0,40}${SECRET_KEY})${value}`, 'gi');
}

const made = new WeakMap<readonly string[], Redactor>();

/**
 * The one way in which text of others gets into errors, logs, the health page and messages: normalised, then
 * redacted. Whoever calls this cuts and quotes afterwards, so that nothing is hidden behind an escape or
 * behind a cut.
 *
 * @param secretValues - Values that must not be shown, in any form that programs print. Those that are short,
 * or ordinary words, are hidden only where they stand alone; those under 4 characters, and those that
 * everybody would guess, never. The same list is compiled once.
 */
export function redactorOf(secretValues: readonly string[]): Redactor {
  let redact = made.get(secretValues);
  if (redact === undefined) made.set(secretValues, (redact = compile(secretValues)));
  return redact;
}

/**
 * The same for a text whose sink shows escapes instead of obeying them: one that holds no secret stays as it
 * is.
 *
 * @returns The text, or its redacted form.
 */
export function withoutSecrets(text: string, secretValues: readonly string[] = NO_SECRETS): string {
  const redacted = redactorOf(secretValues)(text);
  return redacted === plainText(text) ? text : redacted;
}

/**
 * Replaces what is a credential whatever stands around it: for text of our own that repeats names which
 * others have chosen.
 */
export function withoutTokens(text: string): string {
  return replaced(text, TOKENS);
}

/** Whether somebody seems to have pasted a credential where a name belongs. */
export function holdsCredential(name: string): boolean {
  return (
    withoutTokens(name) !== name ||
    name.split(/[^A-Za-z0-9]+/).some((piece) => piece.length >= 16 && isTokenLike(piece))
  );
}

function replaced(text: string, patterns: readonly Pattern[]): string {
  return patterns.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text);
}

function compile(secretValues: readonly string[]): Redactor {
  const values = new Set(secretValues.filter(isHideable));
  for (const value of secretValues)
    // A key of several lines may be printed one line at a time.
    // guard: redaction/lines
    if (value.includes('\n'))
      for (const line of value.split(/\r?\n/)) if (line.length >= MIN_LINE_LENGTH) values.add(line);
  const searches = [...values].map((value) => new SecretSearch(value));
  return (text) => {
    const plain = /* guard: redaction/normalised-first */ plainText(text);
    let redacted = plain;
    if (searches.length > 0) {
      const views = viewsOf(plain);
      const ranges: (readonly [number, number])[] = [];
      for (const search of searches) search.find(plain, views, ranges);
      redacted = /* guard: redaction/values */ masked(plain, ranges, MASK);
    }
    return /* guard: redaction/patterns */ replaced(replaced(redacted, TOKENS), NAMED);
  };
}
