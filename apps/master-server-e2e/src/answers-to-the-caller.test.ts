import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { randomUUID } from 'node:crypto';
import { endEverything } from './harness/end-everything.ts';
import { legacyCall, openRawSession, postModern, textOf } from './harness/raw-mcp.ts';
import { connectSdk1, createSdk1Client } from './harness/sdk-clients.ts';
import { startOmni, type Omni } from './harness/start-omni.ts';
import { startServer } from './harness/start-server.ts';
import { scriptedEntry, SDK1_HTTP } from './harness/upstream-entries.ts';

let omni: Omni;

beforeAll(async () => {
  omni = await startOmni({
    mcpServers: { legacy: scriptedEntry(), modern: scriptedEntry(['--era', 'modern']) },
  });
  await omni.ready();
}, 30_000);

afterAll(endEverything);

const CLIENTS = 20;
const CALLS = 10;

/** Arguments that make the server answer in another order than it was asked. */
function slowArguments(text: string): string {
  return JSON.stringify({ text, ms: Math.floor(Math.random() * 60) });
}

type Send = (id: number, canary: string) => Promise<string | undefined>;

async function legacyClient(upstream: string): Promise<Send> {
  const session = await openRawSession(omni.url);
  return async (id, canary) =>
    (await session.send(legacyCall(String(id), `${upstream}__slow`, slowArguments(canary)))).messages.at(-1);
}

function modernClient(upstream: string): Send {
  const name = `${upstream}__slow`;
  return async (id, canary) => {
    const params = `"name":"${name}","arguments":${slowArguments(canary)}`;
    return (await postModern(omni.url, { id: String(id), method: 'tools/call', name, params })).messages.at(
      -1,
    );
  };
}

describe('twenty clients that use the same ids at the same time', () => {
  for (const upstream of ['legacy', 'modern']) {
    it(`each get their own answers from a ${upstream} server`, async () => {
      const clients = await Promise.all(
        Array.from({ length: CLIENTS }, (_, index) =>
          index % 2 === 0 ? legacyClient(upstream) : Promise.resolve(modernClient(upstream)),
        ),
      );
      const outcomes = await Promise.all(
        clients.flatMap((send) =>
          Array.from({ length: CALLS }, async (_, id) => {
            const canary = randomUUID();
            const answer = await send(id, canary);
            return {
              expected: { id, text: canary },
              got: { id: (JSON.parse(answer ?? '{}') as { id: unknown }).id, text: textOf(answer) },
            };
          }),
        ),
      );
      expect(outcomes).toHaveLength(CLIENTS * CALLS);
      expect(
        outcomes.filter(({ expected, got }) => expected.id !== got.id || expected.text !== got.text),
      ).toEqual([]);
    });
  }
});

describe('questions of a server', () => {
  it('reach the client whose call they belong to, and the answers go back to that call', async () => {
    const asking = await startServer(SDK1_HTTP);
    const gateway = await startOmni({ mcpServers: { asking: { type: 'http', url: asking.url } } });
    await gateway.ready();
    const names = Array.from({ length: 8 }, () => randomUUID());
    const clients = await Promise.all(
      names.map((name) => {
        const client = createSdk1Client();
        client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'accept', content: { name } }));
        return connectSdk1(gateway.url, client);
      }),
    );
    const answers = await Promise.all(
      clients.flatMap((client) =>
        [1, 2, 3].map(async () => JSON.stringify(await client.callTool({ name: 'asking__ask_form' }))),
      ),
    );
    expect(answers.map((answer, index) => answer.includes(names[Math.floor(index / 3)] ?? ''))).toEqual(
      answers.map(() => true),
    );
  }, 30_000);
});

describe('an id that is in use', () => {
  it('is no hindrance over HTTP, where each request has an answer of its own [PROTO-R30]', async () => {
    const session = await openRawSession(omni.url);
    const first = session.send(legacyCall('1', 'legacy__slow', '{"ms":300,"text":"first"}'));
    const second = await session.send(legacyCall('1', 'legacy__slow', '{"ms":0,"text":"second"}'));
    expect(textOf(second.messages.at(-1))).toBe('second');
    expect(textOf((await first).messages.at(-1))).toBe('first');
    expect(
      textOf(
        (await session.send(legacyCall('1', 'legacy__slow', '{"ms":0,"text":"third"}'))).messages.at(-1),
      ),
    ).toBe('third');
  });

  it('is another id as text than as a number', async () => {
    const session = await openRawSession(omni.url);
    const number = session.send(legacyCall('1', 'legacy__slow', '{"ms":150,"text":"number"}'));
    const text = session.send(legacyCall('"1"', 'legacy__slow', '{"ms":100,"text":"text"}'));
    expect(textOf((await number).messages.at(-1))).toBe('number');
    expect(textOf((await text).messages.at(-1))).toBe('text');
  });

  it('belongs to one session only', async () => {
    const [one, two] = await Promise.all([openRawSession(omni.url), openRawSession(omni.url)]);
    const answers = await Promise.all([
      one.send(legacyCall('1', 'legacy__slow', '{"ms":100,"text":"one"}')),
      two.send(legacyCall('1', 'legacy__slow', '{"ms":50,"text":"two"}')),
    ]);
    expect(answers.map(({ messages }) => textOf(messages.at(-1)))).toEqual(['one', 'two']);
  });

  it('means nothing in the modern era over HTTP, where each request stands alone', async () => {
    const send = modernClient('modern');
    const answers = await Promise.all(['a', 'b', 'c'].map((canary) => send(1, canary)));
    expect(answers.map(textOf)).toEqual(['a', 'b', 'c']);
  });
});
