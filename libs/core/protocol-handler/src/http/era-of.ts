import type { RpcMessage } from '@omni/jsonrpc';
import { type Dialects, type HeaderLookup, isLegacyVersion, isModernVersion } from '@omni/model';
import { type Era, GatewayError } from '@omni/ports';
import { claimsModernEnvelope } from '../modern/modern-envelope.ts';

/** Names the session of a legacy client. */
export const SESSION_HEADER = 'mcp-session-id';

/**
 * To which era a message belongs that came by POST: its body says so, else its session does.
 *
 * Headers that mirror the body, such as `Mcp-Method`, are sent by clients of both eras and decide nothing.
 * The version header only tells in whose terms a message is refused that belongs to neither.
 *
 * @returns An error when `MCP-Protocol-Version` names a version that nobody speaks; `initialize` negotiates
 * and is not asked.
 * @see PROTO-R01; decision 0041; MCP 2025-11-25 and 2026-07-28, basic/transports, "Protocol Version Header".
 */
export function eraOf(message: RpcMessage, header: HeaderLookup, dialects: Dialects): Era | GatewayError {
  if (claimsModernEnvelope(message)) {
    // Requests of the modern era are cancelled by closing them, so what has a session and is no request is
    // meant for that.
    return message.kind === 'request' || !namesSession(header) ? 'modern' : 'legacy';
  }
  if (message.kind === 'request' && message.method === 'initialize') return 'legacy';
  const version = header('mcp-protocol-version');
  if (version === undefined || isLegacyVersion(version)) return 'legacy';
  if (!isModernVersion(version) && dialects.of(version) === undefined) return unsupported(version, dialects);
  return namesSession(header) ? 'legacy' : 'modern';
}

function namesSession(header: HeaderLookup): boolean {
  return (header(SESSION_HEADER) ?? '') !== '';
}

function unsupported(version: string, { supported }: Dialects): GatewayError {
  return new GatewayError(
    'OMNI_VERSION_UNSUPPORTED',
    'MCP-Protocol-Version names a version that is not supported',
    {
      data: {
        supported,
        requested: version
          // guard: request/version-in-error
          .slice(0, 64),
      },
    },
  );
}
