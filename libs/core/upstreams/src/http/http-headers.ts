import { type CredentialValues, type HeaderList, isReservedHeader } from '@omni/ports';
import type { UpstreamCredentials } from '../credentials/upstream-credentials.ts';

/** What every MCP client says itself of its messages; many configurations repeat it. */
const OWN = /^(?:content-type|accept)$/i;

/** The first value of a header in a flat list. @param name - Lower case. */
export function headerOf(headers: HeaderList, name: string): string | undefined {
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const candidate = headers[at];
    if (
      candidate !== undefined &&
      candidate.length === name.length &&
      (candidate === name || candidate.toLowerCase() === name)
    )
      return headers[at + 1];
  }
  return undefined;
}

/** Credentials as headers, without the names that are Omni's. */
function credentialHeaders(values: CredentialValues): string[] {
  return Object.entries(values).flatMap(([name, value]) =>
    /* guard: http/own-headers */ !OWN.test(name) && !isReservedHeader(name) ? [name, value] : [],
  );
}

/** The headers that all requests of one kind begin with: fixed ones, then the credentials in force. */
export class RequestHeaders {
  readonly #credentials: UpstreamCredentials;
  readonly #fixed: HeaderList;
  #values: CredentialValues | undefined;
  #list: readonly string[] = [];

  constructor(credentials: UpstreamCredentials, fixed: HeaderList) {
    this.#credentials = credentials;
    this.#fixed = fixed;
  }

  /** Asked for at each request; made anew only when the credentials have changed. */
  get list(): readonly string[] {
    const values = this.#credentials.headers;
    if (values !== this.#values) {
      this.#values = values;
      this.#list = [...this.#fixed, ...credentialHeaders(values)];
    }
    return this.#list;
  }

  /** The list as it was given last. */
  get lastList(): readonly string[] {
    return this.#list;
  }

  /**
   * The upstream has refused a list that was given.
   *
   * @returns Whether there is another one by now, or will be.
   */
  renew(refused: readonly string[]): boolean | Promise<boolean> {
    return this.list !== refused || this.#credentials.renew(this.#credentials.headers);
  }
}

/**
 * The headers of a request, with those of its client that the upstream is told.
 *
 * @param own - What Omni sends by itself.
 * @param forwarded - Names in lower case.
 */
export function withForwarded(own: readonly string[], forwarded: HeaderList = []): readonly string[] {
  if (forwarded.length === 0) return own;
  const headers = [...own];
  addForwarded(headers, own, forwarded);
  return headers;
}

/**
 * The same, to a list that is at hand. What a client has sent stands beside no header of Omni's: it could be
 * taken for a credential.
 */
export function addForwarded(headers: string[], own: readonly string[], forwarded: HeaderList): void {
  for (let at = 0; at + 1 < forwarded.length; at += 2) {
    const name = forwarded[at] ?? '';
    // guard: credentials/client-header
    if (headerOf(own, name) === undefined) headers.push(name, forwarded[at + 1] ?? '');
  }
}

/** What goes along with every POST. @param version - `undefined` where none is known. */
export function postHeaders(
  credentials: UpstreamCredentials,
  version: string | undefined,
  ...more: readonly string[]
): RequestHeaders {
  return new RequestHeaders(credentials, [
    'content-type',
    'application/json',
    'accept',
    'application/json, text/event-stream',
    ...versionHeader(version),
    ...more,
  ]);
}

/** What goes along with GET and DELETE. @param version - `undefined` where none is known. */
export function streamHeaders(
  credentials: UpstreamCredentials,
  version: string | undefined,
  ...more: readonly string[]
): RequestHeaders {
  return new RequestHeaders(credentials, ['accept', 'text/event-stream', ...versionHeader(version), ...more]);
}

function versionHeader(version: string | undefined): readonly string[] {
  return version === undefined ? [] : ['mcp-protocol-version', version];
}

/** Kind of a body by its `Content-Type`; parameters do not matter. */
export function bodyKind(headers: HeaderList): 'json' | 'events' | 'other' {
  const type = headerOf(headers, 'content-type')?.toLowerCase() ?? '';
  if (type.startsWith('application/json')) return 'json';
  return type.startsWith('text/event-stream') ? 'events' : 'other';
}
