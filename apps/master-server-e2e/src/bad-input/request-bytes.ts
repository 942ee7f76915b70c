/** Secret of the tests: must never show in a log. */
export const TOKEN = 'canary-token-9f8e7d6c5b4a';
/** Stands in the environment of every upstream. */
export const ENV_CANARY = 'canary-env-1a2b3c4d5e6f';
/** Stands in the arguments of calls. */
export const ARGUMENT_CANARY = 'canary-argument-0f1e2d3c';

export const MODERN = '2026-07-28';
export const JSON_TYPE = 'application/json';
export const ACCEPT = 'application/json, text/event-stream';
/** The envelope of the modern era, without the braces around it. */
export const ENVELOPE = `"io.modelcontextprotocol/protocolVersion":"${MODERN}","io.modelcontextprotocol/clientCapabilities":{}`;

/** Arguments that the echo server repeats byte for byte. */
export function echoed(json: string): string {
  return `{"<<":0,"canary":"${ARGUMENT_CANARY}","v":${json},">>":0}`;
}

export interface CallText {
  /** JSON. Default 7. */
  readonly id?: string;
  /** JSON. Default the echo tool. */
  readonly name?: string;
  /** JSON. */
  readonly args?: string;
  /** Members behind the envelope, each with a comma before it. */
  readonly meta?: string;
}

/** A `tools/call` of the modern era. */
export function callText({
  id = '7',
  name = '"echo__echo"',
  args = echoed('1'),
  meta = '',
}: CallText = {}): string {
  return `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":${name},"arguments":${args},"_meta":{${ENVELOPE}${meta}}}}`;
}

/** Any request of the modern era. @param members - Members of the parameters, each followed by a comma. */
export function requestText(method: string, members = '', id = '7'): string {
  return `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":{${members}"_meta":{${ENVELOPE}}}}`;
}

/** `[name, value]`; a value of `undefined` takes a default header out. */
export type Header = readonly [name: string, value: string | undefined];

export interface RequestParts {
  readonly method?: string;
  readonly target?: string;
  /**
   * Instead of, or besides, the headers of a modern `tools/call`; a name that is given twice is sent twice.
   */
  readonly headers?: readonly Header[];
  /** Header lines that are sent as they are, each with its line break. */
  readonly rawHeaders?: string;
  readonly body?: string | Buffer;
  /** Whether the length is told. Default `true`. */
  readonly hasLength?: boolean;
}

/** The whole request as bytes. Nothing is repaired. */
export function requestBytes({
  method = 'POST',
  target = '/mcp',
  headers = [],
  rawHeaders = '',
  body,
  hasLength = true,
}: RequestParts = {}): Buffer {
  const payload = body === undefined ? Buffer.alloc(0) : typeof body === 'string' ? Buffer.from(body) : body;
  const defaults: readonly Header[] = [
    ['Host', '127.0.0.1'],
    ['Authorization', `Bearer ${TOKEN}`],
    ['Content-Type', JSON_TYPE],
    ['Accept', ACCEPT],
    ['MCP-Protocol-Version', MODERN],
    ['Mcp-Method', 'tools/call'],
    ['Mcp-Name', 'echo__echo'],
    ...(hasLength && body !== undefined ? [['Content-Length', String(payload.length)] as const] : []),
  ];
  const given = new Set(headers.map(([name]) => name.toLowerCase()));
  const all = [...defaults.filter(([name]) => !given.has(name.toLowerCase())), ...headers].filter(
    ([, value]) => value !== undefined,
  );
  const lines = all.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.concat([
    Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines}${rawHeaders}\r\n`, 'latin1'),
    payload,
  ]);
}

/** A modern call whose body is given; its headers fit the echo tool. */
export function modernPost(body: string | Buffer, headers: readonly Header[] = []): Buffer {
  return requestBytes({ body, headers });
}

/** A modern request with headers that fit its method. @param name - For `Mcp-Name`. */
export function modernRequest(method: string, members = '', name?: string): Buffer {
  return requestBytes({
    body: requestText(method, members),
    headers: [
      ['Mcp-Method', method],
      ['Mcp-Name', name],
    ],
  });
}

/** A POST without anything of the modern era. */
export function legacyPost(body: string | Buffer, headers: readonly Header[] = []): Buffer {
  return requestBytes({
    body,
    headers: [
      ['MCP-Protocol-Version', undefined],
      ['Mcp-Method', undefined],
      ['Mcp-Name', undefined],
      ...headers,
    ],
  });
}
