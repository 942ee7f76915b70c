import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, describe, expect, it } from '@jest/globals';
import { startCuttingProxy } from './harness/cutting-proxy.ts';
import { atEnd, endEverything } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import { eventData, legacyCall, openRawSession } from './harness/raw-mcp.ts';
import { Sdk1Client } from './harness/sdk-clients.ts';
import { startOmni } from './harness/start-omni.ts';
import { startSteppingServer } from './harness/stepping-server.ts';

afterAll(endEverything);

const FAST = {
  initialReconnectionDelay: 50,
  maxReconnectionDelay: 200,
  reconnectionDelayGrowFactor: 1,
  maxRetries: 100,
};

/** A client of the SDK 1.x that comes back quickly. */
async function connect(url: string): Promise<{ client: Sdk1Client; gets: () => number; failures: number[] }> {
  const client = new Sdk1Client({ name: 'resuming', version: '1' });
  let gets = 0;
  const failures: number[] = [];
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    reconnectionOptions: FAST,
    fetch: async (target, init) => {
      if (init?.method === 'GET') gets++;
      const response = await fetch(target, init);
      if (!response.ok) failures.push(response.status);
      return response;
    },
  });
  atEnd(() => client.close());
  // The SDK's own class does not fit its own interface under exactOptionalPropertyTypes.
  await client.connect(transport as Parameters<Sdk1Client['connect']>[0]);
  return { client, gets: () => gets, failures };
}

/** Reads a stream until something is in it, then breaks it off. */
async function readUntil(
  url: string,
  init: RequestInit,
  isThere: (text: string) => boolean,
): Promise<string> {
  const abort = new AbortController();
  const response = await fetch(url, { ...init, signal: abort.signal });
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    // A body of fetch consists of bytes.
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (isThere(text)) break;
  }
  abort.abort();
  return text;
}

function resumption(headers: Record<string, string>, lastEventId: string): RequestInit {
  return { headers: { ...headers, accept: 'text/event-stream', 'last-event-id': lastEventId } };
}

describe('resuming clients', () => {
  it('hear every progress notification once and in order, and the answer, over connections that break', async () => {
    const server = await startSteppingServer('http');
    const omni = await startOmni({ mcpServers: { up: { url: server.url } } });
    await omni.ready();
    const proxy = await startCuttingProxy(omni.origin);
    const { client, gets } = await connect(`${proxy.origin}/mcp`);
    const progress: number[] = [];
    const calling = client.callTool({ name: 'up__steps', arguments: { count: 6 } }, undefined, {
      onprogress: (update) => progress.push(update.progress),
    });
    server.step();
    server.step();
    await eventually('two steps', () => progress.length === 2);
    proxy.cut();
    // The third step finds the client gone, or back already.
    server.step();
    await eventually('the third step', () => progress.length === 3);
    proxy.sever();
    server.step();
    server.step();
    server.step();
    proxy.mend();
    const { content } = await calling;
    expect(progress).toEqual([1, 2, 3, 4, 5, 6]);
    expect(content).toEqual([{ type: 'text', text: 'took 6 steps' }]);
    expect(gets()).toBeGreaterThan(2);
  }, 30_000);

  it('hear of changed lists on the stream that belongs to no request', async () => {
    const server = await startSteppingServer('http');
    const omni = await startOmni({ mcpServers: { up: { url: server.url } } });
    await omni.ready();
    const proxy = await startCuttingProxy(omni.origin);
    const { client, gets } = await connect(`${proxy.origin}/mcp`);
    let changes = 0;
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => void changes++);
    await eventually('the stream is open', () => gets() === 1);
    server.addTool('first');
    await eventually('the first change', () => changes === 1);
    proxy.sever();
    server.addTool('second');
    // Omni has announced it by the time that it lists it.
    const other = await openRawSession(omni.url);
    await eventually('the second tool', async () =>
      (await other.send('{"jsonrpc":"2.0","id":1,"method":"tools/list"}')).text.includes('up__second'),
    );
    expect(changes).toBe(1);
    proxy.mend();
    await eventually('the second change', () => changes === 2);
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual([
      'up__steps',
      'up__first',
      'up__second',
    ]);
    expect(changes).toBe(2);
  }, 30_000);

  it('are told when nothing is left, and do not come back for ever', async () => {
    const server = await startSteppingServer('http');
    const omni = await startOmni({ mcpServers: { up: { url: server.url } } });
    await omni.ready();
    const { client, failures } = await connect(omni.url);
    const abort = new AbortController();
    const calling = client.callTool({ name: 'up__steps', arguments: { count: 2 } }, undefined, {
      signal: abort.signal,
      onprogress: () => abort.abort(),
    });
    server.step();
    await expect(calling).rejects.toThrow();
    // A cancelled call gets no answer, so the client asks for the rest of its stream.
    await eventually('the refusal', () => failures.length > 0);
    for (let count = 0; count < 50; count++) await client.ping();
    expect(failures).toEqual([405]);
  });

  it('hear nothing of other sessions', async () => {
    const server = await startSteppingServer('http');
    const omni = await startOmni({ mcpServers: { up: { url: server.url } } });
    await omni.ready();
    const [mine, theirs] = [await openRawSession(omni.url), await openRawSession(omni.url)];
    const body = legacyCall('1', 'up__steps', '{"count":2}', '{"progressToken":"t"}');
    const headers = {
      ...mine.headers,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    };
    server.step();
    const first = await readUntil(omni.url, { method: 'POST', headers, body }, (text) =>
      text.includes('"progress":1'),
    );
    const foreign = await readUntil(omni.url, resumption(theirs.headers, 's1-0'), (text) =>
      text.includes('\n\n'),
    );
    const own = await readUntil(omni.url, resumption(mine.headers, 's1-0'), (text) =>
      text.includes('"progress":1'),
    );
    expect(eventData(first)).toHaveLength(1);
    expect(eventData(foreign)).toEqual([]);
    expect(eventData(own)).toEqual(eventData(first));
    server.step();
    const rest = await readUntil(omni.url, resumption(mine.headers, 's1-1'), (text) =>
      text.includes('took 2 steps'),
    );
    expect(eventData(rest).map((text) => text.includes('"progress":2'))).toEqual([true, false]);
    const statuses = [
      await fetch(omni.url, resumption({ ...mine.headers, 'mcp-session-id': 'forged' }, 's1-0')),
      await fetch(`${omni.url}/up`, resumption(mine.headers, 's1-0')),
    ].map(({ status }) => status);
    expect(statuses).toEqual([404, 404]);
  });
});
