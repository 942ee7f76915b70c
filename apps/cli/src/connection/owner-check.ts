import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { atHost } from './at-host.ts';
import { fetchFrom, wholeText } from './http-connection.ts';
import { parseExactJson, textMember } from '../output/json-value.ts';

/** A proof is much shorter; who sends more is no Omni. */
const MAX_ANSWER = 1_024;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/** A name that leads to either, in an order of the system's own. */
const LOCALHOST = 'localhost';
const LOOPBACK = ['127.0.0.1', '[::1]'];

/**
 * Asks the program at an address to prove that it has the token of this user, without showing it: any program
 * of this machine can listen on a port, and whoever is shown the token can use it.
 *
 * The proof is for one address, since another program may listen on the same port of another one and pass on
 * what it is asked. So a name is taken for the addresses that it stands for.
 *
 * @param base - What `health/…` is appended to.
 * @returns The host to talk to; `undefined` when nobody there gives a proof.
 * @throws {@link GatewayError} `OMNI_GATEWAY_UNREACHABLE`, or why the signal was aborted.
 */
export async function provenHost(base: URL, token: string, signal: AbortSignal): Promise<string | undefined> {
  // Over TLS the certificate says who answers to a name.
  const hosts = base.hostname === LOCALHOST && base.protocol === 'http:' ? LOOPBACK : [base.hostname];
  const failures: unknown[] = [];
  for (const host of hosts) {
    try {
      if (await isOwnGateway(atHost(base, host), token, signal)) return host;
    } catch (error) {
      signal.throwIfAborted();
      failures.push(error);
    }
  }
  if (failures.length === hosts.length) throw failures[0];
  return undefined;
}

async function isOwnGateway(base: URL, token: string, signal: AbortSignal): Promise<boolean> {
  const nonce = randomBytes(32).toString('base64url');
  const url = `${base.href}health/owner/${nonce}`;
  const response = await fetchFrom(url, undefined, { signal });
  const sent = Buffer.from(proofOf(await wholeText(response, url, signal, MAX_ANSWER)));
  const port = base.port === '' ? (DEFAULT_PORTS[base.protocol] ?? 0) : Number(base.port);
  return placesOf(base.hostname).some((host) => {
    const expected = Buffer.from(ownerProof(token, nonce, { host, port }));
    return sent.length === expected.length && timingSafeEqual(sent, expected);
  });
}

/**
 * Where a program may listen that a connection to this host reaches: who listens on all addresses shares the
 * port with nobody.
 */
function placesOf(hostname: string): readonly string[] {
  if (hostname === LOCALHOST) return [...LOOPBACK.map(withoutBrackets), '0.0.0.0', '::'];
  const host = withoutBrackets(hostname);
  return host.includes(':') ? [host, '::'] : [host, '0.0.0.0', '::'];
}

function withoutBrackets(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}

/** As `@omni/node` makes it; a test compares the two. */
export function ownerProof(
  token: string,
  nonce: string,
  { host, port }: { readonly host: string; readonly port: number },
): string {
  return createHmac('sha256', token).update(`omni-owner:${host}:${port}:${nonce}`).digest('base64url');
}

function proofOf(text: string): string {
  try {
    return textMember(parseExactJson(text), 'proof') ?? '';
  } catch {
    return '';
  }
}
