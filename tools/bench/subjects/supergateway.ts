import { freePort } from '../free-port.ts';
import { PinnedProcess } from '../pinned-process.ts';
import { loopbackOnly, peerFile, peerVersion } from './peers.ts';
import type { Subject } from './subject.ts';

/**
 * An npm peer that can only have stdio upstreams. It is called in its legacy, stateful mode with one session
 * (and one child) per connection, because its modern mode starts a child for each call: about ten calls per
 * second, which would flatter everybody else.
 */
export const supergateway: Subject = {
  name: 'supergateway',
  description: 'npm supergateway, legacy sessions with one child per session',
  kinds: ['stdio'],
  version: () => peerVersion('supergateway'),
  start: async ({ upstream, cores, folder }) => {
    const port = await freePort();
    const { command, args } = upstream.stdioCommand;
    const pinned = new PinnedProcess({
      name: 'supergateway',
      core: cores.subject,
      command: process.execPath,
      args: [
        ...loopbackOnly(),
        peerFile('supergateway/dist/index.js'),
        ...['--stdio', [command, ...args].join(' '), '--outputTransport', 'streamableHttp', '--stateful'],
        ...['--port', String(port), '--logLevel', 'none'],
      ],
      logFolder: folder,
    });
    return {
      target: { host: '127.0.0.1', port, path: '/mcp', dialect: 'legacy', toolName: 'echo', headers: {} },
      process: pinned,
    };
  },
};
