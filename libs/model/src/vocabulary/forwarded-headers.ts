import type { RpcMessage } from '@omni/jsonrpc';
import type { HeaderList } from '@omni/ports';
import { traceHeadersOf, type HeaderLookup } from './trace-context.ts';

/** Bytes beyond ASCII are one character each here, as HTTP has them. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const MAX_VALUE = 4_096;

/**
 * What of a client's request some server may be told; what is absent, not valid or longer than 4096
 * characters is left out.
 *
 * @param names - In lower case.
 */
export function forwardableHeaders(names: readonly string[], header: HeaderLookup): HeaderList {
  const headers: string[] = [];
  for (const name of names) {
    const value = header(name);
    if (value !== undefined && value.length <= MAX_VALUE && VALUE.test(value)) headers.push(name, value);
  }
  return headers;
}

/**
 * What goes along with a request to one server on HTTP: its trace context, and of the client's headers those
 * that the server is told.
 *
 * @param forwardable - See {@link forwardableHeaders}; `undefined` when no server is told any.
 * @param names - Those of this server, in lower case.
 */
export function forwardedHeadersOf(
  message: RpcMessage,
  forwardable: HeaderList | undefined,
  names: readonly string[] | undefined,
): HeaderList {
  const trace = traceHeadersOf(message);
  if (forwardable === undefined || names === undefined || names.length === 0) return trace;
  const headers = [...trace];
  for (let at = 0; at + 1 < forwardable.length; at += 2) {
    const name = forwardable[at] ?? '';
    if (names.includes(name)) headers.push(name, forwardable[at + 1] ?? '');
  }
  return headers;
}
