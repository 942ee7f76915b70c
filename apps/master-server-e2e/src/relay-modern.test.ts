import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { endEverything } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import { errorOf, post, postModern, textOf } from './harness/raw-mcp.ts';
import { connectModern, createModernClient, type ModernClient } from './harness/sdk-clients.ts';
import { startOmni, type Omni } from './harness/start-omni.ts';
import { startServer } from './harness/start-server.ts';
import { fixtureEntry, FIXTURE_HTTP, scriptedEntry } from './harness/upstream-entries.ts';

const WATCHED = 'test://watched-resource';
const DEMO = fileURLToPath(new URL('../../demo-server/src/main.ts', import.meta.url));
let omni: Omni;

beforeAll(async () => {
  const http = await startServer(FIXTURE_HTTP);
  omni = await startOmni({
    mcpServers: {
      stdio: fixtureEntry(),
      http: { type: 'http', url: http.url, roots: 'pass' },
      demo: { command: process.execPath, args: ['--conditions=@omni/source', DEMO] },
      raw: scriptedEntry(['--era', 'modern']),
    },
  });
  await omni.ready();
}, 60_000);

afterAll(endEverything, 30_000);

async function call(
  client: ModernClient,
  name: string,
  args: Record<string, unknown> = {},
): Promise<string | undefined> {
  const { content } = await client.callTool({ name, arguments: args });
  // The SDK leaves the type of content open.
  return (content as { text?: string }[])[0]?.text;
}

const LEGS = [
  { upstream: 'stdio', path: '/mcp', prefix: 'stdio__' },
  { upstream: 'http', path: '/mcp', prefix: 'http__' },
  { upstream: 'stdio', path: '/mcp/stdio', prefix: '' },
  { upstream: 'http', path: '/mcp/http', prefix: '' },
] as const;

for (const { upstream, path, prefix } of LEGS) {
  describe(`a modern client and a modern server over ${upstream} through ${path}`, () => {
    let client: ModernClient;
    const asked: string[] = [];

    beforeAll(async () => {
      client = await connectModern(omni.origin + path, createModernClient('modern', asked));
    });

    it('see what the server offers', async () => {
      expect((await client.listTools()).tools.map(({ name }) => name)).toContain(`${prefix}test_simple_text`);
      expect((await client.listPrompts()).prompts.map(({ name }) => name)).toContain(
        `${prefix}test_simple_prompt`,
      );
      expect((await client.listResources()).resources.map(({ uri }) => uri)).toContain(WATCHED);
      expect(
        (await client.listResourceTemplates()).resourceTemplates.map(({ uriTemplate }) => uriTemplate),
      ).toContain('test://template/{id}/data');
    });

    it('exchange every kind of content', async () => {
      const { content } = await client.callTool({
        name: `${prefix}test_multiple_content_types`,
        arguments: {},
      });
      // The SDK leaves the type of content open.
      expect((content as { type: string }[]).map(({ type }) => type)).toEqual(['text', 'image', 'resource']);
    });

    it('keep the order of progress', async () => {
      const seen: number[] = [];
      const name = `${prefix}test_tool_with_progress`;
      await client.callTool(
        { name, arguments: {} },
        { onprogress: ({ progress }) => void seen.push(progress) },
      );
      expect(seen).toEqual([0, 50, 100]);
    });

    it('ask in several rounds with a signed state', async () => {
      asked.length = 0;
      expect(await call(client, `${prefix}test_input_required_result_multi_round`)).toBe(
        'Your favorite color is blue.',
      );
      expect(await call(client, `${prefix}test_input_required_result_request_state`)).toMatch(/^state-ok/);
      expect(await call(client, `${prefix}test_input_required_result_multiple_inputs`)).toMatch(
        /Ada.*Hello!.*file:\/\/\/work/,
      );
      expect(asked).toEqual(expect.arrayContaining(['elicitation form', 'sampling', 'roots']));
    });

    it('complete, get prompts and read resources', async () => {
      const { completion } = await client.complete({
        ref: { type: 'ref/prompt', name: `${prefix}test_prompt_with_arguments` },
        argument: { name: 'arg1', value: 'par' },
      });
      expect(completion.values).toEqual(['paris', 'park', 'party']);
      const prompt = await client.getPrompt({
        name: `${prefix}test_prompt_with_arguments`,
        arguments: { arg1: 'a', arg2: 'b' },
      });
      expect(prompt.messages[0]?.content).toEqual({
        type: 'text',
        text: "Prompt with arguments: arg1='a', arg2='b'",
      });
      expect(await client.readResource({ uri: 'test://template/7/data' })).toMatchObject({
        contents: [{ uri: 'test://template/7/data' }],
      });
    });

    it('hear of changes by a listen', async () => {
      const own = await connectModern(omni.origin + path);
      const heard = new Set<string>();
      own.setNotificationHandler('notifications/tools/list_changed', () => void heard.add('tools'));
      own.setNotificationHandler(
        'notifications/resources/updated',
        ({ params }) => void heard.add(params.uri),
      );
      await own.listen({ toolsListChanged: true, resourceSubscriptions: [WATCHED] });
      await call(own, `${prefix}test_trigger_resource_update`);
      await call(own, `${prefix}test_trigger_tool_change`);
      // Behind the endpoint of all, the address belongs to the first server that has it.
      const expected = prefix === 'http__' ? ['tools'] : ['tools', WATCHED];
      await eventually('the changes', () => expected.every((change) => heard.has(change)));
      heard.clear();
      await call(own, `${prefix}test_trigger_tool_change`);
      // Lists are read twice a second at most: a change that is taken back in between would be none.
      await eventually('the change back', () => heard.has('tools'));
    });

    it('pass the refusal of a client that lacks a capability, with its HTTP status', async () => {
      const name = `${prefix}test_missing_capability`;
      const answer = await postModern(omni.origin + path, {
        id: '1',
        method: 'tools/call',
        name,
        params: `"name":"${name}","arguments":{}`,
      });
      expect(answer.status).toBe(400);
      expect(errorOf(answer.messages[0])?.code).toBe(-32021);
    });

    it('send log messages to a request that asks for them, and to no other', async () => {
      const url = omni.origin + path;
      const name = `${prefix}test_logging_tool`;
      const request = { id: '"log"', method: 'tools/call', name, params: `"name":"${name}","arguments":{}` };
      const talkative = await postModern(url, {
        ...request,
        meta: '"io.modelcontextprotocol/logLevel":"info"',
      });
      expect(
        talkative.messages.map((text) => JSON.parse(text) as { method?: string }).map(({ method }) => method),
      ).toEqual(['notifications/message', undefined]);
      expect((await postModern(url, request)).messages).toHaveLength(1);
    });
  });
}

for (const era of ['legacy', 'auto'] as const) {
  describe(`a client on SDK 2.x in ${era} mode`, () => {
    it('calls, asks and completes over the same URL [PROTO-R01]', async () => {
      const asked: string[] = [];
      const client = await connectModern(omni.url, createModernClient(era, asked));
      expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(
        expect.arrayContaining([
          'stdio__test_simple_text',
          'http__test_simple_text',
          'demo__weather_report',
          'raw__echo',
        ]),
      );
      expect(await call(client, 'http__test_input_required_result_multi_round')).toBe(
        'Your favorite color is blue.',
      );
      expect(await call(client, 'stdio__test_elicitation', { message: 'Who?' })).toMatch(/action=accept/);
      expect(
        await client.callTool({ name: 'demo__weather_report', arguments: { city: 'Oslo' } }),
      ).toMatchObject({
        structuredContent: { city: 'Oslo' },
      });
      expect(asked.length).toBeGreaterThan(0);
    });
  });
}

describe('multi-round-trip requests as text', () => {
  it('carry a URL elicitation, the answers and the state unchanged', async () => {
    const request = { method: 'tools/call', name: 'raw__ask', capabilities: '{"elicitation":{"url":{}}}' };
    const first = await postModern(omni.url, {
      ...request,
      id: '1',
      params: '"name":"raw__ask","arguments":{}',
    });
    expect(JSON.parse(first.messages[0] ?? '')).toMatchObject({
      result: {
        resultType: 'input_required',
        requestState: 'opaque é 1.0',
        inputRequests: { login: { params: { mode: 'url', elicitationId: 'e-1' } } },
      },
    });
    const answers =
      '"requestState":"opaque \\u00e9 1.0","inputResponses":{"login":{"action":"accept","n":1.0}}';
    const second = await postModern(omni.url, {
      ...request,
      id: '2',
      params: `"name":"raw__ask","arguments":{},${answers}`,
    });
    expect(JSON.parse(textOf(second.messages[0]) ?? '')).toEqual([
      'opaque é 1.0',
      { login: { action: 'accept', n: 1 } },
    ]);
  });
});

describe('errors of the modern era', () => {
  const echo = {
    id: '1',
    method: 'tools/call',
    name: 'raw__echo',
    params: '"name":"raw__echo","arguments":{}',
  };
  const listing = { id: '1', method: 'tools/list' };
  const cases = [
    {
      title: 'an error of the server itself',
      request: { ...echo, name: 'raw__fail', params: '"name":"raw__fail","arguments":{}' },
      status: 200,
      code: -32042,
    },
    {
      title: 'an unknown tool',
      request: { ...echo, name: 'absent', params: '"name":"absent","arguments":{}' },
      status: 200,
      code: -32602,
    },
    {
      title: 'an unknown resource',
      request: { id: '1', method: 'resources/read', name: 'x://y', params: '"uri":"x://y"' },
      status: 200,
      code: -32602,
    },
    { title: 'an unknown method', request: { id: '1', method: 'no/such' }, status: 404, code: -32601 },
    { title: 'a method of the other era', request: { id: '1', method: 'ping' }, status: 404, code: -32601 },
    {
      title: 'a name in the header that is not that of the body',
      request: { ...echo, name: 'raw__pid' },
      status: 400,
      code: -32020,
    },
    {
      title: 'a foreign cursor',
      request: { ...listing, params: '"cursor":"abc"' },
      status: 200,
      code: -32602,
    },
    {
      title: 'an unsupported version',
      request: listing,
      headers: { 'mcp-protocol-version': '2031-01-01' },
      status: 400,
      code: -32020,
    },
    {
      title: 'capabilities that are no object',
      request: { ...listing, capabilities: '1' },
      status: 400,
      code: -32602,
    },
  ];
  for (const { title, request, headers = {}, status, code } of cases) {
    it(`say ${status} and ${code} to ${title}`, async () => {
      const answer = await postModern(omni.url, request, { headers });
      expect(answer.status).toBe(status);
      expect(errorOf(answer.messages[0])?.code).toBe(code);
    });
  }

  it('name the supported versions', async () => {
    const meta =
      '{"io.modelcontextprotocol/protocolVersion":"2031-01-01","io.modelcontextprotocol/clientCapabilities":{}}';
    const headers = { 'mcp-protocol-version': '2031-01-01', 'mcp-method': 'tools/list' };
    const answer = await post(
      omni.url,
      `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":${meta}}}`,
      { headers },
    );
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toMatchObject({
      error: { code: -32022, data: { requested: '2031-01-01' } },
    });
    expect(answer.text).toContain('2026-07-28');
  });

  it('say 404 to an unknown server', async () => {
    const answer = await postModern(`${omni.url}/absent`, listing);
    expect(answer.status).toBe(404);
    expect(errorOf(answer.text)?.omni).toBe('OMNI_SERVER_UNKNOWN');
  });

  it('pass the error of a server byte for byte', async () => {
    const answer = await postModern(omni.url, {
      ...echo,
      name: 'raw__fail',
      params: '"name":"raw__fail","arguments":{}',
    });
    expect(answer.text).toBe(
      '{"jsonrpc":"2.0","id":1,"error":{"code":-32042,"message":"failed on demand","data":{"big":9007199254740993}}}',
    );
  });
});
