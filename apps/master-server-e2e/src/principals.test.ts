import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SECRET, taskServer } from './advisories/task-server.ts';
import { endEverything } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import {
  errorOf,
  eventData,
  legacyCall,
  openRawSession,
  post,
  postModern,
  textOf,
  type RawAnswer,
} from './harness/raw-mcp.ts';
import { runOmni, startOmni, writeConfiguration, type Omni } from './harness/start-omni.ts';
import { scriptedEntry, sdk1Entry } from './harness/upstream-entries.ts';
import { serveLines } from './principals/line-upstream.ts';

const ADA = 'ada-Zr9tLw2kM3vXq7';
const BO = 'bo-w2kM3vXq7Zr9tL';
const OWNER = 'owner-q7Zr9tLw2kM3vX';

let omni: Omni;
const received: string[] = [];

beforeAll(async () => {
  const tasks = await serveLines(taskServer('legacy', received));
  const auth = {
    token: OWNER,
    tokens: [
      { name: 'ada', token: '${ADA_TOKEN}' },
      { name: 'bo', token: BO },
    ],
  };
  const mcpServers = {
    old: scriptedEntry(),
    notes: { ...sdk1Entry(), protocol: 'legacy' },
    tasks: { url: tasks, protocol: 'legacy' },
  };
  omni = await startOmni({ auth, mcpServers }, { environment: { ADA_TOKEN: ADA } });
  await omni.ready();
}, 40_000);

afterAll(endEverything);

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

describe('several tokens', () => {
  it('open Omni for those who have one, and for nobody else', async () => {
    const ask = (token: string): Promise<RawAnswer> =>
      postModern(omni.url, { id: '1', method: 'tools/list' }, { headers: bearer(token) });
    const tokens = [ADA, BO, OWNER, 'ada', '${ADA_TOKEN}', ADA.slice(0, -1), `${ADA}x`, ADA + BO];
    expect(await Promise.all(tokens.map(async (token) => (await ask(token)).status))).toEqual([
      200, 200, 200, 401, 401, 401, 401, 401,
    ]);
  });

  it('stand in no message about a configuration that is refused, and in no log', async () => {
    const prepared = await writeConfiguration({
      auth: {
        tokens: [
          { name: 'ada', token: ADA },
          { name: 'bo', token: ADA },
          { name: 'x y', token: `${BO} ` },
        ],
      },
      mcpServers: {},
    });
    const refused = await runOmni(['serve', '--config', prepared.configFile], prepared.environment);
    expect(refused.code).toBe(4);
    expect(refused.stderr).toContain('auth.tokens.2.token');
    const said = `${refused.stdout}${refused.stderr}${omni.process.stdout}${omni.process.stderr}`;
    expect([ADA, BO, OWNER].filter((token) => said.includes(token))).toEqual([]);
  });
});

describe('a legacy session shown with the token of somebody else', () => {
  it('does not exist, for any HTTP method, nor by the id of one of its events [PROTO-R06]', async () => {
    const session = await openRawSession(omni.url, { headers: bearer(ADA) });
    const call = legacyCall('1', 'old__progress', '{"steps":2}', '{"progressToken":"t"}');
    const answered = await session.send(call);
    const eventId = /^id: ?(\S+)$/m.exec(answered.text)?.[1] ?? '';
    expect(answered.messages).toHaveLength(3);
    expect(eventId !== '').toBe(true);
    const foreign = { ...session.headers, ...bearer(BO) };
    const attempts = await Promise.all([
      post(omni.url, legacyCall('2', 'old__pid'), { headers: foreign }),
      post(omni.url, '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}', {
        headers: foreign,
      }),
      ...['', eventId].map((id) =>
        fetch(omni.url, { headers: { ...foreign, accept: 'text/event-stream', 'last-event-id': id } }),
      ),
      fetch(omni.url, { method: 'DELETE', headers: foreign }),
    ]);
    expect(attempts.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404]);
    // It is there for its own client all the same.
    expect((await session.send(legacyCall('3', 'old__pid'))).status).toBe(200);
  });

  it('goes on with its stream for its own client', async () => {
    const session = await openRawSession(omni.url, { headers: bearer(ADA) });
    const own = { ...session.headers, accept: 'text/event-stream' };
    const abort = new AbortController();
    const stream = await fetch(omni.url, { headers: own, signal: abort.signal });
    expect(stream.status).toBe(200);
    abort.abort();
  });
});

describe('what one principal has started', () => {
  const ALL = '{"elicitation":{"form":{}}}';

  it('is not gone on with by another one who has its state', async () => {
    const name = 'notes__ask_form';
    const ask = (token: string, id: string, rest = ''): Promise<RawAnswer> =>
      postModern(
        omni.url,
        {
          id,
          method: 'tools/call',
          name,
          params: `"name":"${name}","arguments":{}${rest}`,
          capabilities: ALL,
        },
        { headers: bearer(token) },
      );
    const first = await ask(ADA, '1');
    const state = /"requestState":("[^"]+")/.exec(first.text)?.[1] ?? '';
    expect(state).not.toBe('');
    const answer = `,"requestState":${state},"inputResponses":{"q1":{"action":"accept","content":{"name":"Bo"}}}`;
    const stolen = await ask(BO, '2', answer);
    expect(errorOf(stolen.messages[0])?.omni).toBe('OMNI_STATE_INVALID');
    expect(textOf((await ask(ADA, '3', answer)).messages.at(-1))).toBe('accept {"name":"Bo"}');
  });

  it('is no task of another one', async () => {
    const url = `${omni.url}/tasks`;
    const [ada, bo] = await Promise.all(
      [ADA, BO].map((token) => openRawSession(url, { headers: bearer(token) })),
    );
    const start =
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"long","arguments":{},"task":{"ttl":60000}}}';
    const started = (await ada?.send(start))?.text ?? '';
    expect(started).toContain(SECRET);
    const id = /"taskId":("[^"]+")/.exec(started)?.[1] ?? '';
    const about = (method: string): string =>
      `{"jsonrpc":"2.0","id":2,"method":"tasks/${method}","params":{"taskId":${id}}}`;
    for (const method of ['get', 'result', 'cancel']) {
      expect([method, (await bo?.send(about(method)))?.text]).toEqual([
        method,
        expect.not.stringContaining(SECRET),
      ]);
      expect([method, (await ada?.send(about(method)))?.text]).toEqual([
        method,
        expect.stringContaining(SECRET),
      ]);
    }
  });

  it('sends its updates to nobody else', async () => {
    const [ada, bo] = await Promise.all(
      [ADA, BO].map((token) => openRawSession(omni.url, { headers: bearer(token) })),
    );
    const heard = await Promise.all([ada, bo].map((session) => listen(omni.url, session?.headers ?? {})));
    const subscribed = await ada?.send(
      '{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"test://note"}}',
    );
    expect(errorOf(subscribed?.messages[0])).toBeUndefined();
    await bo?.send(legacyCall('1', 'notes__touch'));
    await eventually('the update', () => heard[0]?.().some((text) => text.includes('resources/updated')));
    expect(heard[1]?.().filter((text) => text.includes('resources/updated'))).toEqual([]);
  });
});

/** Opens the stream of a session that belongs to no request; gives what has come on it. */
async function listen(url: string, headers: Record<string, string>): Promise<() => string[]> {
  const response = await fetch(url, { headers: { ...headers, accept: 'text/event-stream' } });
  const decoder = new TextDecoder();
  let text = '';
  void (async () => {
    // A body of fetch consists of bytes; it ends with Omni.
    for await (const chunk of response.body ?? [])
      text += decoder.decode(chunk as Uint8Array, { stream: true });
  })().catch(() => {});
  return () => eventData(text);
}
