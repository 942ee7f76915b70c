import { Buffer } from 'node:buffer';
import { echoArguments, tokenOf } from './echo-tool.ts';
import { LEGACY_VERSION, MODERN_VERSION, UPSTREAM_NAME, type Target } from './target.ts';

const CLIENT_INFO = { name: 'omni-bench', version: '1' };
const META = {
  'io.modelcontextprotocol/protocolVersion': MODERN_VERSION,
  'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': CLIENT_INFO,
};
/** What a legacy client says of itself. */
export const INITIALIZE_PARAMS = {
  protocolVersion: LEGACY_VERSION,
  capabilities: {},
  clientInfo: CLIENT_INFO,
};
/** Every call id has ten digits, so that all requests of one cell are equally long. */
export const FIRST_CALL_ID = 1_000_000_000;

/** One HTTP request before it is written. */
export interface HttpRequestParts {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * The request for one MCP method, in the target's dialect, with all headers that the dialect requires
 * (2026-07-28, Streamable HTTP).
 */
export function mcpRequest(
  target: Target,
  message: { id?: number; method: string; params: Record<string, unknown> },
  session?: string,
): HttpRequestParts {
  const { id, method, params } = message;
  const modern = target.dialect === 'modern';
  const body = JSON.stringify({
    jsonrpc: '2.0',
    ...(id === undefined ? {} : { id }),
    method,
    params: modern ? { ...params, _meta: META } : params,
  });
  const name = params['name'];
  return {
    path: target.path,
    headers: {
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
      'MCP-Protocol-Version': modern ? MODERN_VERSION : LEGACY_VERSION,
      ...(modern ? { 'Mcp-Method': method } : {}),
      ...(modern && typeof name === 'string' ? { 'Mcp-Name': name } : {}),
      ...(session === undefined ? {} : { 'Mcp-Session-Id': session }),
      ...target.headers,
    },
    body,
  };
}

/** The request that calls the echo tool once. */
export function echoRequest(
  target: Target,
  call: { id: number; bytes: number },
  session?: string,
): HttpRequestParts {
  const toolArguments = echoArguments(tokenOf(call.id), call.bytes);
  if (target.dialect === 'rest') {
    const body = JSON.stringify({
      server_name: UPSTREAM_NAME,
      tool: target.toolName,
      arguments: toolArguments,
      request_options: {},
    });
    return {
      path: target.path,
      headers: { 'Content-Type': 'application/json', Accept: 'application/json', ...target.headers },
      body,
    };
  }
  return mcpRequest(
    target,
    { id: call.id, method: 'tools/call', params: { name: target.toolName, arguments: toolArguments } },
    session,
  );
}

/** The first request of a legacy connection. */
export function initializeRequest(target: Target, id: number): HttpRequestParts {
  return mcpRequest(target, { id, method: 'initialize', params: INITIALIZE_PARAMS });
}

/** Serialises a request with keep-alive framing. */
export function requestText(target: Target, parts: HttpRequestParts): string {
  const headers = Object.entries(parts.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = Buffer.byteLength(parts.body);
  return `POST ${parts.path} HTTP/1.1\r\nHost: ${target.host}:${target.port}\r\n${headers.join('')}Content-Length: ${length}\r\n\r\n${parts.body}`;
}

/** Makes the text of a `tools/list` with a given id; ids must have ten digits. */
export function createListWriter(target: Target): (id: number) => string {
  const sample = requestText(
    target,
    mcpRequest(target, { id: FIRST_CALL_ID, method: 'tools/list', params: {} }),
  );
  const [before = '', after = ''] = sample.split(String(FIRST_CALL_ID));
  return (id) => before + String(id) + after;
}

/**
 * Makes the text of the call with a given id; ids must have ten digits. Chunks are computed once, because
 * this runs once per call.
 */
export function createCallWriter(target: Target, bytes: number, session?: string): (id: number) => string {
  const sample = requestText(target, echoRequest(target, { id: FIRST_CALL_ID, bytes }, session));
  const sampleToken = tokenOf(FIRST_CALL_ID);
  const [beforeToken = '', afterToken = ''] = sample.split(sampleToken);
  const [beforeId = '', betweenIdAndToken] = beforeToken.split(String(FIRST_CALL_ID));
  if (betweenIdAndToken === undefined) return (id) => beforeToken + tokenOf(id) + afterToken;
  return (id) => beforeId + String(id) + betweenIdAndToken + tokenOf(id) + afterToken;
}
