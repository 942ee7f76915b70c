import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { type CancelTimer, GatewayError, type Logger, systemClock } from '@omni/ports';
import { errorCode } from '../files/error-code.ts';

/** PEM files of a TLS listener. */
export interface TlsFiles {
  /** Certificate, followed by those between it and the root. */
  readonly cert: string;
  /** Private key without a passphrase. */
  readonly key: string;
  /**
   * Authorities that sign the certificates of clients. With them every client is asked for one; who shows
   * none, or one that they have not signed, is served without `peerCertificate`. Default: no client is asked.
   */
  readonly clientAuthorities?: string;
}

/** What `https.createServer` and `setSecureContext` take. */
export interface TlsPair {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Who is trusted to sign certificates of clients. */
  readonly ca?: Buffer;
  readonly minVersion: 'TLSv1.2';
}

export interface TlsWatchOptions {
  /** Called with each new pair that is good. */
  readonly onChange: (pair: TlsPair) => void;
  readonly logger: Logger;
  /** How often the files are looked at. */
  readonly everyMs: number;
}

/** A certificate and its key as they were read, and whether the files are others since. */
export class TlsCertificate {
  readonly pair: TlsPair;
  readonly #files: TlsFiles;
  #seen: string;

  private constructor(files: TlsFiles, seen: string, pair: TlsPair) {
    this.pair = pair;
    this.#files = files;
    this.#seen = seen;
  }

  /**
   * @throws {@link GatewayError} `OMNI_TLS_INVALID`; the message names the files and never what is in them.
   */
  static async read(files: TlsFiles): Promise<TlsCertificate> {
    // Before the reading, so that no change between the two is missed.
    const seen = await fingerprintOf(files);
    return new TlsCertificate(files, seen, await readPair(files));
  }

  /**
   * Looks at the files again and again, and reads them when they are others: certificates are renewed under a
   * running listener. A pair that is not good is logged once, and the one in use stays.
   *
   * @returns Ends it.
   */
  watch({ onChange, logger, everyMs }: TlsWatchOptions): CancelTimer {
    let isOver = false;
    let cancel: CancelTimer = () => {};
    const look = async (): Promise<void> => {
      const now = await fingerprintOf(this.#files);
      if (now === this.#seen) return;
      this.#seen = now;
      try {
        const pair = await readPair(this.#files);
        if (isOver) return;
        onChange(pair);
        logger.info({ cert: this.#files.cert }, 'the TLS certificate was read again');
      } catch (error) {
        logger.warn(
          { err: GatewayError.from(error) },
          'the new TLS certificate cannot be used; the old one stays',
        );
      }
    };
    const again = (): void => {
      if (!isOver) cancel = systemClock.after(everyMs, () => void look().then(again));
    };
    again();
    return () => {
      isOver = true;
      cancel();
    };
  }
}

/** Reads both and checks that they belong together. */
async function readPair({ cert, key, clientAuthorities }: TlsFiles): Promise<TlsPair> {
  let file = cert;
  try {
    const certificate = await readFile(cert);
    file = key;
    let pair: TlsPair = { cert: certificate, key: await readFile(key), minVersion: 'TLSv1.2' };
    if (clientAuthorities !== undefined) {
      file = clientAuthorities;
      const ca = await readFile(clientAuthorities);
      // Node takes a file without any certificate for nobody in particular.
      new X509Certificate(ca);
      pair = { ...pair, ca };
    }
    file = `${cert} with ${key}`;
    // guard: tls/bad-certificate
    createSecureContext(pair);
    return pair;
  } catch (error) {
    // Without the cause: what OpenSSL says may quote the file.
    throw new GatewayError(
      'OMNI_TLS_INVALID',
      /* guard: tls/quoted-key */ `Cannot use ${file} for TLS (${errorCode(error) ?? 'it is no PEM file of this kind'})`,
    );
  }
}

/** Changes with the files, also when they are links that are pointed elsewhere. */
async function fingerprintOf({ cert, key, clientAuthorities }: TlsFiles): Promise<string> {
  const paths = clientAuthorities === undefined ? [cert, key] : [cert, key, clientAuthorities];
  const parts = await Promise.all(
    paths.map(async (path) => {
      try {
        const { ino, size, mtimeMs } = await stat(path);
        return `${ino}:${size}:${mtimeMs}`;
      } catch (error) {
        return errorCode(error) ?? 'unknown';
      }
    }),
  );
  return parts.join(' ');
}
