import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { PinnedProcess } from '../pinned-process.ts';
import { plainTarget } from '../target.ts';
import { SubjectUnavailable, type Subject } from './subject.ts';

/** HAProxy in HTTP mode with one thread. */
export const haproxy: Subject = {
  name: 'haproxy',
  description: 'HAProxy in HTTP mode, one thread, keep-alive to the upstream, no log',
  kinds: ['http'],
  version: haproxyVersion,
  start: async ({ upstream, cores, folder }) => {
    haproxyVersion();
    const port = await freePort();
    const configPath = join(folder, 'haproxy.cfg');
    writeFileSync(configPath, haproxyConfiguration(port, upstream.port));
    const pinned = new PinnedProcess({
      name: 'haproxy',
      core: cores.subject,
      command: 'haproxy',
      args: ['-db', '-q', '-f', configPath],
      logFolder: folder,
      env: { PATH: searchPath() },
    });
    return { target: plainTarget(port, upstream.path), process: pinned };
  },
};

/** Debian puts it where users do not search. */
function searchPath(): string {
  return `${process.env['PATH'] ?? ''}:/usr/sbin`;
}

function haproxyVersion(): string {
  const { status, stdout } = spawnSync('haproxy', ['-v'], {
    encoding: 'utf8',
    env: { ...process.env, PATH: searchPath() },
  });
  if (status !== 0)
    throw new SubjectUnavailable('HAProxy is not installed (Debian: apt-get install haproxy)');
  return /version (\S+)/.exec(stdout)?.[1] ?? 'unknown';
}

function haproxyConfiguration(port: number, upstreamPort: number): string {
  return `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  option http-keep-alive
  http-reuse always
frontend bench
  bind 127.0.0.1:${port}
  default_backend upstream
backend upstream
  server bench 127.0.0.1:${upstreamPort} pool-max-conn 256
`;
}
