import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { promisify } from 'node:util';
import type { CertificateFiles } from './omni-under-test.ts';

/** A certificate, and who vouches for it. */
export interface Certificate extends CertificateFiles {
  /** PEM file; for `NODE_EXTRA_CA_CERTS` of those who connect. */
  readonly ca: string;
}

/**
 * Names of this machine, and the one by which the suite tests the guard against DNS rebinding: its own TLS
 * must accept that one too.
 */
const NAMES = ['IP:127.0.0.1', 'DNS:localhost', 'DNS:evil.example.com'];

/**
 * Makes a certificate for this machine that lasts two days, which this process trusts as long as it is used.
 */
export async function withCertificate<T>(use: (certificate: Certificate) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'omni-conformance-'));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const trusted = getCACertificates('default');
  try {
    const files = ['-keyout', key, '-out', cert];
    const subject = ['-subj', '/CN=Omni conformance', '-addext', `subjectAltName=${NAMES.join(',')}`];
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    await promisify(execFile)('openssl', ['req', '-x509', ...kind, ...files, ...subject]);
    setDefaultCACertificates([...trusted, await readFile(cert, 'utf8')]);
    // It is signed with itself.
    return await use({ cert, key, ca: cert });
  } finally {
    setDefaultCACertificates(trusted);
    await rm(folder, { recursive: true, force: true });
  }
}
