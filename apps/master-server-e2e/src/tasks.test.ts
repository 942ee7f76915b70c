import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { atEnd, endEverything } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import { startModernTaskServer, type ModernTaskServer } from './harness/modern-task-server.ts';
import { errorOf, eventData, modernRequest, postModern, type RawAnswer } from './harness/raw-mcp.ts';
import { startOmni, type Omni } from './harness/start-omni.ts';
import { scriptedEntry } from './harness/upstream-entries.ts';

/** The extension `io.modelcontextprotocol/tasks` over HTTP; tasks of the legacy era are in the matrix. */

const CAPABILITIES = '{"extensions":{"io.modelcontextprotocol/tasks":{}}}';

let server: ModernTaskServer;
let omni: Omni;

beforeAll(async () => {
  server = await startModernTaskServer();
  omni = await startOmni({
    mcpServers: { jobs: { type: 'http', url: server.url }, other: scriptedEntry(['--era', 'modern']) },
  });
  await omni.ready();
}, 30_000);

afterAll(endEverything);

function ask(url: string, method: string, params: string, name: string): Promise<RawAnswer> {
  return postModern(url, { id: '7', method, params, name, capabilities: CAPABILITIES });
}

/** Starts a task. @returns The id that the client sees, and the whole answer. */
async function startTask(url: string): Promise<{ readonly taskId: string; readonly text: string }> {
  const name = url === omni.url ? 'jobs__long' : 'long';
  const { text } = await ask(url, 'tools/call', `"name":"${name}","arguments":{}`, name);
  return { taskId: /"taskId" : "([^"]+)"/.exec(text)?.[1] ?? '', text };
}

describe.each([
  ['the endpoint of all servers', () => omni.url],
  ['the endpoint of its server', () => `${omni.url}/jobs`],
])('a task at %s', (_name, urlOf) => {
  it('is declared', async () => {
    const { text } = await postModern(urlOf(), { id: '1', method: 'server/discover' });
    expect(JSON.parse(text)).toMatchObject({
      result: { capabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } } },
    });
  });

  it.each(['tasks/get', 'tasks/update', 'tasks/cancel'])(
    'is asked for by %s under an id of Omni, in header and body, and reaches its server under its own',
    async (method) => {
      const { taskId, text } = await startTask(urlOf());
      expect(taskId).toMatch(/^[A-Za-z0-9._-]+$/);
      expect(text).toBe(
        `{"jsonrpc":"2.0","id":7,"result":{"resultType":"task","status":"working", "taskId" : "${taskId}","ttlMs":6.0e4}}`,
      );
      const answer = await ask(urlOf(), method, `"x":1.0,"taskId":"${taskId}"`, taskId);
      expect(answer.status).toBe(200);
      expect(answer.text).toBe(
        `{"jsonrpc":"2.0","id":7,"result":{"resultType":"complete","n":1.0, "taskId" : "${taskId}","status":"completed","result":{"content":[],"taskId":"task 1"}}}`,
      );
      const last = server.received.at(-1);
      expect(last?.method).toBe(method);
      expect(last?.name).toMatch(/^task \d+$/);
      expect(last?.body).toContain(`"x":1.0,"taskId":"${last?.name}"`);
    },
  );

  it('is not found by another name in the header, by the id of its server, or at the endpoint of another server', async () => {
    const { taskId } = await startTask(urlOf());
    const before = server.received.length;
    const answers = [
      await ask(urlOf(), 'tasks/get', `"taskId":"${taskId}"`, 'task 1'),
      await ask(urlOf(), 'tasks/get', '"taskId":"task 1"', 'task 1'),
      await ask(urlOf(), 'tasks/get', `"taskId":"${taskId}A"`, `${taskId}A`),
      await ask(`${omni.url}/other`, 'tasks/get', `"taskId":"${taskId}"`, taskId),
    ];
    expect(answers.map(({ text }) => errorOf(text)?.code)).toEqual([-32020, -32602, -32602, -32602]);
    expect(new Set(answers.slice(1).map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(server.received.length).toBe(before);
  });

  it('is told of to a client that listens, under the ids of Omni', async () => {
    const { taskId } = await startTask(urlOf());
    await ask(urlOf(), 'tasks/get', `"taskId":"${taskId}"`, taskId);
    const upstreamId = server.received.at(-1)?.name ?? '';
    const listening = await listen(urlOf(), [taskId, 'task 1', `${taskId}A`]);
    await eventually('the subscription', () => server.listening === 1);
    expect(server.received.at(-1)?.body).toContain(`"notifications":{"taskIds":["${upstreamId}"]}`);
    server.tell(upstreamId, 'completed');
    await eventually('the notification', () => listening.events.length === 2);
    const meta = '"_meta":{"io.modelcontextprotocol/subscriptionId":"l"}';
    expect(listening.events).toEqual([
      `{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{${meta},"notifications":{"taskIds":["${taskId}"]}}}`,
      `{"jsonrpc":"2.0","method":"notifications/tasks","params":{${meta},"status":"completed", "taskId" : "${taskId}"}}`,
    ]);
    listening.stop();
    await eventually('the end of the subscription', () => server.listening === 0);
  });
});

describe('results of a server that keeps tasks', () => {
  it('go on byte for byte when they are none', async () => {
    const { text } = await ask(omni.url, 'tools/call', '"name":"jobs__short"', 'jobs__short');
    expect(text).toBe('{"jsonrpc":"2.0","id":7,"result":{"resultType":"complete","content":[],"n":1.0}}');
  });
});

/** Opens a listen and resolves when it is acknowledged. */
async function listen(
  url: string,
  taskIds: readonly string[],
): Promise<{ readonly events: readonly string[]; readonly stop: () => void }> {
  const params = `"notifications":${JSON.stringify({ taskIds })}`;
  const { body, headers } = modernRequest({
    id: '"l"',
    method: 'subscriptions/listen',
    params,
    capabilities: CAPABILITIES,
  });
  const abort = new AbortController();
  atEnd(() => abort.abort());
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    body,
    signal: abort.signal,
  });
  const events: string[] = [];
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const pump = async (): Promise<void> => {
    // An event comes in one chunk here.
    for (let chunk = await reader?.read(); chunk?.done === false; chunk = await reader?.read())
      events.push(...eventData(chunk.value));
  };
  pump().catch(() => {});
  await eventually('the acknowledgement', () => events.length > 0);
  return { events, stop: () => abort.abort() };
}
