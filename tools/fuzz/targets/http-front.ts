import { classifyInboundRequest } from '@modelcontextprotocol/server';
import { type JsonLimits, parseMessage } from '@omni/jsonrpc';
import { decodeHeaderValue } from '@omni/model';
import { GATEWAY_ERRORS, type HeaderList } from '@omni/ports';
import { RecordingExchange } from '@omni/testing';
import { promise, type FuzzTarget } from '../fuzz-target.ts';
import { openFront, type Front } from './front.ts';
import { decoded, isRecord, parsedJson } from './input-text.ts';

const LIMITS = { maxDepth: 16, maxElements: 200 };
/** Sent with each request, so that the search is not about them. */
const OWN_HEADERS = ['Host', 'localhost', 'Authorization', 'Bearer fuzz'];
const SESSION = '$SESSION';
const HEADERS = 'Content-Type: application/json\nAccept: application/json, text/event-stream\n';
const MODERN = `POST /mcp\n${HEADERS}MCP-Protocol-Version: 2026-07-28\nMcp-Method: `;
const LEGACY = `POST /mcp\n${HEADERS}Mcp-Session-Id: ${SESSION}\nMCP-Protocol-Version: 2025-11-25\n\n`;
const META =
  '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}';
/** What Omni refuses a modern request for before anybody is asked about its method. */
const ENVELOPE_ERRORS = new Set([
  'OMNI_JSON_INVALID',
  'OMNI_PARAMS_INVALID',
  'OMNI_HEADER_MISMATCH',
  'OMNI_VERSION_UNSUPPORTED',
  'OMNI_MESSAGE_INVALID',
]);

/** HTTP requests: one answer each, of a known kind, and the envelope is read as the SDK reads it. */
export function httpFront(open: (limits: JsonLimits) => Promise<Front> = openFront): FuzzTarget {
  return {
    name: 'http-front',
    promise:
      'each request has one answer, an error from the table for what is wrong; a modern request that the SDK serves is served, and one whose headers and body disagree for the SDK is not',
    covers: /protocol-handler\/src\//,
    // A method and a path, headers, an empty line, a body.
    seeds: [
      `${MODERN}tools/call\nMcp-Name: a\n\n{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a",${META}}}`,
      `${MODERN}tools/list\n\n{"jsonrpc":"2.0","id":"x","method":"tools/list","params":{${META}}}`,
      `${MODERN}server/discover\n\n{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{${META}}}`,
      `${MODERN}resources/read\nMcp-Name: =?base64?w6k=?=\n\n{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"é",${META}}}`,
      `${MODERN}subscriptions/listen\n\n{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},${META}}}`,
      `POST /mcp\n${HEADERS}\n{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"a","version":"1"}}}`,
      `${LEGACY}{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}`,
      `${LEGACY}{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`,
      `${LEGACY}[{"jsonrpc":"2.0","id":1,"method":"ping"}]`,
      `GET /mcp/files\nAccept: text/event-stream\nMcp-Session-Id: ${SESSION}\n\n`,
      `DELETE /mcp\nMcp-Session-Id: ${SESSION}\n\n`,
      'GET /health/live\n\n',
    ],
    dictionary: [
      ...[
        'POST ',
        'GET ',
        '/mcp',
        '/sse',
        '/messages',
        '\n\n',
        '\nMcp-Name: ',
        '\nMcp-Method: ',
        '\nMCP-Protocol-Version: 2025-06-18',
        '2026-07-28',
      ],
      ...[
        'tools/call',
        'prompts/get',
        'resources/read',
        'tasks/get',
        'tools/list',
        'ping',
        'logging/setLevel',
        'resources/subscribe',
        'initialize',
      ],
      ...[
        'application/json',
        '; charset=utf-8',
        'text/plain',
        '*/*',
        `${META},`,
        '"id":null',
        '"id":1,',
        '"cursor":"a",',
        '"name":"a",',
        'Last-Event-ID: s0-1\n',
      ],
    ],
    isJson: false,
    maxBytes: 4_000,
    async check(input) {
      const front = await open(LIMITS);
      const { method, path, headers, body } = requestOf(input, front.sessionId);
      const exchange = new RecordingExchange({ method, path, headers: [...OWN_HEADERS, ...headers], body });
      front.handle(exchange);
      await front.settle();
      promise(front.complaints.length === 0, 'nothing fails inside', () => front.complaints.join('\n'));
      promise(exchange.state !== 'none', 'every request is answered');
      const header = (name: string): string | undefined => exchange.header(name);
      const text = decoded(body);
      const parsed = text === undefined ? undefined : parsedJson(text);
      const code = checkAnswer(exchange, parsed?.value);
      const isMcp = method === 'POST' && /^\/mcp(?:\/files)?$/.test(path);
      if (isMcp && parsed === undefined && !BEFORE_BODY.has(code))
        promise(UNREADABLE.has(code), 'a body that is no JSON is refused as that', () => code);
      if (isMcp && parsed !== undefined)
        checkEra(front, { header, text: text ?? '', value: parsed.value, code });
      return `${/^(?:POST|GET|DELETE)$/.exec(method)?.[0] ?? 'other'} ${exchange.status} ${code} ${front.routed?.client.era ?? ''}`;
    },
  };
}

/** Refusals that come before the body is looked at. */
const BEFORE_BODY = new Set([
  ...[
    'OMNI_CONTENT_TYPE_UNSUPPORTED',
    'OMNI_NOT_ACCEPTABLE',
    'OMNI_PATH_UNKNOWN',
    'OMNI_SERVER_UNKNOWN',
    'OMNI_AUTH_REQUIRED',
    'OMNI_BODY_TOO_LARGE',
  ],
  ...['OMNI_HOST_FORBIDDEN', 'OMNI_ORIGIN_FORBIDDEN', 'OMNI_METHOD_NOT_ALLOWED'],
]);

/** Refusals of what is no JSON; a limit, or a key that stands twice, may be noticed before. */
const UNREADABLE = new Set(['OMNI_JSON_INVALID', 'OMNI_MESSAGE_TOO_COMPLEX', 'OMNI_MESSAGE_INVALID']);

/** @returns The code of the error table, or nothing where all is well. */
function checkAnswer(exchange: RecordingExchange, asked: unknown): string {
  const { status } = exchange;
  promise(
    status >= 200 && status < 500,
    'the status is one for a client',
    () => `${status} ${exchange.text()}`,
  );
  if (
    exchange.state !== 'responded' ||
    exchange.text() === '' ||
    exchange.responseHeader('content-type') !== 'application/json'
  )
    return '';
  const answer = parsedJson(exchange.text())?.value;
  promise(answer !== undefined, 'an answer is JSON', () => exchange.text());
  // Health pages are no messages.
  if (!isRecord(answer) || !Object.hasOwn(answer, 'jsonrpc')) return '';
  const id = isRecord(asked) ? asked['id'] : undefined;
  promise(answer['id'] === null || answer['id'] === id, 'an answer has the id of its request', () =>
    exchange.text(),
  );
  const { error } = answer;
  if (error === undefined) return '';
  const code = isRecord(error) && isRecord(error['data']) ? String(error['data']['code']) : '';
  const facts = Object.entries(GATEWAY_ERRORS).find(([name]) => name === code)?.[1];
  promise(
    facts !== undefined && isRecord(error) && facts.jsonRpcCode === error['code'],
    'an error is from the table',
    () => exchange.text(),
  );
  // Within a session an error is an answer like any other.
  promise(
    facts?.httpStatus === status || (status === 200 && exchange.header('mcp-session-id') !== undefined),
    'an error has its status',
    () => `${status} ${exchange.text()}`,
  );
  return code;
}

interface Asked {
  readonly header: (name: string) => string | undefined;
  readonly text: string;
  readonly value: unknown;
  readonly code: string;
}

function checkEra(front: Front, { header, text, value, code }: Asked): void {
  const sdk = classifyInboundRequest({
    httpMethod: 'POST',
    body: value,
    ...defined('protocolVersionHeader', header('mcp-protocol-version')),
    ...defined('mcpMethodHeader', header('mcp-method')),
    ...defined('mcpNameHeader', header('mcp-name')),
  });
  const { routed } = front;
  if (routed?.client.era === 'modern') {
    promise(routed.message.text === text, 'what is routed is what was sent', () => text);
    // Its schemas are stricter about members that are nobody's business here.
    promise(
      sdk.kind === 'modern' ||
        (sdk.kind === 'reject' && (sdk.rung === 'jsonrpc-shape' || sdk.rung === 'envelope')),
      'what is served as modern is modern for the SDK',
      () => `${JSON.stringify(sdk)}\n${text}`,
    );
    promise(namesAgree(header, value), 'what is served names the same in headers and body', () => text);
  }
  const isServedBySdk =
    sdk.kind === 'modern' && sdk.messageKind === 'request' && sdk.classification.era === 'modern';
  if (
    !isServedBySdk ||
    BEFORE_BODY.has(code) ||
    header('mcp-protocol-version') === undefined ||
    header('mcp-method') === undefined ||
    !namesAgree(header, value)
  )
    return;
  const message = parseMessage(text, LIMITS);
  // Limits, keys that stand twice, and how ids are written: the target rpc-message judges them.
  if (message.kind === 'rejected' || message.kind === 'batch') return;
  const isOfMethod =
    code === 'OMNI_PARAMS_INVALID' && !/^(?:tools\/call|prompts\/get|resources\/read)$/.test(message.method);
  promise(
    !ENVELOPE_ERRORS.has(code) || isOfMethod,
    'a request that the SDK serves is served',
    () => `${code}\n${text}`,
  );
}

/** Whether `Mcp-Name` is what the body names, where the SDK compares them. */
function namesAgree(header: Asked['header'], value: unknown): boolean {
  const { method, params } = isRecord(value) ? value : {};
  const key =
    { 'tools/call': 'name', 'prompts/get': 'name', 'resources/read': 'uri' }[String(method)] ??
    (String(method).startsWith('tasks/') ? 'taskId' : '');
  const named = isRecord(params) ? params[key] : undefined;
  const sent = header('mcp-name');
  return typeof named !== 'string' || (sent !== undefined && decodeHeaderValue(sent) === named);
}

function defined<Key extends string>(key: Key, value: string | undefined): { readonly [K in Key]?: string } {
  // A computed key is widened to any string.
  return (value === undefined ? {} : { [key]: value }) as { readonly [K in Key]?: string };
}

interface FuzzedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: HeaderList;
  readonly body: Uint8Array;
}

function requestOf(input: Uint8Array, sessionId: string): FuzzedRequest {
  const bytes = Buffer.from(input);
  const end = bytes.indexOf('\n\n');
  const [first = '', ...lines] = bytes
    .subarray(0, end < 0 ? undefined : end)
    .toString('latin1')
    .split('\n');
  const [method = '', path = '/'] = first.split(' ');
  const headers = lines.flatMap((line) => {
    const colon = line.indexOf(':');
    // What no HTTP parser lets through is not the front's affair.
    const [name, value] = [line.slice(0, Math.max(colon, 0)), line.slice(colon + 1).trim()];
    return /^[!#-'*+.^-z|~\w-]+$/.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value)
      ? [name, value.replace(SESSION, sessionId)]
      : [];
  });
  return { method, path, headers, body: end < 0 ? new Uint8Array(0) : bytes.subarray(end + 2) };
}
