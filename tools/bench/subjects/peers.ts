import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageVersion } from './package-version.ts';
import { SubjectUnavailable } from './subject.ts';

const PEERS = new URL('../peers/', import.meta.url);
const MODULES = new URL('node_modules/', PEERS);
const STAMP = new URL('.installed-lock', MODULES);
const INSTALL_TIMEOUT_MS = 300_000;

/**
 * Installs the pinned peers when that has not been done for the present lock file. Throws {@link
 * SubjectUnavailable} when npm fails.
 */
function installPeers(): void {
  const lock = peersLockHash();
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === lock) return;
  process.stderr.write('bench: installing the pinned peers (npm ci in tools/bench/peers)\n');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: fileURLToPath(PEERS),
    stdio: 'ignore',
    timeout: INSTALL_TIMEOUT_MS,
    env: { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}` },
  });
  if (status !== 0)
    throw new SubjectUnavailable('npm ci failed in tools/bench/peers; run it there by hand to see why');
  writeFileSync(STAMP, lock);
}

/** SHA-256 of the peers' lock file. */
export function peersLockHash(): string {
  return createHash('sha256')
    .update(readFileSync(new URL('package-lock.json', PEERS)))
    .digest('hex');
}

/** Installed version of a peer; installs the peers first when needed. */
export function peerVersion(name: string): string {
  installPeers();
  return packageVersion(name, MODULES);
}

/** A file inside an installed peer; installs the peers first when needed. */
export function peerFile(path: string): string {
  installPeers();
  return fileURLToPath(new URL(path, MODULES));
}

/** Node options for a peer that cannot be told to listen on loopback only. */
export function loopbackOnly(): string[] {
  return ['--import', new URL('loopback-only.mjs', PEERS).href];
}
