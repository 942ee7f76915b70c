import { type CallContext, serverOf } from '@omni/model';

/** Members of `params` that differ from round to round. */
const CHANGING: ReadonlySet<string> = new Set(['_meta', 'inputResponses', 'requestState']);

/**
 * SHA-256 of what makes a call the same call in its next round: endpoint, method and parameters, whatever
 * their order.
 *
 * @returns Hexadecimal.
 */
export async function callDigest({ message, client }: CallContext): Promise<string> {
  const members = (message.params?.members ?? []).filter(({ key }) => !CHANGING.has(key));
  const texts = members
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ key, start, end }) => [key, message.text.slice(start, end)]);
  const text = JSON.stringify([
    /* guard: parked/scope */ serverOf(client.endpoint) ?? null,
    message.method,
    texts,
  ]);
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
