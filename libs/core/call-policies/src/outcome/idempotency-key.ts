import { memberOf, metaOf, type RpcMessage, stringAt, stringMember } from '@omni/jsonrpc';
import type { RoutedRequest } from '@omni/model';
import { GatewayError } from '@omni/ports';
import { sha256 } from '../text-digest.ts';

/** Key of `_meta` under which a client says which of its calls are the same one. */
export const IDEMPOTENCY_KEY = 'io.omni/idempotency-key';
const MAX_LENGTH = 255;

/** @returns `undefined` where there is none. */
export function idempotencyKeyOf(message: RpcMessage): string | GatewayError | undefined {
  const member = memberOf(metaOf(message), IDEMPOTENCY_KEY);
  if (member === undefined) return undefined;
  const key = stringAt(message.text, member);
  return key === undefined || key === '' || key.length > MAX_LENGTH
    ? new GatewayError(
        'OMNI_PARAMS_INVALID',
        `"${IDEMPOTENCY_KEY}" in _meta must be a text of 1 to ${MAX_LENGTH} characters`,
      )
    : key;
}

/** What makes two calls the same one. */
export interface KeyedIdentity {
  /** Of principal, server, tool, key, and the round where there are several. */
  readonly id: string;
  /** Of what is asked for. */
  readonly digest: string;
}

/** Each is SHA-256 in hexadecimal. */
export async function keyedIdentity(
  { context: { message, client }, upstreams: [upstream], name }: RoutedRequest,
  key: string,
): Promise<KeyedIdentity> {
  const { text, params, method } = message;
  const state = stringMember(text, params, 'requestState') ?? null;
  // The name is that of the server, whatever the client calls it. Metadata differ from attempt to attempt.
  const asked = (params?.members ?? [])
    .filter((member) => member.key !== '_meta' && member.key !== 'name')
    .map((member) => [member.key, text.slice(member.start, member.end)])
    .toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1));
  const [id, digest] = await Promise.all([
    sha256(JSON.stringify([client.principal.id, upstream, method, name, key, state])),
    // Answers of one era mean nothing in the other.
    sha256(JSON.stringify([client.era, asked])),
  ]);
  return { id, digest };
}
