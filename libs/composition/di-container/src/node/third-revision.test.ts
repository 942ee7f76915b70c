import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Dialects } from '@omni/model';
import { UndiciHttpClient } from '@omni/node';
import { silentLogger, systemClock } from '@omni/ports';
import { upstreamSpecOf, VirtualClock } from '@omni/testing';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { rootScope } from '../create-master-server.ts';
import { SceneClient, ToolServer } from '../gateway-scene.fixture.ts';
import type { MasterServer } from '../master-server.ts';
import { Token } from '../token.ts';
import { type GatewayListeners, openListeners } from './gateway-listeners.ts';
import { parseConfigurationText } from './node-configuration.ts';
import { THIRD_REVISION } from './third-revision.fixture.ts';

const { version } = THIRD_REVISION;
const TEXT = '[{"type":"text","text":"n = 1.0","n":1.0}]';
const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';

let third: Server;
let listeners: GatewayListeners;
let server: MasterServer;

interface Request {
  readonly id: unknown;
  readonly method: string;
  readonly params: { readonly _meta?: Readonly<Record<string, unknown>> };
}

/** A server that speaks the third revision and nothing else. */
function answerOf(headers: IncomingMessage['headers'], { id, method, params }: Request): [number, string] {
  const error = (code: number, data = '{}'): [number, string] => [
    400,
    `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":{"code":${code},"message":"no","data":${data}}}`,
  ];
  if (headers['mcp-protocol-version'] !== version || params._meta?.[VERSION_KEY] !== version)
    return error(-32022, `{"supported":["${version}"]}`);
  if (headers['mcp-area'] !== method.split('/')[0]) return error(-32020);
  const results: Readonly<Record<string, string>> = {
    'server/discover': `"supportedVersions":["${version}"],"capabilities":{"tools":{}}`,
    'tools/list': '"tools":[{"name":"tell","inputSchema":{"type":"object"}}]',
    'tools/call': `"outputs":${TEXT}`,
  };
  const result = `{"resultType":"complete",${results[method] ?? ''}}`;
  return [200, `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`];
}

beforeAll(async () => {
  third = createServer((request, response) => {
    if (request.method !== 'POST') return void response.writeHead(405).end();
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const [status, text] = answerOf(request.headers, JSON.parse(body) as Request);
      response.writeHead(status, { 'content-type': 'application/json' }).end(text);
    });
  });
  await new Promise<void>((resolve) => third.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(third.address() as AddressInfo).port}/mcp`;
  const configuration = parseConfigurationText('{"auth":{"mode":"open"}}', 'omni.json', {});
  const upstreams = [
    upstreamSpecOf({ kind: 'http', url, headers: {} }, { name: 'third' }),
    ...(['modern', 'legacy'] as const).map(
      (era) => new ToolServer({ clock: new VirtualClock(), name: era, tools: ['tell'], era }).spec,
    ),
  ];
  const scope = rootScope({
    configuration: { ...configuration, upstreams },
    clock: systemClock,
    http: new UndiciHttpClient(),
  });
  scope.replace(Token.Dialects, { useValue: new Dialects([THIRD_REVISION]) });
  server = scope.get(Token.MasterServer);
  const address = { host: '127.0.0.1', port: 0 };
  listeners = await openListeners({ configuration, environment: {}, address, server, logger: silentLogger });
  await server.start();
  // How long servers take to come up is the machine's affair.
  await server.whenSettled();
});

afterAll(async () => {
  await server.stop({ deadlineMs: 0 });
  await listeners.close(0);
  third.closeAllConnections();
  await new Promise((resolve) => third.close(resolve));
});

/** What a client of the third revision is answered. */
async function ask(method: string, params = '', headers: Readonly<Record<string, string>> = {}) {
  const meta = `"_meta":{"${VERSION_KEY}":"${version}","io.modelcontextprotocol/clientCapabilities":{}}`;
  const response = await fetch(listeners.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': version,
      'mcp-method': method,
      'mcp-area': method.split('/')[0] ?? '',
      ...headers,
    },
    body: `{"jsonrpc":"2.0","id":7,"method":"${method}","params":{${params}${params === '' ? '' : ','}${meta}}}`,
  });
  return { status: response.status, text: await response.text() };
}

describe('a third revision, which one file describes', () => {
  it.each(['third', 'modern', 'legacy'])(
    'is spoken with its clients, whatever the server %s speaks',
    async (name) => {
      const tool = `${name}__tell`;
      const { status, text } = await ask('tools/call', `"name":"${tool}","arguments":{}`, {
        'mcp-name': tool,
      });
      const { result } = JSON.parse(text) as { result: Record<string, unknown> };
      expect(status).toBe(200);
      expect(result).toMatchObject({ outputs: [{ type: 'text' }] });
      expect(result).not.toHaveProperty('content');
      if (name === 'third') expect(text).toContain(`"outputs":${TEXT}`);
    },
  );

  it('is offered to clients, and its header is asked of them', async () => {
    const { text } = await ask('server/discover');
    expect(JSON.parse(text)).toMatchObject({
      result: { supportedVersions: expect.arrayContaining([version, '2026-07-28', '2025-11-25']) },
    });
    const refused = await ask('tools/list', '', { 'mcp-area': 'elsewhere' });
    expect(refused.status).toBe(400);
    expect(JSON.parse(refused.text)).toMatchObject({ id: 7, error: { code: -32020 } });
  });

  it('is spoken with its servers, whatever the client speaks', async () => {
    const call = { name: 'third__tell', arguments: {} };
    const modern = await new SceneClient(server).modern('tools/call', call);
    const legacy = new SceneClient(server);
    await legacy.initialize();
    for (const text of [modern, await legacy.request('tools/call', call)]) {
      expect(text).toContain(`"content":${TEXT}`);
      expect(text).not.toContain('outputs');
    }
  });
});
