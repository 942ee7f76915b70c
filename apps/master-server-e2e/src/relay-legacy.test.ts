import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  CallToolResultSchema,
  ElicitationCompleteNotificationSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { endEverything } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import { connectSdk1, createSdk1Client, type Sdk1Client } from './harness/sdk-clients.ts';
import { startOmni, type Omni } from './harness/start-omni.ts';
import { startServer } from './harness/start-server.ts';
import { sdk1Entry, SDK1_HTTP } from './harness/upstream-entries.ts';

const NOTE = 'test://note';
let omni: Omni;

beforeAll(async () => {
  const http = await startServer(SDK1_HTTP);
  omni = await startOmni({
    mcpServers: { stdio: sdk1Entry(), http: { type: 'http', url: http.url, roots: 'pass' } },
  });
  await omni.ready();
}, 60_000);

afterAll(endEverything, 30_000);

async function call(
  client: Sdk1Client,
  name: string,
  args: Record<string, unknown> = {},
): Promise<string | undefined> {
  const { content } = CallToolResultSchema.parse(await client.callTool({ name, arguments: args }));
  return content[0]?.type === 'text' ? content[0].text : undefined;
}

/** The same tests for both transports of the server, over both kinds of endpoint. */
const LEGS = [
  { upstream: 'stdio', path: '/mcp', prefix: 'stdio__' },
  { upstream: 'http', path: '/mcp', prefix: 'http__' },
  { upstream: 'stdio', path: '/mcp/stdio', prefix: '' },
  { upstream: 'http', path: '/mcp/http', prefix: '' },
] as const;

for (const { upstream, path, prefix } of LEGS) {
  describe(`a client on SDK 1.x and a server on SDK 1.x over ${upstream} through ${path} [X004-14]`, () => {
    let client: Sdk1Client;
    const asked: string[] = [];
    const open = (): Promise<Sdk1Client> => connectSdk1(omni.origin + path, createSdk1Client(asked));

    beforeAll(async () => {
      client = await open();
    });

    it('see tools, prompts, resources and templates [S003-PH-08]', async () => {
      const tools = (await client.listTools()).tools.map(({ name }) => name);
      expect(tools).toEqual(expect.arrayContaining([`${prefix}add`, `${prefix}ask_url`]));
      expect(tools).not.toContain(`${prefix}extra`);
      expect((await client.listPrompts()).prompts.map(({ name }) => name)).toContain(`${prefix}greet`);
      expect((await client.listResources()).resources.map(({ uri }) => uri)).toContain(NOTE);
      expect(
        (await client.listResourceTemplates()).resourceTemplates.map(({ uriTemplate }) => uriTemplate),
      ).toContain('test://note/{id}');
    });

    it('exchange structured content', async () => {
      expect(await client.callTool({ name: `${prefix}add`, arguments: { a: 2, b: 3 } })).toMatchObject({
        content: [{ type: 'text', text: '5' }],
        structuredContent: { sum: 5 },
      });
    });

    it('tell a failed tool from a failed request', async () => {
      expect(await client.callTool({ name: `${prefix}fail` })).toMatchObject({ isError: true });
      await expect(client.readResource({ uri: 'test://nowhere' })).rejects.toMatchObject({ code: -32602 });
      await expect(client.callTool({ name: `${prefix}absent` })).rejects.toMatchObject({ code: -32602 });
    });

    it('keep the order of progress and lose none, not even the last', async () => {
      const seen: string[] = [];
      const onprogress = ({
        progress,
        total,
        message,
      }: {
        progress: number;
        total?: number | undefined;
        message?: string | undefined;
      }): void => void seen.push(`${progress}/${total} ${message}`);
      const name = `${prefix}count`;
      expect(
        await client.callTool({ name, arguments: { steps: 20 } }, undefined, { onprogress }),
      ).toMatchObject({
        content: [{ text: 'Counted to 20.' }],
      });
      expect(seen).toEqual(Array.from({ length: 20 }, (_, step) => `${step + 1}/20 step ${step + 1}`));
    });

    it('cancel a call, which the server is told', async () => {
      const before = Number(await call(client, `${prefix}cancelled`));
      const abort = new AbortController();
      const waiting = client.callTool({ name: `${prefix}wait` }, undefined, { signal: abort.signal });
      const outcome = waiting.then(
        () => 'answered',
        () => 'cancelled',
      );
      await eventually('the call runs', async () => (await inFlight()) >= 1);
      abort.abort('enough');
      expect(await outcome).toBe('cancelled');
      await eventually(
        'the server knows',
        async () => Number(await call(client, `${prefix}cancelled`)) === before + 1,
      );
    });

    it('pass log messages of the level that was asked for', async () => {
      const own = await open();
      const levels: string[] = [];
      own.setNotificationHandler(
        LoggingMessageNotificationSchema,
        ({ params }) => void levels.push(params.level),
      );
      await call(own, `${prefix}log`);
      expect(levels).toEqual(['debug', 'info', 'error']);
      await own.setLoggingLevel('warning');
      await call(own, `${prefix}log`);
      expect(levels).toEqual(['debug', 'info', 'error', 'error']);
    });

    it('let the server ask for a sample, a form, a URL and the roots', async () => {
      asked.length = 0;
      const completed: string[] = [];
      client.setNotificationHandler(
        ElicitationCompleteNotificationSchema,
        ({ params }) => void completed.push(params.elicitationId),
      );
      expect(await call(client, `${prefix}ask_sample`)).toBe('{"type":"text","text":"Hello!"}');
      expect(await call(client, `${prefix}ask_form`)).toBe('accept {"name":"Ada"}');
      expect(await call(client, `${prefix}ask_url`)).toBe('accept');
      expect(await call(client, `${prefix}ask_roots`)).toBe('file:///work');
      expect(asked).toEqual(['sampling', 'elicitation form', 'elicitation url', 'roots']);
      expect(completed).toEqual(['e-1']);
    });

    it('complete arguments of prompts and of resource templates', async () => {
      const prompt = await client.complete({
        ref: { type: 'ref/prompt', name: `${prefix}greet` },
        argument: { name: 'who', value: 'A' },
      });
      expect(prompt.completion.values).toEqual(['Ada', 'Alan']);
      const resource = await client.complete({
        ref: { type: 'ref/resource', uri: 'test://note/{id}' },
        argument: { name: 'id', value: 't' },
      });
      expect(resource.completion.values).toEqual(['two', 'three']);
    });

    it('get prompts and resources', async () => {
      const prompt = await client.getPrompt({ name: `${prefix}greet`, arguments: { who: 'Ada' } });
      expect(prompt.messages).toEqual([{ role: 'user', content: { type: 'text', text: 'Hello, Ada!' } }]);
      expect((await client.readResource({ uri: 'test://note/seven' })).contents).toEqual([
        { uri: 'test://note/seven', text: 'Note seven' },
      ]);
    });

    it('hear of a changed tool list', async () => {
      const own = await open();
      let changes = 0;
      own.setNotificationHandler(ToolListChangedNotificationSchema, () => void changes++);
      const was = (await own.listTools()).tools.some(({ name }) => name === `${prefix}extra`);
      // A server over HTTP tells those only who listen already: the instance of this client does once it has
      // answered a call.
      await own.callTool({ name: `${prefix}add`, arguments: { a: 1, b: 2 } });
      await own.callTool({ name: `${prefix}toggle` });
      await eventually('the change is announced', () => changes > 0);
      expect((await own.listTools()).tools.some(({ name }) => name === `${prefix}extra`)).toBe(!was);
      await own.callTool({ name: `${prefix}toggle` });
      await eventually('the change back is announced', () => changes > 1);
    });

    it('answer a ping and end a session', async () => {
      const own = await open();
      await expect(own.ping()).resolves.toEqual({});
      await own.close();
      await expect(client.ping()).resolves.toEqual({});
    });
  });
}

describe('resource subscriptions of the legacy era', () => {
  for (const upstream of ['stdio', 'http']) {
    it(`bring updates from a server over ${upstream} until they are cancelled`, async () => {
      const client = await connectSdk1(`${omni.origin}/mcp/${upstream}`, createSdk1Client());
      const updated: string[] = [];
      client.setNotificationHandler(
        ResourceUpdatedNotificationSchema,
        ({ params }) => void updated.push(params.uri),
      );
      await client.subscribeResource({ uri: NOTE });
      const version = await call(client, 'touch');
      await eventually('the update', () => updated.length === 1);
      expect(await client.readResource({ uri: NOTE })).toMatchObject({
        contents: [{ text: `Version ${version}` }],
      });
      await client.unsubscribeResource({ uri: NOTE });
      await call(client, 'touch');
      await client.ping();
      expect(updated).toEqual([NOTE]);
    });
  }
});

async function inFlight(): Promise<number> {
  const response = await fetch(`${omni.origin}/health/ready`);
  // The health document of Omni.
  const { details } = (await response.json()) as { details: Record<string, { inFlight?: number }> };
  return details['protocol']?.inFlight ?? 0;
}
