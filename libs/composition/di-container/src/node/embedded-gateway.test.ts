import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import type { Logger } from '@omni/ports';
import { createNodeMasterServer } from './node-master-server.ts';
import { startHttpGateway } from './http-gateway.ts';
import { parseConfigurationText } from './node-configuration.ts';
import { startStdioGateway } from './stdio-gateway.ts';

const OPEN = parseConfigurationText('{"auth":{"mode":"open"}}', 'omni.json', {});
const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};
const DISCOVER = { jsonrpc: '2.0', id: 1, method: 'server/discover', params: { _meta: META } };

/** A logger that keeps its lines. */
function keeping(): { readonly lines: string[]; readonly logger: Logger } {
  const lines: string[] = [];
  const add = (_fields: object, line: string): void => void lines.push(line);
  return { lines, logger: { debugging: false, debug() {}, info: add, warn: add, error: add } };
}

async function discover(url: string): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'server/discover',
    },
    body: JSON.stringify(DISCOVER),
  });
  return await response.text();
}

describe('a gateway of a program on Node', () => {
  it('needs nothing, with all adapters of Node', async () => {
    await using server = await createNodeMasterServer({ logLevel: 'silent' });
    await server.start();
    expect(server.readiness().ready).toBe(true);
    const child = { kind: 'stdio', command: 'none', args: [], env: {} } as const;
    const configured = parseConfigurationText('{"mcpServers":{"a":{"command":"none"}}}', 'mcp.json', {});
    const [definition] = configured.upstreams;
    if (definition === undefined) throw new RangeError('no definition was read');
    const changes = await server.apply([{ ...definition, transport: child, enabled: false }]);
    expect(changes.added).toEqual(['a']);
  });

  it('listens until the end of its block, under its own name and with its own log', async () => {
    const { lines, logger } = keeping();
    let url: string;
    {
      await using gateway = await startHttpGateway({
        configuration: OPEN,
        environment: {},
        listen: '127.0.0.1:0',
        logger,
        identity: { name: 'acme-gateway', version: '1.2.0' },
        instructions: 'Greet before you ask.',
      });
      ({ url } = gateway);
      const told = await discover(url);
      expect(told).toContain('serverInfo":{"name":"acme-gateway","version":"1.2.0"}');
      expect(told).toContain('"instructions":"Greet before you ask."');
      await gateway.server.apply([]);
      expect(lines).toContain('definitions of servers are in force');
    }
    await expect(discover(url)).rejects.toThrow('fetch failed');
  });

  it('serves a client on two streams until the end of its block', async () => {
    const { logger } = keeping();
    const [input, output] = [new PassThrough(), new PassThrough()];
    output.setEncoding('utf8');
    {
      await using gateway = await startStdioGateway({ configuration: OPEN, input, output, logger });
      const answered = new Promise<string>((resolve) => output.once('data', resolve));
      input.write(`${JSON.stringify(DISCOVER)}\n`);
      expect(await answered).toContain('"name":"omni"');
      expect(gateway.server.readiness().ready).toBe(true);
    }
    const gateway = startStdioGateway({ configuration: OPEN, only: 'mail', input, output, logger });
    await expect(gateway).rejects.toMatchObject({
      code: 'OMNI_SERVER_UNKNOWN',
      hint: 'No server is configured.',
    });
  });
});
