import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { PinnedProcess } from '../pinned-process.ts';
import { plainTarget } from '../target.ts';
import { SubjectUnavailable, type Subject } from './subject.ts';

/** Caddy `reverse_proxy`; Go sees one core and uses one. */
export const caddy: Subject = {
  name: 'caddy',
  description: 'Caddy reverse_proxy, keep-alive to the upstream, no log',
  kinds: ['http'],
  version: caddyVersion,
  start: async ({ upstream, cores, folder }) => {
    caddyVersion();
    const port = await freePort();
    const configPath = join(folder, 'Caddyfile');
    writeFileSync(configPath, caddyConfiguration(port, upstream.port));
    const pinned = new PinnedProcess({
      name: 'caddy',
      core: cores.subject,
      command: 'caddy',
      args: ['run', '--config', configPath, '--adapter', 'caddyfile'],
      logFolder: folder,
      env: { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    });
    return { target: plainTarget(port, upstream.path), process: pinned };
  },
};

function caddyVersion(): string {
  const { status, stdout } = spawnSync('caddy', ['version'], { encoding: 'utf8' });
  if (status !== 0) throw new SubjectUnavailable('Caddy is not installed (Debian: apt-get install caddy)');
  return stdout.trim().split(' ')[0] ?? 'unknown';
}

function caddyConfiguration(port: number, upstreamPort: number): string {
  return `{
  admin off
  auto_https off
}
http://127.0.0.1:${port} {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:${upstreamPort} {
    transport http {
      keepalive_idle_conns 256
      keepalive_idle_conns_per_host 256
    }
  }
}
`;
}
