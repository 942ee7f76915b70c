import type { HeaderList } from '@omni/ports';

/** A request target, taken apart. */
export interface RequestTarget {
  /** Host and port of a target in absolute form; `undefined` in origin form. */
  readonly authority: string | undefined;
  /** As sent; `/` where a target in absolute form has none. */
  readonly path: string;
  /** Without `?`; empty when there is none. */
  readonly query: string;
}

const ABSOLUTE = /^https?:\/\/([^/?#]*)/i;

/** @see RFC 9112, section 3.2: origin form, and absolute form, which every server has to take. */
export function splitTarget(target: string): RequestTarget {
  // Nearly every target begins with its path.
  const match = target.startsWith('/') ? null : ABSOLUTE.exec(target);
  const rest = match === null ? target : target.slice(match[0].length);
  const mark = rest.indexOf('?');
  const path = mark === -1 ? rest : rest.slice(0, mark);
  return {
    authority: match?.[1],
    path: match !== null && path === '' ? '/' : path,
    query: mark === -1 ? '' : rest.slice(mark + 1),
  };
}

/**
 * @param name - Lower case.
 * @returns The value without surrounding white space; several values joined with `, `; `undefined` when
 * absent.
 */
export function headerValue(headers: HeaderList, name: string): string | undefined {
  let found: string | undefined;
  for (let index = 0; index < headers.length; index += 2) {
    const candidate = headers[index];
    if (candidate === undefined || candidate.length !== name.length) continue;
    if (candidate !== name && candidate.toLowerCase() !== name) continue;
    const value = (headers[index + 1] ?? '').trim();
    found = /* guard: http/doubled-headers */ found === undefined ? value : `${found}, ${value}`;
  }
  return found;
}
