import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { PinnedProcess } from '../pinned-process.ts';
import { UPSTREAM_NAME } from '../target.ts';
import { loopbackOnly, peerFile, peerVersion } from './peers.ts';
import type { Subject } from './subject.ts';

/**
 * The npm peer whose MCP endpoint is the deprecated HTTP+SSE transport; it is called by its REST route
 * instead, which is less work for it.
 */
export const mcpHub: Subject = {
  name: 'mcp-hub',
  description: 'npm mcp-hub by its REST call route, not by MCP',
  kinds: ['http', 'stdio'],
  version: () => peerVersion('mcp-hub'),
  start: async ({ upstream, kind, cores, folder }) => {
    const port = await freePort();
    const configPath = join(folder, 'mcp-hub.json');
    const server = kind === 'http' ? { url: upstream.url } : upstream.stdioCommand;
    writeFileSync(configPath, JSON.stringify({ mcpServers: { [UPSTREAM_NAME]: server } }));
    const pinned = new PinnedProcess({
      name: 'mcp-hub',
      core: cores.subject,
      command: process.execPath,
      args: [
        ...loopbackOnly(),
        peerFile('mcp-hub/dist/cli.js'),
        '--port',
        String(port),
        '--config',
        configPath,
      ],
      logFolder: folder,
      cwd: folder,
      env: { XDG_STATE_HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder },
    });
    return {
      target: {
        host: '127.0.0.1',
        port,
        path: '/api/servers/tools',
        dialect: 'rest',
        toolName: 'echo',
        headers: {},
      },
      process: pinned,
    };
  },
};
