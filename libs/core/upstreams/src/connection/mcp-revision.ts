import {
  applyEdits,
  type JsonMember,
  type JsonObject,
  memberOf,
  rawOf,
  type RpcMessage,
  scanJson,
  setMember,
  stringAt,
  stringMember,
  withoutMembers,
} from '@omni/jsonrpc';
import {
  type ClientBinding,
  type Dialect,
  type Dialects,
  isLegacyVersion,
  LATEST_LEGACY_VERSION,
  MODERN_VERSION,
} from '@omni/model';
import { declaredUnder, type RootsPolicy } from '../terms/roots-policy.ts';
import { UPSTREAM_JSON_LIMITS } from './upstream-limits.ts';

/** What Omni says of itself to upstreams. */
export interface GatewayIdentity {
  readonly name: string;
  readonly version: string;
}

/** Capabilities of a client that an upstream may make use of through Omni. */
const RELAYED_CAPABILITIES: ReadonlySet<string> = new Set([
  'sampling',
  'elicitation',
  'roots',
  'experimental',
  'extensions',
  'tasks',
]);

/** What an answer to `server/discover` tells about the upstream. */
export type ProbeVerdict =
  /** `dialect`: of what it speaks in place of the revision that is spoken inside. */
  | { readonly kind: 'modern'; readonly dialect: Dialect | undefined }
  /** It is modern, and is to be asked again in this dialect. */
  | { readonly kind: 'dialect'; readonly dialect: Dialect }
  | { readonly kind: 'legacy' }
  /** A modern server that does not speak a revision which Omni knows. */
  | { readonly kind: 'incompatible'; readonly supported: readonly string[] };

/** @see MCP 2026-07-28, basic/versioning, "Era detection". */
export function probeVerdict(message: RpcMessage, dialects: Dialects): ProbeVerdict {
  const { text, result, error } = message;
  const supported =
    result === undefined
      ? supportedInError(text, error?.object)
      : stringsAt(text, memberOf(result.object, 'supportedVersions'));
  if (supported === undefined) return { kind: 'legacy' };
  if (result !== undefined && supported.includes(MODERN_VERSION))
    return { kind: 'modern', dialect: undefined };
  const dialect = dialects.among(supported);
  if (dialect !== undefined) return { kind: result === undefined ? 'dialect' : 'modern', dialect };
  return supported.some(isLegacyVersion) ? { kind: 'legacy' } : { kind: 'incompatible', supported };
}

/** Whether a `DiscoverResult` says that `initialize` is served too. */
export function speaksLegacyToo(handshake: RpcMessage): boolean {
  const supported = stringsAt(handshake.text, memberOf(handshake.result?.object, 'supportedVersions')) ?? [];
  return supported.some(isLegacyVersion);
}

/**
 * Error codes of requests that were refused before anything ran: a request without session (SDKs of the
 * legacy era), and a revision that the server does not speak.
 */
export const REFUSALS: ReadonlySet<string | undefined> = new Set(['-32000', '-32001', '-32022']);

/** The code of an error response, as it is written. */
export function errorCodeOf(message: RpcMessage): string | undefined {
  return rawOf(message, memberOf(message.error?.object, 'code'));
}

/**
 * The version of an `InitializeResult`; `undefined` when it is none, or of a version that Omni does not know.
 */
export function legacyVersionOf(message: RpcMessage): string | undefined {
  const version = stringMember(message.text, message.result?.object, 'protocolVersion');
  return version !== undefined && isLegacyVersion(version) ? version : undefined;
}

/**
 * `params` of a request that Omni makes for itself in the modern era.
 *
 * @param members - Further members as JSON, e.g. `"cursor":"x"`; may be empty.
 */
export function modernParams(
  identity: GatewayIdentity,
  members: string,
  version: string = MODERN_VERSION,
): string {
  const meta = `{"io.modelcontextprotocol/protocolVersion":"${version}","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":${JSON.stringify(identity)}}`;
  return members === '' ? `{"_meta":${meta}}` : `{"_meta":${meta},${members}}`;
}

/**
 * `params` of `initialize`: of the session's client on a connection of its own, of Omni without capabilities
 * on a shared one.
 */
export function initializeParams(
  identity: GatewayIdentity,
  binding: ClientBinding | undefined,
  roots: RootsPolicy,
): string {
  const relayed =
    binding === undefined
      ? /* guard: instance/others-capabilities */ '{}'
      : relayedCapabilities(declaredUnder(roots, binding.capabilities));
  // Folders of its own Omni names itself, whoever uses the connection.
  const capabilities = typeof roots === 'object' ? withMember(relayed, 'roots', '{}') : relayed;
  const own = JSON.stringify({ name: identity.name, version: identity.version });
  const clientInfo = binding !== undefined && isClientInfo(binding.clientInfo) ? binding.clientInfo : own;
  return `{"protocolVersion":"${LATEST_LEGACY_VERSION}","capabilities":${capabilities},"clientInfo":${clientInfo}}`;
}

/** Whether an upstream promises to declare a list changed, of its handshake's capabilities. */
export function promisesListChanged(handshake: RpcMessage, list: string): boolean {
  const found = capabilityOf(handshake, list);
  const flag = memberOf(found?.capability.object, 'listChanged');
  return found !== undefined && flag !== undefined && found.text.startsWith('true', flag.start);
}

/** Whether an upstream says that it has a capability. */
export function declaresCapability(handshake: RpcMessage, name: string): boolean {
  return capabilityOf(handshake, name) !== undefined;
}

/** A member of the capabilities in a handshake, and the text in which it stands. */
function capabilityOf(
  handshake: RpcMessage,
  name: string,
): { readonly text: string; readonly capability: JsonMember } | undefined {
  const capabilities = memberOf(handshake.result?.object, 'capabilities');
  if (capabilities === undefined) return undefined;
  const text = handshake.text.slice(capabilities.start, capabilities.end);
  const scan = scanJson(text, UPSTREAM_JSON_LIMITS, { [name]: {} });
  const capability = scan.kind === 'object' ? memberOf(scan.object, name) : undefined;
  return capability === undefined ? undefined : { text, capability };
}

function relayedCapabilities(capabilities: string): string {
  const object = objectOf(capabilities);
  return object === undefined
    ? '{}'
    : withoutMembers(capabilities, object, (key) => !RELAYED_CAPABILITIES.has(key));
}

function withMember(json: string, key: string, value: string): string {
  const object = objectOf(json);
  return object === undefined ? json : applyEdits(json, [setMember(object, key, value)]);
}

function isClientInfo(json: string): boolean {
  const object = objectOf(json);
  return (
    stringMember(json, object, 'name') !== undefined && stringMember(json, object, 'version') !== undefined
  );
}

function supportedInError(text: string, error: JsonObject | undefined): readonly string[] | undefined {
  const code = memberOf(error, 'code');
  const data = memberOf(error, 'data');
  if (code === undefined || data === undefined || text.slice(code.start, code.end) !== '-32022')
    return undefined;
  const inner = text.slice(data.start, data.end);
  return stringsAt(inner, memberOf(objectOf(inner), 'supported'));
}

function objectOf(json: string): JsonObject | undefined {
  const scan = scanJson(json, UPSTREAM_JSON_LIMITS);
  return scan.kind === 'object' ? scan.object : undefined;
}

/** The strings of an array; `undefined` when the span is absent or no array. */
function stringsAt(
  text: string,
  span: { readonly start: number; readonly end: number } | undefined,
): readonly string[] | undefined {
  if (span === undefined) return undefined;
  const inner = text.slice(span.start, span.end);
  const scan = scanJson(inner, UPSTREAM_JSON_LIMITS);
  if (scan.kind !== 'array') return undefined;
  return scan.items.map((item) => stringAt(inner, item)).filter((item) => item !== undefined);
}
