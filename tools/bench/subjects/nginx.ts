import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { PinnedProcess } from '../pinned-process.ts';
import { plainTarget } from '../target.ts';
import { SubjectUnavailable, type Subject } from './subject.ts';

/** nginx `proxy_pass` with one worker: the price of moving the bytes and nothing else. */
export const nginx: Subject = {
  name: 'nginx',
  description: 'nginx proxy_pass, one worker, keep-alive to the upstream, no access log',
  kinds: ['http'],
  version: nginxVersion,
  start: async ({ upstream, cores, folder }) => {
    nginxVersion();
    const port = await freePort();
    const configPath = join(folder, 'nginx.conf');
    mkdirSync(join(folder, 'tmp'), { recursive: true });
    writeFileSync(configPath, nginxConfiguration({ folder, port, upstreamPort: upstream.port }));
    const pinned = new PinnedProcess({
      name: 'nginx',
      core: cores.subject,
      command: 'nginx',
      args: ['-c', configPath, '-p', folder, '-e', join(folder, 'error.log')],
      logFolder: folder,
    });
    return { target: plainTarget(port, upstream.path), process: pinned };
  },
};

function nginxVersion(): string {
  const { status, stderr } = spawnSync('nginx', ['-v'], { encoding: 'utf8' });
  if (status !== 0)
    throw new SubjectUnavailable('nginx is not installed (Debian: apt-get install nginx-light)');
  return /nginx\/(\S+)/.exec(stderr)?.[1] ?? 'unknown';
}

function nginxConfiguration(options: { folder: string; port: number; upstreamPort: number }): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `  ${kind}_temp_path ${join(options.folder, 'tmp', kind)};`,
  );
  return `${process.getuid?.() === 0 ? 'user root;\n' : ''}daemon off;
worker_processes 1;
pid ${join(options.folder, 'nginx.pid')};
events { worker_connections 1024; }
http {
${temporary.join('\n')}
  access_log off;
  tcp_nodelay on;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  client_body_buffer_size 256k;
  proxy_buffer_size 16k;
  proxy_buffers 32 16k;
  proxy_busy_buffers_size 256k;
  upstream bench {
    server 127.0.0.1:${options.upstreamPort};
    keepalive 128;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${options.port};
    location / {
      proxy_pass http://bench;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`;
}
