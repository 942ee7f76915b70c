import { memberOf, type RpcMessage, stringMember } from '@omni/jsonrpc';
import { GatewayError, type UpstreamSpec } from '@omni/ports';
import { legacyVersionOf } from './mcp-revision.ts';
import type { UpstreamCredentials } from '../credentials/upstream-credentials.ts';
import { safeExcerpt } from './safe-excerpt.ts';

type ErrorData = Readonly<Record<string, unknown>>;

/** What an upstream refused, in its own words. @param more - Further `data`. */
export function refusalError(
  { upstream, secretValues }: UpstreamCredentials,
  method: string,
  message: RpcMessage,
  more: ErrorData = {},
): GatewayError {
  const { text, error } = message;
  const words = safeExcerpt(stringMember(text, error?.object, 'message') ?? '', secretValues);
  const code = memberOf(error?.object, 'code');
  const upstreamCode = code === undefined ? undefined : Number(text.slice(code.start, code.end));
  return new GatewayError(
    'OMNI_UPSTREAM_PROTOCOL',
    `"${upstream}" refused ${method}${words === '' ? '' : `: ${words}`}`,
    {
      data: Number.isSafeInteger(upstreamCode) ? { ...more, upstreamCode } : more,
    },
  );
}

/**
 * The negotiated version of an answer to `initialize`, or why there is none.
 *
 * @param more - Further `data`.
 */
export function negotiatedVersion(
  credentials: UpstreamCredentials,
  message: RpcMessage,
  more?: ErrorData,
): string | GatewayError {
  if (message.error !== undefined) return refusalError(credentials, 'initialize', message, more);
  const version = legacyVersionOf(message);
  if (version !== undefined) return version;
  const named = safeExcerpt(
    stringMember(message.text, message.result?.object, 'protocolVersion') ?? '',
    credentials.secretValues,
  );
  return new GatewayError(
    'OMNI_UPSTREAM_ERA',
    `"${credentials.upstream}" answered initialize with ${named === '' ? 'no protocol version' : `the unknown protocol version ${named}`}`,
  );
}

export function incompatibleError(
  { upstream, secretValues }: UpstreamCredentials,
  supported: readonly string[],
): GatewayError {
  const named = safeExcerpt(supported.join(', '), secretValues);
  return new GatewayError(
    'OMNI_UPSTREAM_ERA',
    `"${upstream}" supports none of the protocol versions that Omni speaks, but ${named === '' ? 'none at all' : named}`,
  );
}

export function handshakeTimeout(spec: UpstreamSpec, method: string): GatewayError {
  const seconds = spec.connectTimeoutMs / 1_000;
  return new GatewayError(
    'OMNI_UPSTREAM_TIMEOUT',
    `"${spec.name}" did not answer ${method} within ${seconds} s`,
    { data: { seconds } },
  );
}
