import type { Clock, HeaderList } from '@omni/ports';
import { type Cookie, isPathWithin, readSetCookie } from './set-cookie.ts';

const MAX_COOKIES = 50;
/** With its attributes (RFC 6265, 6.1). */
const MAX_COOKIE_LENGTH = 4_096;
/** What servers commonly take of all headers. */
const MAX_HEADER_LENGTH = 8_192;
const SET_COOKIE = 'set-cookie';

/**
 * The cookies of one origin. Nothing is sent to another one, so that neither domains nor their registries
 * have to be known: a cookie for a wider domain comes back to this host alone.
 */
export class CookieJar {
  readonly #clock: Clock;
  /** Oldest first, by name and path. */
  readonly #cookies = new Map<string, Cookie>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Keeps what an answer sets. @param url - Of its request. */
  take(url: string, headers: HeaderList): void {
    for (let at = 0; at + 1 < headers.length; at += 2) {
      const name = headers[at] ?? '';
      if (name.length === SET_COOKIE.length && name.toLowerCase() === SET_COOKIE)
        this.#take(new URL(url), headers[at + 1] ?? '');
    }
  }

  /** The value of `Cookie` for a request; `undefined` when there is none. */
  headerFor(url: string): string | undefined {
    if (this.#cookies.size === 0) return undefined;
    const { protocol, hostname, pathname } = new URL(url);
    const isSecure = protocol === 'https:' || hostname === 'localhost' || hostname === '127.0.0.1';
    const now = this.#clock.now();
    const fitting: Cookie[] = [];
    for (const [key, cookie] of this.#cookies) {
      if (cookie.expiresAt <= now) this.#cookies.delete(key);
      else if ((isSecure || !cookie.isSecure) && isPathWithin(pathname, cookie.path)) fitting.push(cookie);
    }
    if (fitting.length === 0) return undefined;
    // Longer paths stand first (RFC 6265, 5.4).
    const pairs = fitting
      .toSorted((a, b) => b.path.length - a.path.length)
      .map(({ name, value }) => `${name}=${value}`);
    // guard: cookies/header-length
    while (pairs.join('; ').length > MAX_HEADER_LENGTH) pairs.pop();
    return pairs.join('; ');
  }

  #take(url: URL, header: string): void {
    // guard: cookies/length
    if (header.length > MAX_COOKIE_LENGTH) return;
    const now = this.#clock.now();
    const cookie = readSetCookie(header, url, now);
    if (cookie === undefined) return;
    const key = `${cookie.name}\0${cookie.path}`;
    if (cookie.expiresAt <= now) return void this.#cookies.delete(key);
    const [oldest] = this.#cookies.keys();
    // guard: cookies/count
    if (this.#cookies.size >= MAX_COOKIES && !this.#cookies.has(key) && oldest !== undefined)
      this.#cookies.delete(oldest);
    this.#cookies.set(key, cookie);
  }
}
