import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CallToolResultSchema, LoggingMessageNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { endEverything } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import { canSeeProcesses, childrenOf } from './harness/processes.ts';
import { errorOf, postModern, textOf, type ModernRequest } from './harness/raw-mcp.ts';
import {
  connectModern,
  connectSdk1,
  createModernClient,
  createSdk1Client,
  type ModernClient,
  type Sdk1Client,
} from './harness/sdk-clients.ts';
import { startOmni, type Omni } from './harness/start-omni.ts';
import { startServer } from './harness/start-server.ts';
import {
  fixtureEntry,
  FIXTURE_HTTP,
  scriptedEntry,
  sdk1Entry,
  SDK1_HTTP,
} from './harness/upstream-entries.ts';

let omni: Omni;

beforeAll(async () => {
  const [fixture, sdk1] = await Promise.all([startServer(FIXTURE_HTTP), startServer(SDK1_HTTP)]);
  const modern = { protocol: '2026-07-28' };
  const legacy = { protocol: 'legacy' };
  omni = await startOmni({
    mcpServers: {
      mstdio: { ...fixtureEntry(), ...modern },
      mscoped: { ...fixtureEntry(), ...modern },
      mhttp: { type: 'http', url: fixture.url, ...modern, roots: 'pass' },
      mraw: scriptedEntry(['--era', 'modern'], modern),
      lstdio: { ...sdk1Entry(), ...legacy },
      lhttp: { type: 'http', url: sdk1.url, ...legacy, roots: 'pass' },
      lraw: scriptedEntry([], legacy),
    },
  });
  await omni.ready();
}, 60_000);

afterAll(endEverything, 30_000);

describe.each([
  ['stdio', '/mcp', 'mstdio__'],
  ['http', '/mcp', 'mhttp__'],
  ['stdio', '/mcp/mscoped', ''],
  ['http', '/mcp/mhttp', ''],
])('a client on SDK 1.x and a modern server over %s through %s', (_transport, path, prefix) => {
  let client: Sdk1Client;
  const asked: string[] = [];

  beforeAll(async () => {
    client = await connectSdk1(omni.origin + path, createSdk1Client(asked));
  });

  async function call(
    name: string,
    args: Record<string, unknown> = {},
    by = client,
  ): Promise<string | undefined> {
    const { content } = CallToolResultSchema.parse(
      await by.callTool({ name: prefix + name, arguments: args }),
    );
    return content[0]?.type === 'text' ? content[0].text : undefined;
  }

  // First: behind a pipe that clients share, nobody hears log messages right after a call of somebody else.
  it('log for clients that have set a level', async () => {
    const levels: string[] = [];
    client.setNotificationHandler(
      LoggingMessageNotificationSchema,
      ({ params }) => void levels.push(params.level),
    );
    await call('test_logging_tool');
    expect(levels).toEqual([]);
    await client.setLoggingLevel('info');
    await call('test_logging_tool');
    expect(levels).toEqual(['info']);
  });

  it('ask for a sample, a form and the roots', async () => {
    asked.length = 0;
    expect(await call('test_sampling', { prompt: 'Hello?' })).toMatch(/Hello!/);
    expect(await call('test_elicitation', { message: 'Who?' })).toMatch(/action=accept.*Ada/);
    expect(await call('test_input_required_result_list_roots')).toBe('Roots: file:///work');
    expect(asked).toEqual(['sampling', 'elicitation form', 'roots']);
  });

  it('go through several rounds with a signed state', async () => {
    expect(await call('test_input_required_result_request_state')).toMatch(/^state-ok/);
    expect(await call('test_input_required_result_multiple_inputs')).toMatch(/Ada.*Hello!.*file:\/\/\/work/);
    expect(await call('test_input_required_result_multi_round')).toMatch(/^Your favorite color is /);
  });

  it('ask only for what the client has declared [PROTO-R15]', async () => {
    expect(await call('test_input_required_result_capabilities')).toBe('Got 2 answers.');
    const bare = await connectSdk1(omni.origin + path);
    expect(await call('test_input_required_result_capabilities', {}, bare)).toBe('Got 0 answers.');
    await expect(bare.callTool({ name: `${prefix}test_missing_capability` })).rejects.toMatchObject({
      code: -31040,
    });
  });

  it('tell the client of a question that it cannot answer', async () => {
    const failing = createSdk1Client();
    failing.removeRequestHandler('elicitation/create');
    await connectSdk1(omni.origin + path, failing);
    expect(
      await failing.callTool({ name: `${prefix}test_elicitation`, arguments: { message: 'Who?' } }),
    ).toMatchObject({ isError: true });
  });
});

describe('a legacy client and a modern server that asks for a page to be visited', () => {
  it('exchange the answer and the state byte for byte [PROTO-R14]', async () => {
    const client = await connectSdk1(`${omni.origin}/mcp/mraw`, createSdk1Client());
    const { content } = CallToolResultSchema.parse(await client.callTool({ name: 'ask', arguments: {} }));
    expect(content).toEqual([{ type: 'text', text: '["opaque é 1.0",{"login":{"action":"accept"}}]' }]);
  });
});

describe.each([
  ['stdio', '/mcp', 'lstdio__'],
  ['http', '/mcp', 'lhttp__'],
  ['stdio', '/mcp/lstdio', ''],
  ['http', '/mcp/lhttp', ''],
])('a modern client and a server on SDK 1.x over %s through %s', (_transport, path, prefix) => {
  /** Where there are several servers, what one asks begins with its name. */
  const label = prefix === '' ? '' : `[${prefix.slice(0, -2)}] `;
  let client: ModernClient;
  const asked: string[] = [];

  beforeAll(async () => {
    client = await connectModern(omni.origin + path, createModernClient('modern', asked));
  });

  async function call(name: string, args: Record<string, unknown> = {}): Promise<string | undefined> {
    const { content } = await client.callTool({ name: prefix + name, arguments: args });
    // The SDK leaves the type of content open.
    return (content as { text?: string }[])[0]?.text;
  }

  function raw(
    name: string,
    more: Partial<ModernRequest> & { readonly rest?: string } = {},
  ): ReturnType<typeof postModern> {
    const { rest, ...request } = more;
    const params = [`"name":"${prefix}${name}","arguments":{}`, ...(rest === undefined ? [] : [rest])].join(
      ',',
    );
    return postModern(omni.origin + path, {
      id: '1',
      method: 'tools/call',
      name: prefix + name,
      params,
      capabilities: ALL,
      ...request,
    });
  }

  it('let the server ask for a sample, a form, a URL and the roots', async () => {
    asked.length = 0;
    expect(await call('ask_sample')).toBe('{"type":"text","text":"Hello!"}');
    expect(await call('ask_form')).toMatch(/^accept .*Ada/);
    expect(await call('ask_url')).toBe('accept');
    expect(await call('ask_roots')).toBe('file:///work');
    expect(asked).toEqual(['sampling', 'elicitation form', 'elicitation url', 'roots']);
  });

  it('go on with the call that waits when the answers come, once [PROTO-R14]', async () => {
    const first = await raw('ask_form');
    const { state, result } = stateIn(first.messages.at(-1));
    expect(result).toMatchObject({
      resultType: 'input_required',
      inputRequests: {
        q1: { method: 'elicitation/create', params: { mode: 'form', message: `${label}Who?` } },
      },
    });
    const answer = `"requestState":${state},"inputResponses":{"q1":{"action":"accept","content":{"name":"Bo"}},"other":{}}`;
    const second = await raw('ask_form', { id: '2', rest: answer });
    expect(textOf(second.messages.at(-1))).toBe('accept {"name":"Bo"}');
    const third = await raw('ask_form', { id: '3', rest: answer });
    expect(errorOf(third.messages[0])).toMatchObject({ code: -32602, omni: 'OMNI_STATE_INVALID' });
  });

  it('refuse a state that was changed, or belongs to another call [PROTO-R14]', async () => {
    const { state } = stateIn((await raw('ask_form')).messages.at(-1));
    const last = state.at(-2);
    const changed = `${state.slice(0, -2)}${last === 'A' ? 'B' : 'A'}"`;
    const answers = '"inputResponses":{"q1":{"action":"decline"}}';
    for (const [name, sent] of [
      ['ask_form', changed],
      ['ask_form', '"omni1.x.y"'],
      ['ask_form', '"something else"'],
      ['ask_form', '7'],
      ['ask_url', state],
    ] as const) {
      const answer = await raw(name, { rest: `"requestState":${sent},${answers}` });
      expect([name, sent, errorOf(answer.messages[0])?.omni]).toEqual([name, sent, 'OMNI_STATE_INVALID']);
    }
    // None of them has used the right one up.
    expect(
      textOf((await raw('ask_form', { rest: `"requestState":${state},${answers}` })).messages.at(-1)),
    ).toBe('decline undefined');
  });

  it('are not held up by a client that never comes back', async () => {
    stateIn((await raw('ask_form')).messages.at(-1));
    expect(await call('ask_roots')).toBe('file:///work');
    expect(stateIn((await raw('ask_form')).messages.at(-1)).result).toMatchObject({
      resultType: 'input_required',
    });
  });

  it('ask again for what was not answered', async () => {
    const first = stateIn((await raw('ask_form')).messages.at(-1));
    const second = stateIn(
      (await raw('ask_form', { rest: `"requestState":${first.state},"inputResponses":{}` })).messages.at(-1),
    );
    expect(second.result).toMatchObject({
      resultType: 'input_required',
      inputRequests: { q1: { method: 'elicitation/create' } },
    });
    const answers = '"inputResponses":{"q1":{"action":"cancel"}}';
    expect(
      textOf((await raw('ask_form', { rest: `"requestState":${second.state},${answers}` })).messages.at(-1)),
    ).toBe('cancel undefined');
  });

  it('ask a client for nothing that it has not declared [PROTO-R15]', async () => {
    for (const capabilities of ['{}', '{"sampling":{}}', '{"elicitation":{"url":{}}}']) {
      const answer = await raw('ask_form', { capabilities });
      expect([capabilities, answer.text.includes('input_required')]).toMatchObject([capabilities, false]);
      expect([capabilities, JSON.parse(answer.messages.at(-1) ?? '')]).toMatchObject([
        capabilities,
        { result: { isError: true } },
      ]);
    }
  });

  it('log for the requests that want it', async () => {
    const talkative = await raw('log', { meta: '"io.modelcontextprotocol/logLevel":"info"' });
    const levels = talkative.messages.flatMap((text) => /"level":"(\w+)","logger"/.exec(text)?.[1] ?? []);
    expect(levels).toEqual(['info', 'error']);
    expect(talkative.messages).toHaveLength(3);
    expect((await raw('log')).messages).toHaveLength(1);
  });

  it('cancel the call when its client does not want it any more', async () => {
    const before = Number(await call('cancelled'));
    // A call that is cancelled before its tool runs leaves no trace at the server, so it may take more than
    // one.
    await eventually('the server knows', async () => {
      const abort = new AbortController();
      const ending = client.callTool({ name: `${prefix}wait` }, { signal: abort.signal }).then(
        () => 'answered',
        () => 'given up',
      );
      await eventually('the call runs', async () => (await inFlight()) >= 1);
      abort.abort();
      expect(await ending).toBe('given up');
      return Number(await call('cancelled')) > before;
    });
  });
});

(canSeeProcesses ? describe : describe.skip)('a modern client that comes back with its answers', () => {
  it('has no further instance of the server started for them', async () => {
    // No other test declares this: the instance that waits for the answers is the only one of its kind.
    const capabilities = '{"elicitation":{"form":{}},"experimental":{"returning":{}}}';
    const params = '"name":"ask_form","arguments":{}';
    const request = { method: 'tools/call', name: 'ask_form', capabilities };
    const first = await postModern(`${omni.origin}/mcp/lstdio`, { ...request, id: '1', params });
    const before = new Set(instances());
    const answers = `"requestState":${stateIn(first.messages.at(-1)).state},"inputResponses":{"q1":{"action":"decline"}}`;
    const second = await postModern(`${omni.origin}/mcp/lstdio`, {
      ...request,
      id: '2',
      params: `${params},${answers}`,
    });
    expect(textOf(second.messages.at(-1))).toBe('decline undefined');
    expect(instances().filter((pid) => !before.has(pid))).toEqual([]);
  });
});

const ALL = '{"sampling":{},"elicitation":{"form":{},"url":{}},"roots":{}}';

/** The processes that Omni runs. */
function instances(): readonly number[] {
  return childrenOf(omni.process.child.pid ?? 0).map(({ pid }) => pid);
}

/** The state of a result that asks for input, as JSON, and the result. */
function stateIn(message: string | undefined): { readonly state: string; readonly result: unknown } {
  // Messages of these tests are JSON-RPC.
  const { result } = JSON.parse(message ?? '{}') as { result?: { requestState?: unknown } };
  return { state: JSON.stringify(result?.requestState), result };
}

async function inFlight(): Promise<number> {
  const response = await fetch(`${omni.origin}/health/ready`);
  // The health document of Omni.
  const { details } = (await response.json()) as { details: Record<string, { inFlight?: number }> };
  return details['protocol']?.inFlight ?? 0;
}
