import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { fetchFrom, wholeText } from './http-connection.ts';
import { parseExactJson, textMember } from '../output/json-value.ts';

/** A proof is much shorter; who sends more is no Omni. */
const MAX_ANSWER = 1_024;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/**
 * Asks the program at an address to prove that it has the token of this user, without showing it: any program
 * of this machine can listen on a port, and whoever is shown the token can use it.
 *
 * @param base - What `health/…` is appended to.
 * @returns `false` when it gives another answer, or none that can be a proof.
 * @throws {@link GatewayError} `OMNI_GATEWAY_UNREACHABLE`, or why the signal was aborted.
 */
export async function isOwnGateway(base: URL, token: string, signal: AbortSignal): Promise<boolean> {
  const nonce = randomBytes(32).toString('base64url');
  const url = `${base.href}health/owner/${nonce}`;
  const response = await fetchFrom(url, undefined, { signal });
  const sent = Buffer.from(proofOf(await wholeText(response, url, signal, MAX_ANSWER)));
  const port = base.port === '' ? (DEFAULT_PORTS[base.protocol] ?? 0) : Number(base.port);
  const expected = Buffer.from(ownerProof(token, nonce, port));
  return sent.length === expected.length && timingSafeEqual(sent, expected);
}

/** As `@omni/node` makes it; a test compares the two. */
export function ownerProof(token: string, nonce: string, port: number): string {
  return createHmac('sha256', token).update(`omni-owner:${port}:${nonce}`).digest('base64url');
}

function proofOf(text: string): string {
  try {
    return textMember(parseExactJson(text), 'proof') ?? '';
  } catch {
    return '';
  }
}
