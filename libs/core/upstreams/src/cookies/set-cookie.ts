/** A cookie as a server set it (RFC 6265, 5.2). */
export interface Cookie {
  readonly name: string;
  readonly value: string;
  /** It goes to this path and what is below. */
  readonly path: string;
  /** It goes to `https:` alone, and within this machine. */
  readonly isSecure: boolean;
  /** Wall clock, in milliseconds; infinite when it lasts as long as the jar. */
  readonly expiresAt: number;
}

const MONTHS = 'janfebmaraprmayjunjulaugsepoctnovdec';
const CONTROL = /[\0-\x08\x0a-\x1f\x7f]/;

/**
 * Reads a `Set-Cookie` header.
 *
 * @param url - Of the request that it answers.
 * @param now - Wall clock, in milliseconds.
 * @returns `undefined` when it is to be ignored: it has no name, or belongs to another host.
 */
export function readSetCookie(header: string, url: URL, now: number): Cookie | undefined {
  const [pair = '', ...attributes] = header.split(';');
  const equals = pair.indexOf('=');
  const name = pair.slice(0, equals).trim();
  if (equals < 0 || name === '' || CONTROL.test(header)) return undefined;
  let path: string | undefined;
  let domain: string | undefined;
  let isSecure = false;
  let expires: number | undefined;
  let maxAge: number | undefined;
  for (const attribute of attributes) {
    const at = attribute.indexOf('=');
    const key = (at < 0 ? attribute : attribute.slice(0, at)).trim().toLowerCase();
    const value = at < 0 ? '' : attribute.slice(at + 1).trim();
    if (key === 'path') path = value;
    else if (key === 'secure') isSecure = true;
    else if (key === 'expires') expires = readDate(value) ?? expires;
    else if (key === 'max-age' && /^-?[0-9]+$/.test(value)) maxAge = Number(value);
    else if (key === 'domain' && value !== '') domain = value;
  }
  // guard: cookies/domain
  if (domain !== undefined && !isWithin(url.hostname, domain)) return undefined;
  const expiresAt = maxAge === undefined ? (expires ?? Number.POSITIVE_INFINITY) : now + maxAge * 1_000;
  return {
    name,
    value: pair.slice(equals + 1).trim(),
    path: path?.startsWith('/') === true ? path : defaultPath(url.pathname),
    isSecure,
    expiresAt,
  };
}

/** Whether a request path is that of a cookie, or below (RFC 6265, 5.1.4). */
export function isPathWithin(path: string, cookiePath: string): boolean {
  return (
    path.startsWith(cookiePath) &&
    (path.length === cookiePath.length || cookiePath.endsWith('/') || path.charAt(cookiePath.length) === '/')
  );
}

function defaultPath(path: string): string {
  const last = path.lastIndexOf('/');
  return last <= 0 ? '/' : path.slice(0, last);
}

function isWithin(host: string, domain: string): boolean {
  const own = domain.replace(/^\./, '').toLowerCase();
  return host === own || host.endsWith(`.${own}`);
}

/** Servers write dates in many ways; the parts are known by their shape (RFC 6265, 5.1.1). */
function readDate(written: string): number | undefined {
  let time: readonly number[] | undefined;
  let day: number | undefined;
  let month: number | undefined;
  let year: number | undefined;
  for (const token of written.split(/[\t\x20-/;-@[-`{-~]+/)) {
    const clock = /^(\d{1,2}):(\d{1,2}):(\d{1,2})(?!\d)/.exec(token);
    const number = /^(\d{1,4})(?!\d)/.exec(token)?.[1];
    const monthAt = token.length < 3 ? -1 : MONTHS.indexOf(token.slice(0, 3).toLowerCase());
    if (time === undefined && clock !== null) time = clock.slice(1).map(Number);
    else if (day === undefined && number !== undefined && number.length <= 2) day = Number(number);
    else if (month === undefined && monthAt >= 0 && monthAt % 3 === 0) month = monthAt / 3;
    else if (year === undefined && number !== undefined && number.length !== 1 && number.length !== 3)
      year = Number(number);
  }
  if (time === undefined || day === undefined || month === undefined || year === undefined) return undefined;
  if (year < 70) year += 2_000;
  else if (year < 100) year += 1_900;
  const [hour = 0, minute = 0, second = 0] = time;
  if (day < 1 || day > 31 || year < 1_601 || hour > 23 || minute > 59 || second > 59) return undefined;
  return Date.UTC(year, month, day, hour, minute, second);
}
