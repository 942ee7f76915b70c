import { describe, expect, it } from '@jest/globals';
import { parseMessage, resultText, type RpcMessage } from '@omni/jsonrpc';
import {
  type CallHandler,
  callParams,
  DeferredEnd,
  type UpstreamCall,
  type UpstreamConnection,
} from '@omni/model';
import { type Era, GatewayError } from '@omni/ports';
import { readCatalogue } from './catalogue-reader.ts';

const IDENTITY = { name: 'omni', version: '1.2.3' };
const LIMITS = { maxDepth: 512, maxElements: 1_000_000 };
const ALL = '{"tools":{},"resources":{},"prompts":{}}';

function message(text: string): RpcMessage {
  const parsed = parseMessage(text, LIMITS);
  if (parsed.kind !== 'response') throw new TypeError('a script must answer with a response');
  return parsed;
}

/** What a script says to one request: a result as JSON, an error, or bytes. */
type Reply = string | { readonly error: string } | GatewayError | Uint8Array;

interface ScriptedConnection extends UpstreamConnection {
  /** `method params`, in order. */
  readonly requests: string[];
}

interface Script {
  readonly handshake?: string;
  readonly era?: Era;
  readonly reply: (method: string, page: number) => Reply;
  /** Called before each reply. */
  readonly before?: (listener: CallHandler) => void;
}

function connectionOf({
  handshake = `{"capabilities":${ALL}}`,
  era = 'legacy',
  reply,
  before,
}: Script): ScriptedConnection {
  const requests: string[] = [];
  const pages = new Map<string, number>();
  return {
    upstream: 'fs',
    era,
    keepsClientId: false,
    binding: undefined,
    handshake: message(resultText('1', handshake)),
    requests,
    notify() {},
    send(call: UpstreamCall, listener: CallHandler) {
      requests.push(`${call.method} ${callParams(call)}`.trim());
      const page = pages.get(call.method) ?? 0;
      pages.set(call.method, page + 1);
      before?.(listener);
      const answer = reply(call.method, page);
      return new DeferredEnd(() => {
        if (answer instanceof GatewayError) listener.onFailure(answer, 'sent');
        else if (answer instanceof Uint8Array)
          listener.onAnswer({ kind: 'bytes', bytes: answer, status: 200 });
        else if (typeof answer === 'string')
          listener.onAnswer({ kind: 'message', message: message(resultText('1', answer)), status: 200 });
        else
          listener.onAnswer({
            kind: 'message',
            message: message(`{"jsonrpc":"2.0","id":1,"error":${answer.error}}`),
            status: 200,
          });
      });
    },
  };
}

const toolText = (name: string): string => `{"name":${JSON.stringify(name)},"inputSchema":{"type":"object"}}`;
const toolsOnly = (reply: (page: number) => Reply, era: Era = 'legacy'): ScriptedConnection =>
  connectionOf({ handshake: '{"capabilities":{"tools":{}}}', era, reply: (_, page) => reply(page) });

describe('readCatalogue', () => {
  // guard: walk/undeclared
  it('reads what the handshake declares and asks for nothing else', async () => {
    const connection = connectionOf({
      handshake:
        '{"capabilities":{"resources":{"x":1.0}},"instructions":"Be \\u006bind.","serverInfo":{"name":"n"}}',
      reply: (method) =>
        method === 'resources/list'
          ? '{"resources":[{"uri":"a:b","name":"n"}]}'
          : '{"resourceTemplates":[{"uriTemplate":"a:{b}","name":"n"}]}',
    });
    const catalogue = await readCatalogue(connection, { identity: IDENTITY });
    expect(connection.requests).toEqual(['resources/list', 'resources/templates/list']);
    expect(catalogue).toMatchObject({
      upstream: 'fs',
      era: 'legacy',
      capabilities: '{"resources":{"x":1.0}}',
      instructions: 'Be kind.',
      serverInfo: '{"name":"n"}',
      tools: { items: [] },
      resources: { items: [{ key: 'a:b', text: '{"uri":"a:b","name":"n"}' }] },
      templates: { items: [{ key: 'a:{b}' }] },
      withheld: [],
    });
  });

  it.each<[string, Reply, string | undefined]>([
    [
      'lists tools',
      '{"tools":[{"name":"a","inputSchema":{"type":"object"}},7],"nextCursor":"x"}',
      'the server lists 2 tools, but does not declare "tools" in its capabilities',
    ],
    ['lists none', '{"tools":[]}', undefined],
    ['knows no lists', { error: '{"code":-32601,"message":"?"}' }, undefined],
    ['fails', new GatewayError('OMNI_UPSTREAM_TIMEOUT', 'silent'), undefined],
  ])('asks a server that declares no list for its tools, once, and warns when it %s', async (...row) => {
    const [, reply, told] = row;
    const connection = connectionOf({ handshake: '{"capabilities":{"logging":{}}}', reply: () => reply });
    const { tools } = await readCatalogue(connection, { identity: IDENTITY });
    expect(connection.requests).toEqual(['tools/list']);
    expect(tools).toMatchObject({ items: [], problem: undefined });
    if (told === undefined) expect(tools.partial).toBeUndefined();
    else expect(tools.partial).toContain(told);
  });

  it('sends the envelope of the modern era with every page, and reads what results say there', async () => {
    const connection = connectionOf({
      era: 'modern',
      handshake: '{"capabilities":{"tools":{}},"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"m"}}}',
      reply: (_, page) =>
        page === 0
          ? `{"resultType":"complete","tools":[],"nextCursor":"a\\u0062","ttlMs":9}`
          : '{"tools":[],"ttlMs":5}',
    });
    const catalogue = await readCatalogue(connection, { identity: IDENTITY });
    const meta =
      '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"omni","version":"1.2.3"}}';
    expect(connection.requests).toEqual([`tools/list {${meta}}`, `tools/list {"cursor":"a\\u0062",${meta}}`]);
    expect(catalogue.serverInfo).toBe('{"name":"m"}');
    expect(catalogue.tools.ttlMs).toBe(5);
  });

  it('tells a modern upstream what the clients declare that the lists are for', async () => {
    const connection = toolsOnly(() => '{"tools":[]}', 'modern');
    await readCatalogue(connection, { identity: IDENTITY, capabilities: '{"roots":{ }}' });
    expect(connection.requests[0]).toContain('"io.modelcontextprotocol/clientCapabilities":{"roots":{ }},');
  });

  it('follows the empty cursor and ends where none comes', async () => {
    const connection = toolsOnly(
      (page) =>
        `{"tools":[${toolText(`t${page}`)}]${page === 0 ? ',"nextCursor":""' : ',"nextCursor":null'}}`,
    );
    const { tools } = await readCatalogue(connection, { identity: IDENTITY });
    expect(connection.requests).toEqual(['tools/list', 'tools/list {"cursor":""}']);
    expect(tools).toMatchObject({ items: [{ key: 't0' }, { key: 't1' }], partial: undefined });
  });

  // guard: walk/same-cursor, walk/cursor-length
  it.each<[string, Reply[], string]>([
    [
      'a cursor that comes again (A, B, A)',
      ['"A"', '"B"', '"A"'].map((cursor, n) => `{"tools":[${toolText(`t${n}`)}],"nextCursor":${cursor}}`),
      'the same cursor came twice',
    ],
    [
      'a cursor of 1 MB',
      [`{"tools":[${toolText('t')}],"nextCursor":"${'x'.repeat(1_000_000)}"}`],
      'a cursor longer than 8192 characters',
    ],
    [
      'an error on the second page',
      [`{"tools":[${toolText('t')}],"nextCursor":"A"}`, { error: '{"code":-32603,"message":"no\\nway"}' }],
      'page 2: error -32603: no?way',
    ],
  ])('keeps what came before %s', async (_, replies, partial) => {
    const { tools } = await readCatalogue(
      toolsOnly((page) => replies[page] ?? '{}'),
      { identity: IDENTITY },
    );
    expect(tools.partial).toBe(partial);
    expect(tools.items.length).toBeGreaterThan(0);
    expect(tools.problem).toBeUndefined();
  });

  // guard: walk/pages
  it('stops at 1,000 pages of ever new cursors', async () => {
    const connection = toolsOnly((page) => `{"tools":[],"nextCursor":"${page}"}`);
    expect((await readCatalogue(connection, { identity: IDENTITY })).tools.partial).toBe(
      'more than 1000 pages',
    );
    expect(connection.requests).toHaveLength(1_000);
  });

  // guard: walk/items
  it('stops at 20,000 items', async () => {
    const page = Array.from({ length: 20_001 }, (_, index) => toolText(`t${index}`)).join(',');
    const { tools } = await readCatalogue(
      toolsOnly(() => `{"tools":[${page}]}`),
      { identity: IDENTITY },
    );
    expect(tools).toMatchObject({ partial: 'more than 20000 items', items: { length: 20_000 } });
  });

  // guard: walk/room
  it('stops where there is no room for more, says what can be done, and reads the other lists', async () => {
    const connection = connectionOf({
      reply: (method, page) =>
        method === 'tools/list'
          ? `{"tools":[${toolText('x'.repeat(200) + String(page))}],"nextCursor":"${page}"}`
          : '{"prompts":[{"name":"p"}]}',
    });
    const held: Record<string, number> = {};
    const { tools, prompts } = await readCatalogue(connection, {
      identity: IDENTITY,
      room: {
        hold(kind, bytes) {
          if (bytes > 10_000) return false;
          held[kind] = bytes;
          return true;
        },
      },
    });
    expect(tools.partial).toContain('limits.maxListBytes');
    expect(tools.items.length).toBeGreaterThan(2);
    expect(tools.bytes).toBeLessThanOrEqual(held['tools'] ?? 0);
    expect(tools.bytes).toBeGreaterThan(5_000);
    expect(connection.requests.length).toBeLessThan(20);
    expect(prompts).toMatchObject({ items: [{ key: 'p' }], partial: undefined });
  });

  it('counts two bytes for each character of a page that has one outside ISO 8859-1, and what is made of tools', async () => {
    const bytesOf = async (tool: string): Promise<number> => {
      const { tools } = await readCatalogue(
        toolsOnly(() => `{"tools":[${tool}]}`),
        { identity: IDENTITY },
      );
      expect(tools.items).toHaveLength(1);
      return tools.bytes;
    };
    const text = (letter: string): string =>
      `{"name":"t","description":"${letter.repeat(50_000)}","inputSchema":{"type":"object"}}`;
    const narrow = await bytesOf(text('x'));
    expect(await bytesOf(text('я'))).toBeGreaterThan(2 * narrow - 5_000);
    // Its type is added, in a text of its own.
    expect(await bytesOf(text('x').replace('"type":"object"', ''))).toBeGreaterThan(2 * narrow - 5_000);
  });

  it('reads the other lists when one fails', async () => {
    const connection = connectionOf({
      reply(method) {
        if (method === 'tools/list') return new GatewayError('OMNI_UPSTREAM_TIMEOUT', 'too slow');
        if (method === 'resources/list') return { error: '{"code":-32601,"message":"no"}' };
        return method === 'prompts/list' ? '{"prompts":[{"name":"p"}]}' : '{"resourceTemplates":{}}';
      },
    });
    expect(await readCatalogue(connection, { identity: IDENTITY })).toMatchObject({
      tools: { items: [], problem: 'too slow' },
      resources: { items: [], problem: undefined },
      templates: { items: [], problem: 'the answer has no array "resourceTemplates"' },
      prompts: { items: [{ key: 'p' }], problem: undefined },
    });
  });

  it.each<[string, Reply]>([
    ['another kind of result', '{"resultType":"input_required","tools":[]}'],
    ['null', 'null'],
    ['bytes that are no UTF-8', new Uint8Array([0xff])],
    ['bytes that are no message', new TextEncoder().encode('[]')],
  ])('tells the problem of a list that is %s', async (_, reply) => {
    expect(
      (
        await readCatalogue(
          toolsOnly(() => reply),
          { identity: IDENTITY },
        )
      ).tools.problem,
    ).toEqual(expect.any(String));
  });

  it('reads answers that come as bytes', async () => {
    const bytes = new TextEncoder().encode(resultText('1', `{"tools":[${toolText('ä')}]}`));
    expect(
      (
        await readCatalogue(
          toolsOnly(() => bytes),
          { identity: IDENTITY },
        )
      ).tools.items,
    ).toMatchObject([{ key: 'ä' }]);
  });

  // guard: item/twin
  it('withholds malformed items and twins alone, with reasons [PROTO-R20]', async () => {
    const connection = toolsOnly(
      () => `{"tools":[${toolText('a')},7,${toolText('a')},{"name":"b"},${toolText('c')}]}`,
    );
    const { tools, withheld } = await readCatalogue(connection, { identity: IDENTITY });
    expect(tools.items.map(({ key }) => key)).toEqual(['a', 'c']);
    expect(withheld).toEqual([
      { list: 'tools', key: '#2', reason: 'it is not an object' },
      { list: 'tools', key: 'a', reason: 'the same key is listed before' },
      { list: 'tools', key: 'b', reason: 'inputSchema is missing' },
    ]);
  });

  // guard: item/withheld-count
  it('keeps a thousand reasons of a server that sends only rubbish', async () => {
    const connection = toolsOnly(() => `{"tools":[${Array.from({ length: 1_500 }, () => '7').join(',')}]}`);
    expect((await readCatalogue(connection, { identity: IDENTITY })).withheld).toHaveLength(1_000);
  });

  it('declines what the upstream asks meanwhile', async () => {
    const answers: unknown[] = [];
    const request = parseMessage('{"jsonrpc":"2.0","id":7,"method":"roots/list"}', LIMITS);
    const connection = connectionOf({
      handshake: '{"capabilities":{"tools":{}}}',
      before(listener) {
        if (request.kind === 'request') listener.onServerRequest(request, (answer) => answers.push(answer));
      },
      reply: () => '{"tools":[]}',
    });
    await readCatalogue(connection, { identity: IDENTITY });
    expect(answers).toMatchObject([{ code: 'OMNI_METHOD_UNKNOWN' }]);
  });

  it.each([
    '{}',
    '{"capabilities":null}',
    '{"capabilities":[]}',
    '{"capabilities":{"tools":{},"tools":{}}}',
    '{"capabilities":{"tools":null}}',
  ])('takes nothing of a server that says %s, and warns of what it lists', async (handshake) => {
    const connection = connectionOf({ handshake, reply: () => '{"tools":[{"name":"a","inputSchema":{}}]}' });
    const { tools } = await readCatalogue(connection, { identity: IDENTITY });
    expect(connection.requests).toEqual(['tools/list']);
    expect(tools).toMatchObject({ items: [], partial: expect.stringContaining('lists 1 tools') });
  });

  it('leaves out of the capabilities what a server says it does not have [PROTO-R20]', async () => {
    const connection = connectionOf({
      handshake:
        '{"capabilities":{"logging":null,"prompts":null,"resources":{"subscribe":null,"listChanged":true},"experimental":{"x":null}}}',
      reply: () => '{"resources":[],"resourceTemplates":[]}',
    });
    const { capabilities } = await readCatalogue(connection, { identity: IDENTITY });
    expect(capabilities).toBe('{"resources":{"listChanged":true},"experimental":{"x":null}}');
  });
});
