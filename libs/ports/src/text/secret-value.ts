/** Shorter values are too likely to be a part of ordinary words. */
const MIN_LENGTH = 4;
/** From this length on, the look of a value counts, whatever its name is. */
const MIN_TOKEN_LENGTH = 8;
/** No word of a language is longer, and few identifiers. */
const MAX_WORD_LENGTH = 23;
/** Text in text in text: a variable that holds JSON that holds headers. */
const MAX_DEPTH = 3;

/** The last word of a name says what its value is: `GITHUB_TOKEN`, but not `TOKEN_TYPE`. */
const SECRET_WORDS: ReadonlySet<string> = new Set([
  ...['token', 'secret', 'password', 'passwd', 'passphrase', 'pass', 'pwd', 'pat', 'pin', 'jwt', 'key'],
  ...['apikey', 'credential', 'credentials', 'auth', 'authorization', 'cookie', 'bearer', 'dsn', 'signature'],
]);
const ENDS_IN_SECRET = /(?:token|secret|password|passwd|passphrase|apikey|cookie)$/;
/** Names whose values are no secrets, however they look: `MODEL=gpt-4o`, `DB_HOST=a1b2c3.example`. */
const PLAIN_WORDS: ReadonlySet<string> = new Set([
  ...['host', 'hostname', 'domain', 'region', 'zone', 'model', 'version', 'env', 'mode', 'level', 'port'],
  ...['path', 'dir', 'home', 'root', 'lang', 'locale', 'tz', 'format', 'charset', 'collation', 'accept'],
]);
/** Everybody would guess them: hiding them hides text and protects nothing. */
const GUESSABLE = new Set(
  'true false null none undefined yes no on off default example test admin root user guest postgres mysql redis password passwd secret token changeme bearer basic oauth oauth2 apikey anonymous public private master main development production staging debug info'.split(
    ' ',
  ),
);

const SCHEME = /^(?:Bearer|Basic|Token|ApiKey|Digest|Negotiate)\s+(\S.*)$/i;
const PATH = /^(?:~|\.{0,2})[\\/]|^[A-Za-z]:[\\/]/;
const ADDRESS = /^[a-z][a-z0-9+.-]*:\/\//i;
/** `Name: value`, `name=value`, `--name=value`. */
const NAMED = /^-{0,2}([A-Za-z][\w.-]{0,99})\s{0,3}[:=]\s{0,3}(\S[^]*)$/;

/** Whether values under this name are credentials, as its last word says. */
export function isSecretName(name: string): boolean {
  const words = wordsOf(name);
  const last = words.at(-1) ?? '';
  if (last === 'key' && words.at(-2) === 'public') return false;
  return SECRET_WORDS.has(last) || ENDS_IN_SECRET.test(last);
}

/**
 * Whether a text looks like a credential and like nothing else: letters and digits mixed up within a piece,
 * or a piece that is longer than words are. `eu-central-1`, `node-18.2` and `utf8` do not.
 */
export function isTokenLike(text: string): boolean {
  if (text.length < MIN_TOKEN_LENGTH || /\s/.test(text)) return false;
  return text.split(/[^A-Za-z0-9]+/).some((piece) => isScrambled(piece));
}

/**
 * What must not be printed of a setting or credential: the one judgement for configured values and for those
 * of providers.
 *
 * By its name, by its place (behind `Bearer`, in the address of a user, in a cookie), or by its look; never
 * paths, addresses as such, and words that everybody would guess, because a mask for those hides harmless
 * text.
 *
 * @param name - Of the variable, header or option: `GITHUB_TOKEN`, `Authorization`, `--api-key`.
 * @param depth - How many values it stands in. Default: in none.
 */
export function secretsIn(name: string, value: string, depth = 0): readonly string[] {
  const text = value.trim();
  const scheme = SCHEME.exec(text)?.[1];
  if (scheme !== undefined) return [...secretOrNothing(scheme), ...passwordOfBasic(text)];
  if (ADDRESS.test(text)) return secretsOfAddress(text, depth);
  if (/^[[{]/.test(text) && depth < MAX_DEPTH) {
    const found = secretsOfJson(text, depth);
    if (found !== undefined) return found;
  }
  if (PATH.test(text)) return isSecretName(name) && isTokenLike(text) ? [text] : [];
  const last = wordsOf(name).at(-1) ?? '';
  const parts = secretsOfParts(text, last === 'cookie' ? 'cookie' : undefined, depth);
  if (isSecretName(name)) return [...secretOrNothing(text), ...parts];
  const isPlain = PLAIN_WORDS.has(last);
  return parts.length === 0 && !isPlain && isTokenLike(text) ? secretOrNothing(text) : parts;
}

/**
 * Whether a secret is hidden wherever it stands; others only where they stand alone, since they may be a part
 * of harmless text.
 */
export function isDistinct(secret: string): boolean {
  if (isScrambled(secret)) return true;
  if (secret.length < MIN_TOKEN_LENGTH || (PATH.test(secret) && !isTokenLike(secret))) return false;
  return secret.length >= 16 || !/^(?:[A-Za-z]+|\d+)$/.test(secret);
}

/** Whether hiding a secret hides more than everybody would guess, and less than ordinary words. */
export function isHideable(secret: string): boolean {
  return secret.length >= MIN_LENGTH && !GUESSABLE.has(secret.toLowerCase());
}

function secretOrNothing(text: string): readonly string[] {
  return isHideable(text) ? [text] : [];
}

function wordsOf(name: string): readonly string[] {
  return name
    .split(/[^A-Za-z]+|(?<=[a-z])(?=[A-Z])/)
    .filter((word) => word !== '')
    .map((word) => word.toLowerCase());
}

function isScrambled(piece: string): boolean {
  if (piece.length > MAX_WORD_LENGTH) return /[A-Za-z]/.test(piece);
  return piece.length >= 5 && (piece.match(/[A-Za-z](?=[0-9])|[0-9](?=[A-Za-z])/g)?.length ?? 0) >= 2;
}

/** `Basic` is the user and the password in base64 (RFC 7617). */
function passwordOfBasic(text: string): readonly string[] {
  const encoded = /^Basic\s+([A-Za-z0-9+/=_-]+)$/i.exec(text)?.[1];
  if (encoded === undefined) return [];
  try {
    const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
    return secretOrNothing(new TextDecoder().decode(bytes).replace(/^[^:]*:/, ''));
  } catch {
    return [];
  }
}

/**
 * An address is text that people need; its password and its parameters may be secrets, and parts of its path
 * that look so.
 */
function secretsOfAddress(text: string, depth: number): readonly string[] {
  if (!URL.canParse(text)) return [];
  const url = new URL(text);
  const parts = url.pathname.split('/').filter((part) => part.length >= 16 && isTokenLike(part));
  const parameters = [...url.searchParams].flatMap(([name, value]) =>
    depth < MAX_DEPTH ? secretsIn(name, value, depth + 1) : [],
  );
  return [...secretOrNothing(decoded(url.password)), ...parts.map(decoded), ...parameters];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function secretsOfJson(text: string, depth: number): readonly string[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const found: string[] = [];
  const look = (name: string, inner: unknown): void => {
    if (typeof inner === 'string') found.push(...secretsIn(name, inner, depth + 1));
    else if (typeof inner === 'object' && inner !== null)
      for (const [key, member] of Object.entries(inner)) look(Array.isArray(inner) ? name : key, member);
  };
  look('', value);
  return found;
}

/**
 * `Server=a;Password=b`, `a=1; session=xyz`, `Authorization: Bearer x`.
 *
 * @param nameOfAll - In a cookie each value is one.
 */
function secretsOfParts(text: string, nameOfAll: string | undefined, depth: number): readonly string[] {
  if (depth >= MAX_DEPTH) return [];
  return text.split(/[;&]/).flatMap((part) => {
    const named = NAMED.exec(part.trim());
    return named === null ? [] : secretsIn(nameOfAll ?? named[1] ?? '', named[2] ?? '', depth + 1);
  });
}
