import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { PeerCertificate } from '@omni/ports';

/**
 * One alternative name: a kind and a value, in quotes where the value could be taken for more than one name.
 */
const ALTERNATIVE_NAME = /([^:,"]+:)(?:("(?:[^"\\]|\\.)*")|([^,"]*))(?:, |$)/gy;

/**
 * @returns The certificate that the client has shown; `undefined` when there is none or nobody trusted has
 * signed it.
 */
export function peerCertificateOf(socket: Socket): PeerCertificate | undefined {
  // guard: tls/unverified-certificate
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  // Also where a session is resumed that never had one, Node says that the client is authorized.
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  const { subject, issuer, fingerprint256 } = certificate;
  return { subject, issuer, fingerprint: fingerprint256, alternativeNames: alternativeNamesOf(certificate) };
}

function alternativeNamesOf({ subjectAltName = '' }: X509Certificate): string[] {
  return [...subjectAltName.matchAll(ALTERNATIVE_NAME)].map(([, kind, quoted, plain]) => {
    // A quoted value is a JSON string.
    const value: unknown = quoted === undefined ? plain : JSON.parse(quoted);
    return `${kind}${String(value)}`;
  });
}
