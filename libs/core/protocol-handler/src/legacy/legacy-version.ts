import { stringMember, type RpcMessage } from '@omni/jsonrpc';
import { isLegacyVersion, LATEST_LEGACY_VERSION } from '@omni/model';

/** The version that `initialize` answers: the asked one when it is served, else the newest legacy one. */
export function negotiateVersion({ text, params }: RpcMessage): string {
  const asked = stringMember(text, params, 'protocolVersion') ?? '';
  return isLegacyVersion(asked) ? asked : LATEST_LEGACY_VERSION;
}

/**
 * Whether clients of a version know events without data, which give a stream an id before its first message.
 */
export function isPrimingVersion(version: string): boolean {
  return version >= '2025-11-25';
}
