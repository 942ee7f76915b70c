import { afterAll, describe, expect, it } from '@jest/globals';
import { createServer, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { atEnd, endEverything } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import { postModern, textOf } from './harness/raw-mcp.ts';
import { StartedProcess, startOmni, type Omni } from './harness/start-omni.ts';

afterAll(endEverything);

const { resolve } = createRequire(import.meta.url);

async function call({ url }: Omni, name: string, args: string): Promise<string | undefined> {
  return textOf(
    (
      await postModern(url, {
        id: '1',
        method: 'tools/call',
        name,
        params: `"name":"${name}","arguments":${args}`,
      })
    ).text,
  );
}

async function tools({ url }: Omni): Promise<string> {
  return (await postModern(url, { id: '1', method: 'tools/list' })).text;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  // A TCP server that listens has an address with a port.
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

async function startEverything(port: number): Promise<StartedProcess> {
  const args = [resolve('@modelcontextprotocol/server-everything/dist/index.js'), 'streamableHttp'];
  const started = new StartedProcess(process.execPath, args, {
    PATH: process.env['PATH'] ?? '',
    PORT: String(port),
  });
  atEnd(async () => void (await started.stop()));
  await eventually('server-everything listens', () => started.stderr.includes('listening'));
  return started;
}

/**
 * A server with sessions and a stream for what belongs to no request; it says 400 of a session that it does
 * not know.
 */
async function startForgetful() {
  let current = 'none';
  let opened = 0;
  let names = ['first'];
  let stream: ServerResponse | undefined;
  const server = createServer((request, response) => {
    const session = request.headers['mcp-session-id'];
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const json = (status: number, text: string, headers = {}): unknown =>
        response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
      // Omni sends JSON-RPC.
      const message = (request.method === 'POST' ? JSON.parse(Buffer.concat(chunks).toString()) : {}) as {
        id?: unknown;
        method?: string;
      };
      const result = (members: string): string =>
        `{"jsonrpc":"2.0","id":${JSON.stringify(message.id)},"result":{${members}}}`;
      if (message.method === 'initialize') {
        current = `session-${++opened}`;
        const offer =
          '"capabilities":{"tools":{"listChanged":true}},"serverInfo":{"name":"forgetful","version":"1"}';
        return json(200, result(`"protocolVersion":"2025-11-25",${offer}`), { 'mcp-session-id': current });
      }
      if (session !== current)
        return json(
          400,
          '{"jsonrpc":"2.0","error":{"code":-32000,"message":"Bad Request: No valid session ID"}}',
        );
      if (request.method === 'GET') {
        stream = response.writeHead(200, { 'content-type': 'text/event-stream' });
        return void stream.write(': open\n\n');
      }
      if (message.id === undefined) return void response.writeHead(202).end();
      if (message.method === 'tools/list')
        return json(
          200,
          result(
            `"tools":[${names.map((name) => `{"name":"${name}","inputSchema":{"type":"object"}}`).join(',')}]`,
          ),
        );
      return json(200, result('"content":[{"type":"text","text":"done"}]'));
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    // As above.
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    hasStream: () => stream !== undefined,
    sessions: () => opened,
    restart: (offers: string[]): void => {
      current = 'none';
      names = offers;
      stream = undefined;
      server.closeAllConnections();
    },
  };
}

describe('an HTTP server that restarts', () => {
  it('is called in a new session, although the reference server says 400 where the specification says 404', async () => {
    const port = await freePort();
    const before = await startEverything(port);
    const omni = await startOmni({ mcpServers: { everything: { url: `http://127.0.0.1:${port}/mcp` } } });
    await omni.ready();
    expect(await call(omni, 'everything__echo', '{"message":"one"}')).toBe('Echo: one');
    before.signal('SIGKILL');
    await before.ended;
    await startEverything(port);
    const answer = await eventually('it is back', () => call(omni, 'everything__echo', '{"message":"two"}'));
    expect(answer).toBe('Echo: two');
  }, 60_000);

  it('is found again by its stream, and its lists are read again, without any call', async () => {
    const server = await startForgetful();
    const omni = await startOmni({ mcpServers: { forgetful: { url: server.url, protocol: 'legacy' } } });
    await omni.ready();
    await eventually('the stream', server.hasStream);
    server.restart(['first', 'second']);
    await eventually('the new tool is listed', async () => (await tools(omni)).includes('forgetful__second'));
    expect(server.sessions()).toBeGreaterThan(1);
    expect(await call(omni, 'forgetful__second', '{}')).toBe('done');
  });
});
