import type { HeaderList } from '@omni/ports';

/** @returns Path and query of a request target as sent; the query without `?`, empty when there is none. */
export function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const mark = target.indexOf('?');
  return mark === -1
    ? { path: target, query: '' }
    : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

/**
 * @param name - Lower case.
 * @returns The value without surrounding white space; several values joined with `, `; `undefined` when absent.
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
