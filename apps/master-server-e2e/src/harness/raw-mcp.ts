/** MCP as text, for tests that must see every byte and every header. */

/** What one POST was answered with. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The whole body. */
  readonly text: string;
  /** The JSON-RPC messages in it, one or, from an event stream, many; as text. */
  readonly messages: readonly string[];
}

export const MODERN = '2026-07-28';
export const LEGACY = '2025-11-25';

export interface PostOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Sends a body as it is. */
export async function post(
  url: string,
  body: string,
  { headers = {}, signal }: PostOptions = {},
): Promise<RawAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    body,
    ...(signal === undefined ? {} : { signal }),
  });
  const text = await response.text();
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
  return {
    status: response.status,
    headers: response.headers,
    text,
    messages: isStream ? eventData(text) : text === '' ? [] : [text],
  };
}

/** The data of each event of a stream. */
export function eventData(text: string): string[] {
  return text
    .split(/\r?\n\r?\n/)
    .map((event) =>
      event
        .split(/\r?\n/)
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5).replace(/^ /, ''))
        .join('\n'),
    )
    .filter((data) => data !== '');
}

export interface ModernRequest {
  /** As JSON. */
  readonly id: string;
  readonly method: string;
  /** Members of `params` beside `_meta`, as JSON without braces. */
  readonly params?: string;
  /** Members of `_meta` beside the envelope, as JSON without braces. */
  readonly meta?: string;
  /** Client capabilities as JSON. */
  readonly capabilities?: string;
  /** Value of `Mcp-Name`. */
  readonly name?: string;
}

/** Body and headers of a request of the modern era. */
export function modernRequest({
  id,
  method,
  params = '',
  meta = '',
  capabilities = '{}',
  name,
}: ModernRequest): {
  readonly body: string;
  readonly headers: Record<string, string>;
} {
  const envelope = `"io.modelcontextprotocol/protocolVersion":"${MODERN}","io.modelcontextprotocol/clientCapabilities":${capabilities},"io.modelcontextprotocol/clientInfo":{"name":"raw","version":"1"}`;
  const fields = [`"_meta":{${[envelope, meta].filter((part) => part !== '').join(',')}}`, params].filter(
    (part) => part !== '',
  );
  return {
    body: `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":{${fields.join(',')}}}`,
    headers: {
      'mcp-protocol-version': MODERN,
      'mcp-method': method,
      ...(name === undefined ? {} : { 'mcp-name': name }),
    },
  };
}

/** Sends one request of the modern era. */
export async function postModern(
  url: string,
  request: ModernRequest,
  { headers = {}, ...options }: PostOptions = {},
): Promise<RawAnswer> {
  const made = modernRequest(request);
  return await post(url, made.body, { ...options, headers: { ...made.headers, ...headers } });
}

/** A legacy session over HTTP. */
export interface RawSession {
  readonly id: string;
  readonly headers: Record<string, string>;
  /** Sends a message of the session. */
  send(body: string, options?: PostOptions): Promise<RawAnswer>;
  end(): Promise<number>;
}

export interface RawSessionOptions extends PostOptions {
  /** Client capabilities as JSON. */
  readonly capabilities?: string;
  readonly version?: string;
}

/** Opens a legacy session by `initialize` and `notifications/initialized`. */
export async function openRawSession(url: string, options: RawSessionOptions = {}): Promise<RawSession> {
  const { capabilities = '{}', version = LEGACY, headers = {} } = options;
  const hello = await post(
    url,
    `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"${version}","capabilities":${capabilities},"clientInfo":{"name":"raw","version":"1"}}}`,
    { headers },
  );
  const id = hello.headers.get('mcp-session-id');
  if (id === null) throw new Error(`initialize was answered with ${hello.status}: ${hello.text}`);
  const own = { ...headers, 'mcp-session-id': id, 'mcp-protocol-version': version };
  const send = (body: string, more: PostOptions = {}): Promise<RawAnswer> =>
    post(url, body, { ...more, headers: { ...own, ...more.headers } });
  await send('{"jsonrpc":"2.0","method":"notifications/initialized"}');
  return {
    id,
    headers: own,
    send,
    end: async () => (await fetch(url, { method: 'DELETE', headers: own })).status,
  };
}

/** A `tools/call` of the legacy era, as text. @param args - JSON. */
export function legacyCall(id: string, name: string, args = '{}', meta = ''): string {
  const head = meta === '' ? '' : `"_meta":${meta},`;
  return `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{${head}"name":"${name}","arguments":${args}}}`;
}

/** The error of an answer, with the code of Omni's table where there is one. */
export interface AnsweredError {
  readonly code: number;
  readonly omni: string | undefined;
  /** What has cut a call whose outcome is unknown. */
  readonly cause: string | undefined;
  readonly message: string;
}

export function errorOf(message: string | undefined): AnsweredError | undefined {
  // Messages of these tests are JSON-RPC.
  const { error } = JSON.parse(message ?? '{}') as {
    error?: { code: number; message: string; data?: { code?: string; cause?: string } };
  };
  return error === undefined
    ? undefined
    : { code: error.code, omni: error.data?.code, cause: error.data?.cause, message: error.message };
}

/** The text of the first content block of a tool result. */
export function textOf(message: string | undefined): string | undefined {
  // Messages of these tests are JSON-RPC.
  return (JSON.parse(message ?? '{}') as { result?: { content?: { text?: string }[] } }).result?.content?.[0]
    ?.text;
}
