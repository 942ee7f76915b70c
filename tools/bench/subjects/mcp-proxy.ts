import { freePort } from '../free-port.ts';
import { PinnedProcess } from '../pinned-process.ts';
import { plainTarget } from '../target.ts';
import { peerFile, peerVersion } from './peers.ts';
import type { Subject } from './subject.ts';

/** The npm peer that FastMCP is built on. It can only have stdio upstreams. */
export const mcpProxy: Subject = {
  name: 'mcp-proxy',
  description: 'npm mcp-proxy, streamable HTTP in front, one shared stdio child',
  kinds: ['stdio'],
  version: () => peerVersion('mcp-proxy'),
  start: async ({ upstream, cores, folder }) => {
    const port = await freePort();
    const { command, args } = upstream.stdioCommand;
    const pinned = new PinnedProcess({
      name: 'mcp-proxy',
      core: cores.subject,
      command: process.execPath,
      args: [
        peerFile('mcp-proxy/dist/bin/mcp-proxy.mjs'),
        ...[
          '--host',
          '127.0.0.1',
          '--port',
          String(port),
          '--server',
          'stream',
          '--upstreamProtocol',
          'auto',
        ],
        ...['--', command, ...args],
      ],
      logFolder: folder,
    });
    return { target: plainTarget(port), process: pinned };
  },
};
