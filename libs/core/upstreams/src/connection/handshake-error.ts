import { memberOf, type RpcMessage, stringMember } from '@omni/jsonrpc';
import { GatewayError, type UpstreamSpec } from '@omni/ports';
import { legacyVersionOf } from './mcp-revision.ts';
import { safeExcerpt } from './safe-excerpt.ts';

/** What an upstream refused, in its own words. */
export function refusalError(spec: UpstreamSpec, method: string, message: RpcMessage): GatewayError {
  const { text, error } = message;
  const words = safeExcerpt(stringMember(text, error?.object, 'message') ?? '', spec.secretValues);
  const code = memberOf(error?.object, 'code');
  const upstreamCode = code === undefined ? undefined : Number(text.slice(code.start, code.end));
  return new GatewayError(
    'OMNI_UPSTREAM_PROTOCOL',
    `"${spec.name}" refused ${method}${words === '' ? '' : `: ${words}`}`,
    {
      data: Number.isSafeInteger(upstreamCode) ? { upstreamCode } : {},
    },
  );
}

/** The negotiated version of an answer to `initialize`, or why there is none. */
export function negotiatedVersion(spec: UpstreamSpec, message: RpcMessage): string | GatewayError {
  if (message.error !== undefined) return refusalError(spec, 'initialize', message);
  const version = legacyVersionOf(message);
  if (version !== undefined) return version;
  const named = safeExcerpt(
    stringMember(message.text, message.result?.object, 'protocolVersion') ?? '',
    spec.secretValues,
  );
  return new GatewayError(
    'OMNI_UPSTREAM_ERA',
    `"${spec.name}" answered initialize with ${named === '' ? 'no protocol version' : `the unknown protocol version ${named}`}`,
  );
}

export function incompatibleError(spec: UpstreamSpec, supported: readonly string[]): GatewayError {
  const named = safeExcerpt(supported.join(', '), spec.secretValues);
  return new GatewayError(
    'OMNI_UPSTREAM_ERA',
    `"${spec.name}" supports none of the protocol versions that Omni speaks, but ${named === '' ? 'none at all' : named}`,
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
