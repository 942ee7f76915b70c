import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, describe, expect, it } from '@jest/globals';
import { atEnd, endEverything } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import { errorOf, openRawSession, post } from './harness/raw-mcp.ts';
import { connectSdk1, createSdk1Client, Sdk1Client } from './harness/sdk-clients.ts';
import { startOmni } from './harness/start-omni.ts';
import { startSteppingServer } from './harness/stepping-server.ts';
import { scriptedEntry, sdk1Entry } from './harness/upstream-entries.ts';

afterAll(endEverything);

const SERVER = { legacySse: true };

/**
 * @param seen - Takes the method of each message as it comes, `answer` for an answer: this SDK forgets
 * progress that comes together with the answer.
 */
async function connectSse(
  url: string,
  client: Sdk1Client = createSdk1Client(),
  seen: string[] = [],
): Promise<Sdk1Client> {
  const transport = new SSEClientTransport(new URL(url));
  atEnd(() => client.close());
  await client.connect(transport);
  const take = transport.onmessage;
  transport.onmessage = (message) => {
    seen.push('method' in message ? message.method : 'answer');
    take?.(message);
  };
  return client;
}

describe('a client of HTTP+SSE', () => {
  it('is served as any other, and is asked on its stream [PROTO-R07]', async () => {
    const omni = await startOmni({ server: SERVER, mcpServers: { sdk1: sdk1Entry() } });
    await omni.ready();
    const asked: string[] = [];
    const seen: string[] = [];
    const client = await connectSse(`${omni.origin}/sse`, createSdk1Client(asked), seen);
    const counted = await client.callTool({ name: 'sdk1__count', arguments: { steps: 3 } }, undefined, {
      onprogress: () => {},
    });
    expect(seen).toEqual([
      'notifications/progress',
      'notifications/progress',
      'notifications/progress',
      'answer',
    ]);
    const roots = await client.callTool({ name: 'sdk1__ask_roots' });
    expect(counted.content).toEqual([{ type: 'text', text: 'Counted to 3.' }]);
    expect(roots.content).toEqual([{ type: 'text', text: 'file:///work' }]);
    expect(asked).toEqual(['roots']);
    // A client that cannot be asked shares the instance whose tools are listed.
    const scoped = await connectSse(
      `${omni.origin}/sse/sdk1`,
      new Sdk1Client({ name: 'plain', version: '1' }),
    );
    let changes = 0;
    scoped.setNotificationHandler(ToolListChangedNotificationSchema, () => void changes++);
    await scoped.callTool({ name: 'toggle' });
    await eventually('the change', () => changes === 1);
    expect((await scoped.listTools()).tools.map(({ name }) => name)).toContain('extra');
    expect((await scoped.callTool({ name: 'add', arguments: { a: 1, b: 2 } })).structuredContent).toEqual({
      sum: 3,
    });
  }, 30_000);

  it('ends what runs when it goes', async () => {
    const omni = await startOmni({ server: SERVER, mcpServers: { sdk1: sdk1Entry() } });
    await omni.ready();
    const client = await connectSse(`${omni.origin}/sse`);
    const waiting = client.callTool({ name: 'sdk1__wait' }).catch(() => 'gone');
    await client.ping();
    await client.close();
    expect(await waiting).toBe('gone');
    const other = await openRawSession(omni.url);
    // The call ran on an instance of the client's own; Omni ends that with the session.
    await eventually('the session is gone', async () => {
      const { connections } = await details(omni.origin);
      return connections === 0;
    });
    expect(await other.end()).toBe(200);
  }, 30_000);

  it('is not served unless the configuration says so, nor without a token, from another site or for another session', async () => {
    const off = await startOmni({ mcpServers: { one: scriptedEntry() } });
    expect((await fetch(`${off.origin}/sse`)).status).toBe(404);
    const token = 'a-token-of-thirty-two-characters';
    const on = await startOmni({
      server: SERVER,
      auth: { mode: 'token', token },
      mcpServers: { one: scriptedEntry() },
    });
    const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream' };
    const statuses = [
      await fetch(`${on.origin}/sse`, { headers: { accept: 'text/event-stream' } }),
      await fetch(`${on.origin}/sse`, { headers: { ...headers, origin: 'https://evil.example' } }),
      await fetch(`${on.origin}/sse/none`, { headers }),
      await fetch(`${on.origin}/sse`, { method: 'POST', headers }),
    ].map(({ status }) => status);
    expect(statuses).toEqual([401, 403, 404, 405]);
    const abort = new AbortController();
    const stream = await fetch(`${on.origin}/sse`, { headers, signal: abort.signal });
    const chunk = await stream.body?.getReader().read();
    const endpoint = /data: (\S+)/.exec(new TextDecoder().decode(chunk?.value))?.[1] ?? '';
    const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
    const posts = [
      await post(`${on.origin}${endpoint}`, ping, { headers }),
      await post(`${on.origin}${endpoint}`, ping),
      await post(`${on.origin}${endpoint.slice(0, -1)}x`, ping, { headers }),
    ];
    abort.abort();
    expect(posts.map(({ status }) => status)).toEqual([202, 401, 404]);
  }, 30_000);
});

describe('a server of HTTP+SSE', () => {
  it.each<[string, object]>([
    ['found', {}],
    ['named', { type: 'sse' }],
  ])(
    'is called like any other (%s)',
    async (_how, entry) => {
      const server = await startSteppingServer('sse');
      const omni = await startOmni({ server: SERVER, mcpServers: { up: { url: server.url, ...entry } } });
      await omni.ready();
      const client = await connectSdk1(omni.url);
      const progress: number[] = [];
      const calling = client.callTool({ name: 'up__steps', arguments: { count: 2 } }, undefined, {
        onprogress: (update) => progress.push(update.progress),
      });
      server.step();
      server.step();
      expect((await calling).content).toEqual([{ type: 'text', text: 'took 2 steps' }]);
      expect(progress).toEqual([1, 2]);
      expect(server.requests.includes('POST /sse')).toBe(!('type' in entry));
      server.addTool('late');
      await eventually('the new tool', async () =>
        (await client.listTools()).tools.some(({ name }) => name === 'up__late'),
      );
    },
    30_000,
  );

  it('comes back after a restart', async () => {
    const server = await startSteppingServer('sse');
    const omni = await startOmni({ server: SERVER, mcpServers: { up: { url: server.url } } });
    await omni.ready();
    const client = await connectSse(`${omni.origin}/sse`);
    const failing = client.callTool({ name: 'up__steps', arguments: { count: 1 } });
    await eventually('the call is under way', () => server.calls() === 1);
    server.restart();
    await expect(failing).rejects.toThrow(/closed its connection|could not be reached/);
    const callAgain = (): ReturnType<Sdk1Client['callTool']> =>
      client.callTool({ name: 'up__steps', arguments: { count: 0 } });
    const again = await eventually('it is back', () => callAgain().catch(() => undefined), 15_000);
    expect(again.content).toEqual([{ type: 'text', text: 'took 0 steps' }]);
  }, 30_000);

  it('that is Omni itself is one like any other', async () => {
    const inner = await startOmni({ server: SERVER, mcpServers: { one: scriptedEntry() } });
    await inner.ready();
    const outer = await startOmni({ mcpServers: { inner: { url: `${inner.origin}/sse` } } });
    await outer.ready();
    const session = await openRawSession(outer.url);
    const answer = await session.send(
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"inner__one__fail","arguments":{}}}',
    );
    expect(errorOf(answer.messages[0])).toMatchObject({ code: -32042, message: 'failed on demand' });
  }, 30_000);
});

/** Counts of the front, as the health page tells them to those who may know. */
async function details(origin: string): Promise<{ readonly connections?: number }> {
  const page = (await (await fetch(`${origin}/health/ready`)).json()) as {
    details?: Record<string, { connections?: number }>;
  };
  return Object.values(page.details ?? {}).find((component) => component.connections !== undefined) ?? {};
}
