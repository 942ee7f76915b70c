import { GatewayError } from '@omni/ports';
import { EventStream } from './event-stream.ts';
import { member, parseExactJson, textMember, type JsonObject } from '../output/json-value.ts';
import { atHost } from './at-host.ts';
import { headerValue } from '../commands/mirrored-headers.ts';
import {
  notRpc,
  PROTOCOL_VERSION,
  readMessage,
  requestMessage,
  type RpcConnection,
  type RpcOptions,
} from './rpc-message.ts';

/** Longest answer, in characters. */
const MAX_ANSWER_CHARS = 67_108_864;

export interface HttpConnectionOptions {
  /** Endpoint: `http://127.0.0.1:7431/mcp`. */
  readonly url: string;
  /** What the gateway may be shown. */
  readonly credential: (signal: AbortSignal) => Promise<Credential>;
}

/** The token that a gateway is shown. */
export interface Credential {
  readonly token: string | undefined;
  /** Where it may be shown: the host that has proved to know it. Absent where the address says it all. */
  readonly host: string | undefined;
  /** Whether there is one that it is not shown, since it has not proved to be the Omni of this user. */
  readonly isWithheld: boolean;
}

/** Requests to one endpoint over HTTP, a POST each. */
export class HttpConnection implements RpcConnection {
  readonly #options: HttpConnectionOptions;
  #lastId = 0;

  constructor(options: HttpConnectionOptions) {
    this.#options = options;
  }

  async request(
    method: string,
    params: JsonObject,
    { signal, onProgress, headers = {} }: RpcOptions,
  ): Promise<JsonObject> {
    this.#lastId += 1;
    const id = this.#lastId;
    const name = textMember(params, 'name');
    const { token, host, isWithheld } = await this.#options.credential(signal);
    const { href: url } = atHost(new URL(this.#options.url), host);
    const response = await fetchFrom(url, token, {
      method: 'POST',
      signal,
      body: requestMessage(id, method, params),
      headers: {
        'Content-Type': 'application/json',
        Accept: 'application/json, text/event-stream',
        'MCP-Protocol-Version': PROTOCOL_VERSION,
        'Mcp-Method': method,
        ...(name !== undefined && { 'Mcp-Name': headerValue(name) }),
        ...headers,
      },
    });
    if (response.status === 401 && isWithheld) throw unauthorized(isWithheld);
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
    const messages = isStream
      ? streamedTexts(response, url, signal)
      : [await wholeText(response, url, signal)];
    for await (const text of messages) {
      const meaning = readMessage(parsed(text), id);
      if (meaning?.kind === 'progress') onProgress?.(meaning.progress);
      else if (meaning?.kind === 'result') return meaning.result;
      else if (meaning?.kind === 'error') throw meaning.error;
    }
    throw response.status === 401 ? unauthorized(isWithheld) : notRpc();
  }

  async close(): Promise<void> {}
}

/**
 * A request that carries the token, if there is one, and follows no redirect, which might carry the token
 * elsewhere.
 *
 * @throws {@link GatewayError} `OMNI_GATEWAY_UNREACHABLE`, or why the signal was aborted.
 */
export async function fetchFrom(
  url: string,
  token: string | undefined,
  init: RequestInit & { readonly signal: AbortSignal },
): Promise<Response> {
  const headers = new Headers(init.headers);
  if (token !== undefined) headers.set('Authorization', `Bearer ${token}`);
  try {
    return await fetch(url, { ...init, headers, redirect: 'error' });
  } catch (cause) {
    throw connectionFailure(cause, url, init.signal);
  }
}

/**
 * @param maxLength - In characters; what is longer is read no further.
 * @throws {@link GatewayError} `OMNI_GATEWAY_UNREACHABLE`, `OMNI_UPSTREAM_TOO_LARGE`, or why the signal was
 * aborted.
 */
export async function wholeText(
  response: Response,
  url: string,
  signal: AbortSignal,
  maxLength = Number.POSITIVE_INFINITY,
): Promise<string> {
  let text = '';
  for await (const piece of pieces(response, url, signal)) {
    text += piece;
    if (text.length > maxLength) break;
  }
  return text;
}

export function unauthorized(isWithheld: boolean): GatewayError {
  if (isWithheld)
    return new GatewayError(
      'OMNI_AUTH_REQUIRED',
      'The program at this address wants a token, and has not proved to be the Omni of this user: it was not shown the token of this user',
      {
        hint: 'If you trust it, pass its token: --token, or OMNI_TOKEN. An Omni behind another port (a container, a tunnel), of another user, or with auth.token of its own cannot prove it.',
      },
    );
  return new GatewayError('OMNI_AUTH_REQUIRED', 'Omni does not know the token, or none was sent', {
    hint: 'Pass --token, or set OMNI_TOKEN; omni serve prints where the token is kept.',
  });
}

async function* streamedTexts(response: Response, url: string, signal: AbortSignal): AsyncGenerator<string> {
  const stream = new EventStream();
  for await (const piece of pieces(response, url, signal)) yield* stream.push(piece);
}

async function* pieces(response: Response, url: string, signal: AbortSignal): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let length = 0;
  try {
    for await (const chunk of response.body ?? []) {
      const text = decoder.decode(chunk, { stream: true });
      length += text.length;
      if (length > MAX_ANSWER_CHARS)
        throw new GatewayError('OMNI_UPSTREAM_TOO_LARGE', 'The answer is larger than 64 MiB', {
          hint: 'Ask for less.',
        });
      yield text;
    }
  } catch (cause) {
    throw cause instanceof GatewayError ? cause : connectionFailure(cause, url, signal);
  }
  yield decoder.decode();
}

function connectionFailure(cause: unknown, url: string, signal: AbortSignal): GatewayError {
  if (signal.aborted) return GatewayError.from(signal.reason);
  // fetch says what happened in the cause of its own error.
  const code = textMember(member(cause, 'cause'), 'code');
  const hint = hintFor(code);
  return new GatewayError(
    'OMNI_GATEWAY_UNREACHABLE',
    `No Omni answers at ${new URL(url).origin}${code === undefined ? '' : ` (${code})`}`,
    {
      cause,
      ...(hint !== undefined && { hint }),
    },
  );
}

function hintFor(code = ''): string | undefined {
  if (/CERT|ISSUER|ALTNAME/.test(code))
    return 'Its certificate is not trusted here: NODE_EXTRA_CA_CERTS=FILE names that of its issuer.';
  return code.startsWith('ERR_SSL')
    ? 'What listens there does not speak TLS: write http:// in place of https://.'
    : undefined;
}

function parsed(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch {
    return undefined;
  }
}
