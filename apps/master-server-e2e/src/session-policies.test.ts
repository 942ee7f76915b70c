import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { endEverything } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import { canSeeProcesses, childrenOf, type SeenProcess } from './harness/processes.ts';
import {
  errorOf,
  legacyCall,
  openRawSession,
  postModern,
  textOf,
  type RawAnswer,
} from './harness/raw-mcp.ts';
import { connectSdk1, createSdk1Client } from './harness/sdk-clients.ts';
import { startOmni, type Omni } from './harness/start-omni.ts';
import { startServer } from './harness/start-server.ts';
import { startSteppingServer, type SteppingServer } from './harness/stepping-server.ts';
import { scriptedEntry, SDK1_HTTP, sdk1Entry } from './harness/upstream-entries.ts';

const ADA = 'ada-Zr9tLw2kM3vXq7';
const BO = 'bo-w2kM3vXq7Zr9tL';
const FORMS = '{"elicitation":{"form":{}}}';

let omni: Omni;
let remote: SteppingServer;
let shared: readonly SeenProcess[];

beforeAll(async () => {
  remote = await startSteppingServer('http');
  const asking = await startServer(SDK1_HTTP);
  const entry = (instances: string): object => scriptedEntry([], { instances, protocol: 'legacy' });
  omni = await startOmni({
    server: { drain: '0s' },
    auth: {
      tokens: [
        { name: 'ada', token: ADA },
        { name: 'bo', token: BO },
      ],
    },
    mcpServers: {
      shared: entry('shared'),
      user: entry('per-user'),
      session: entry('per-session'),
      request: entry('per-request'),
      remote: { url: remote.url, protocol: 'legacy', instances: 'per-request' },
      asking: { ...sdk1Entry(), protocol: 'legacy', instances: 'per-request' },
      addressed: { url: asking.url, protocol: 'legacy', instances: 'per-user' },
      meeting: { ...sdk1Entry(), protocol: 'legacy', instances: 'per-user' },
    },
  });
  await omni.ready();
  shared = childrenOf(omni.process.pid);
}, 60_000);

afterAll(endEverything);

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** Calls a tool without arguments, in a session of its own or as a modern client. */
type Call = (name: string) => Promise<RawAnswer>;

async function legacyClient(token: string): Promise<Call> {
  const session = await openRawSession(omni.url, { headers: bearer(token) });
  let id = 0;
  return (name) => session.send(legacyCall(String(++id), name));
}

function modernClient(token: string): Call {
  return (name) =>
    postModern(
      omni.url,
      { id: '1', method: 'tools/call', name, params: `"name":"${name}"` },
      { headers: bearer(token) },
    );
}

async function pidFrom(answer: Promise<RawAnswer>): Promise<number> {
  return Number(textOf((await answer).messages.at(-1)));
}

/** Resolves when only what clients share is left of the servers on stdio and of those named. */
async function untilGone(pids: readonly number[]): Promise<void> {
  await eventually(
    'the instances have ended',
    () => pids.every((pid) => !childrenOf(omni.process.pid).some((child) => child.pid === pid)),
    8_000,
  );
}

describe('instances', () => {
  it.each([
    ['shared', [0, 0, 0, 0, 0, 0]],
    ['user', [0, 0, 0, 3, 4, 4]],
    ['session', [0, 0, 2, 3, 4, 4]],
    ['request', [0, 1, 2, 3, 4, 5]],
  ])(
    'of "%s" are used by one, again, by another session, by another user, by a modern client, and again: %j [PROTO-R11]',
    async (server, expected) => {
      const one = await legacyClient(ADA);
      const clients = [
        one,
        one,
        await legacyClient(ADA),
        await legacyClient(BO),
        modernClient(ADA),
        modernClient(ADA),
      ];
      const pids: number[] = [];
      for (const call of clients) pids.push(await pidFrom(call(`${server}__pid`)));
      expect(pids.every((pid) => pid > 0)).toBe(true);
      expect(pids.map((pid) => pids.indexOf(pid))).toEqual(expected);
    },
  );
});

describe('instances "per-request"', () => {
  const onlyWithProcesses = canSeeProcesses ? it : it.skip;

  onlyWithProcesses('have ended soon after their answer, or their cancellation [PROTO-R11]', async () => {
    const session = await openRawSession(omni.url, { headers: bearer(ADA) });
    const pid = await pidFrom(session.send(legacyCall('1', 'request__pid')));
    await untilGone([pid]);
    const before = new Set(childrenOf(omni.process.pid).map((child) => child.pid));
    const never = session.send(legacyCall('2', 'request__never')).catch(() => undefined);
    const [child] = await eventually('the instance runs', () => {
      const started = childrenOf(omni.process.pid).filter((seen) => !before.has(seen.pid));
      return started.length > 0 && started;
    });
    await session.send('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}');
    await untilGone([child?.pid ?? 0]);
    await session.end();
    await never;
    // What clients share is still there.
    const now = new Set(childrenOf(omni.process.pid).map((seen) => seen.pid));
    expect(shared.filter((seen) => !now.has(seen.pid))).toEqual([]);
  });

  it('end their session at a server over HTTP', async () => {
    const count = (request: string): number => remote.requests.filter((seen) => seen === request).length;
    const session = await openRawSession(omni.url, { headers: bearer(ADA) });
    for (const id of ['1', '2']) {
      const answer = await session.send(legacyCall(id, 'remote__steps', '{"count":0}'));
      expect(textOf(answer.messages.at(-1))).toBe('took 0 steps');
    }
    await eventually('both sessions are ended', () => count('DELETE /mcp') === 2);
  });

  onlyWithProcesses('wait with a call for its modern client, and end with its answer', async () => {
    const ask = (id: string, rest = ''): Promise<RawAnswer> =>
      postModern(
        omni.url,
        {
          id,
          method: 'tools/call',
          name: 'asking__ask_form',
          params: `"name":"asking__ask_form"${rest}`,
          capabilities: FORMS,
        },
        { headers: bearer(ADA) },
      );
    const before = new Set(childrenOf(omni.process.pid).map((child) => child.pid));
    const asked = await ask('1');
    // Omni answers in JSON-RPC.
    const { result } = JSON.parse(asked.messages.at(-1) ?? '{}') as {
      result: { resultType: string; requestState: string };
    };
    expect(result.resultType).toBe('input_required');
    const waiting = childrenOf(omni.process.pid).filter((child) => !before.has(child.pid));
    expect(waiting).toHaveLength(1);
    const answers = '"inputResponses":{"q1":{"action":"accept","content":{"name":"Bo"}}}';
    const answered = await ask('2', `,"requestState":${JSON.stringify(result.requestState)},${answers}`);
    expect(textOf(answered.messages.at(-1))).toBe('accept {"name":"Bo"}');
    await untilGone(waiting.map(({ pid }) => pid));
  });
});

describe('instances "per-user"', () => {
  const NAMES = ['Ada', 'Alan', 'Grace', 'Edsger'];

  /**
   * Each of four sessions of one user is asked for its name, first one after the other, then at the same
   * time.
   */
  async function askAll(
    server: string,
  ): Promise<{ readonly own: number; readonly foreign: number; readonly all: number }> {
    const clients = await Promise.all(
      NAMES.map((name) => {
        const client = createSdk1Client();
        client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'accept', content: { name } }));
        return connectSdk1(omni.url, client, bearer(ADA));
      }),
    );
    const ask = async (index: number): Promise<string> =>
      JSON.stringify(await clients[index]?.callTool({ name: `${server}__ask_form` }));
    const answers: string[] = [];
    for (const index of NAMES.keys()) answers.push(await ask(index));
    answers.push(...(await Promise.all([...NAMES.keys(), ...NAMES.keys()].map(ask))));
    const asked = answers.map((answer, index) =>
      NAMES.filter((name) => answer.includes(name)).map((name) => name === NAMES[index % 4]),
    );
    return {
      own: asked.filter(([isOwn]) => isOwn === true).length,
      foreign: asked.flat().filter((isOwn) => !isOwn).length,
      all: answers.length,
    };
  }

  it('put a question that has an address to the session whose call it belongs to', async () => {
    expect(await askAll('addressed')).toEqual({ own: 12, foreign: 0, all: 12 });
  }, 30_000);

  it('put a question without address to nobody when it may be about the call of another session', async () => {
    const { own, foreign } = await askAll('meeting');
    expect(own).toBeGreaterThan(0);
    expect(foreign).toBe(0);
  }, 30_000);

  it('are refused beyond the eight that one user can have, to nobody else', async () => {
    const ask = async (token: string, index: number): Promise<string | undefined> => {
      const capabilities = `{"experimental":{"x${index}":{}}}`;
      const session = await openRawSession(omni.url, { headers: bearer(token), capabilities });
      void session.send(legacyCall('1', 'user__never')).catch(() => undefined);
      const answer = await session.send(legacyCall('2', 'user__pid'));
      return errorOf(answer.messages.at(-1))?.omni;
    };
    const outcomes: (string | undefined)[] = [];
    for (let index = 0; index < 10; index++) outcomes.push(await ask(ADA, index));
    expect(outcomes.at(-1)).toBe('OMNI_OVERLOADED');
    expect(await ask(BO, 0)).toBeUndefined();
  }, 30_000);
});
