import {
  type JsonMember,
  memberOf,
  metaOf,
  rawOf,
  type RpcMessage,
  stringAt,
  stringMember,
} from '@omni/jsonrpc';
import {
  decodeHeaderValue,
  type Dialect,
  type Dialects,
  type HeaderLookup,
  isLegacyVersion,
  isModernVersion,
} from '@omni/model';
import { GatewayError } from '@omni/ports';

export const META_VERSION = 'io.modelcontextprotocol/protocolVersion';
export const META_CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
export const META_CLIENT_INFO = 'io.modelcontextprotocol/clientInfo';

/** What a modern request says of its client. */
export interface ModernEnvelope {
  /** JSON of the client's capabilities. */
  readonly capabilities: string;
  /** JSON of the client's name and version; `{}` when absent. */
  readonly clientInfo: string;
}

/** Whether a message says in its body that it belongs to the modern era. */
export function claimsModernEnvelope(message: RpcMessage): boolean {
  return memberOf(metaOf(message), META_VERSION) !== undefined;
}

/**
 * Checks the envelope in the body of a modern request.
 *
 * @param versionHeader - `MCP-Protocol-Version`, where there are headers: one that differs is a mismatch,
 * supported or not.
 * @see MCP 2026-07-28, basic, "Request metadata": both keys are required; a missing one is −32602.
 */
export function readEnvelope(
  message: RpcMessage,
  dialects: Dialects,
  versionHeader?: string,
): ModernEnvelope | GatewayError {
  const meta = metaOf(message);
  const version = memberOf(meta, META_VERSION);
  if (version === undefined) return missing(META_VERSION);
  const versionText = stringAt(message.text, version);
  if (versionText === undefined)
    return new GatewayError('OMNI_PARAMS_INVALID', `_meta["${META_VERSION}"] must be a string`);
  // guard: request/header-version
  if (versionHeader !== undefined && versionHeader !== versionText)
    return mismatch('MCP-Protocol-Version differs from the version in _meta');
  if (!isModernVersion(versionText) && dialects.of(versionText) === undefined) {
    const problem = isLegacyVersion(versionText)
      ? 'begins with initialize and has no such envelope'
      : 'is not supported';
    return new GatewayError(
      'OMNI_VERSION_UNSUPPORTED',
      `Protocol version ${printable(versionText)} ${problem}`,
      {
        data: { supported: dialects.supported, requested: versionText.slice(0, 64) },
      },
    );
  }
  const capabilities = memberOf(meta, META_CAPABILITIES);
  if (capabilities === undefined) return missing(META_CAPABILITIES);
  if (!isObject(message, capabilities))
    return new GatewayError('OMNI_PARAMS_INVALID', `_meta["${META_CAPABILITIES}"] must be an object`);
  const info = memberOf(meta, META_CLIENT_INFO);
  if (info !== undefined && !isObject(message, info))
    return new GatewayError('OMNI_PARAMS_INVALID', `_meta["${META_CLIENT_INFO}"] must be an object`);
  return { capabilities: rawOf(message, capabilities) ?? '{}', clientInfo: rawOf(message, info) ?? '{}' };
}

/** The dialect that a request is written in; `undefined` for the revision that is spoken inside. */
export function dialectOf(message: RpcMessage, dialects: Dialects): Dialect | undefined {
  return dialects.isEmpty
    ? undefined
    : dialects.of(stringMember(message.text, metaOf(message), META_VERSION));
}

/** Parameter that `Mcp-Name` mirrors. */
function namedParameter(method: string): string | undefined {
  switch (method) {
    case 'tools/call':
    case 'prompts/get':
      return 'name';
    case 'resources/read':
      return 'uri';
    // Those of the tasks extension; what else begins so belongs to the era before, and is not known here.
    case 'tasks/get':
    case 'tasks/update':
    case 'tasks/cancel':
      return 'taskId';
    default:
      return undefined;
  }
}

/**
 * Checks that the headers of a modern request mirror its body, so that nobody in between was shown something
 * else.
 *
 * @see MCP 2026-07-28, basic/transports, "Streamable HTTP", request headers; −32020.
 */
export function checkMirroredHeaders(
  message: RpcMessage,
  header: HeaderLookup,
  dialect?: Dialect,
): GatewayError | undefined {
  return checkCommonHeaders(message, header) ?? checkDialectHeaders(message, header, dialect);
}

function checkDialectHeaders(
  message: RpcMessage,
  header: HeaderLookup,
  dialect: Dialect | undefined,
): GatewayError | undefined {
  const wanted = dialect?.headersOf(message.method, rawOf(message, message.params) ?? '') ?? [];
  for (let at = 0; at + 1 < wanted.length; at += 2) {
    const name = wanted[at] ?? '';
    if (header(name) !== wanted[at + 1]) return mismatch(`${name} is missing or differs from the body`);
  }
  return undefined;
}

function checkCommonHeaders(message: RpcMessage, header: HeaderLookup): GatewayError | undefined {
  if (header('mcp-protocol-version') === undefined) return mismatch('MCP-Protocol-Version is missing');
  const method = header('mcp-method');
  if (method === undefined) return mismatch('Mcp-Method is missing');
  // guard: request/header-method
  if (method !== message.method) return mismatch('Mcp-Method differs from the method in the body');
  const parameter = namedParameter(message.method);
  if (parameter === undefined) return undefined;
  const named = stringMember(message.text, message.params, parameter);
  const name = header('mcp-name');
  if (named === undefined) return undefined; // the parameter check gives the better error
  if (name === undefined) return mismatch('Mcp-Name is missing');
  const decoded = decodeHeaderValue(name);
  if (decoded === undefined) return mismatch('Mcp-Name is not a valid header value');
  return /* guard: request/header-name */ decoded === named
    ? undefined
    : mismatch(`Mcp-Name differs from "${parameter}" in the body`);
}

function mismatch(message: string): GatewayError {
  return new GatewayError('OMNI_HEADER_MISMATCH', message);
}

function missing(key: string): GatewayError {
  return new GatewayError('OMNI_PARAMS_INVALID', `_meta["${key}"] is required in every request of this era`);
}

function isObject(message: RpcMessage, member: JsonMember): boolean {
  return message.text.charCodeAt(member.start) === 0x7b;
}

function printable(text: string): string {
  return JSON.stringify(text.slice(0, 64));
}
