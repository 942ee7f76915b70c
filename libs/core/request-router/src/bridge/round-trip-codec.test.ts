import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '@omni/ports';
import fc from 'fast-check';
import {
  FakeSession,
  messageOf,
  requestOf,
  RouterFixture,
  type RecordingReply,
  type ScriptedConnection,
} from '../router.fixture.ts';

const ALL =
  '{"sampling":{},"elicitation":{"form":{},"url":{}},"roots":{"listChanged":true},"tasks":{"x":1},"experimental":{"e":1.0},"extensions":{"io.modelcontextprotocol/tasks":{},"io.modelcontextprotocol/ui":{"n":1.0}}}';
const FORM = '{"method":"elicitation/create","params":{"mode":"form","n":1.0}}';

function open(
  method = 'tools/call',
  params = '{"name":"files__read","arguments":{"n":1.0}}',
  session = new FakeSession(ALL),
  passesRoots = true,
) {
  const fixture = new RouterFixture();
  const connection = fixture.connection('files', 'modern');
  connection.passesRoots = passesRoots;
  const routed = fixture.route(requestOf(method, params, '"c"'), session.client());
  return { fixture, connection, ...routed };
}

/** The server asks. @param requests - Members of `inputRequests`. */
function ask(connection: ScriptedConnection, requests: string, state = ''): void {
  const more = state === '' ? '' : `,"requestState":${state}`;
  connection.last.answer(`"result":{"resultType":"input_required","inputRequests":{${requests}}${more}}`);
}

function paramsOf(connection: ScriptedConnection): Record<string, unknown> {
  return JSON.parse(connection.last.params) as Record<string, unknown>;
}

function asked(reply: RecordingReply): unknown[] {
  return reply.serverRequests.map(([upstream, text]) => [upstream, JSON.parse(text) as unknown]);
}

describe('RoundTripCodec', () => {
  it('tells the server exactly what can be relayed for the client, and its log level', () => {
    const session = new FakeSession(ALL);
    session.level = 'warning';
    const { connection } = open('tools/call', '{"name":"files__read"}', session);
    const meta = paramsOf(connection)['_meta'] as Record<string, unknown>;
    expect(meta).toEqual({
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'test' },
      'io.modelcontextprotocol/logLevel': 'warning',
      'io.modelcontextprotocol/clientCapabilities': {
        sampling: {},
        elicitation: { form: {}, url: {} },
        roots: {},
        experimental: { e: 1 },
        extensions: { 'io.modelcontextprotocol/ui': { n: 1 } },
      },
    });
    expect(connection.last.params).toContain('{"io.modelcontextprotocol/ui":{"n":1.0}}');
  });

  it('says nothing of folders to a server that is not to hear of them, and asks the client for none', () => {
    const { connection, reply } = open('tools/call', '{"name":"files__read"}', new FakeSession(ALL), false);
    const meta = paramsOf(connection)['_meta'] as Record<string, Record<string, unknown>>;
    const told = meta['io.modelcontextprotocol/clientCapabilities'];
    expect(Object.keys(told ?? {})).toEqual(['sampling', 'elicitation', 'experimental', 'extensions']);
    ask(connection, '"k":{"method":"roots/list"}');
    expect(asked(reply)).toEqual([]);
    expect(reply.text).toBe('OMNI_UPSTREAM_PROTOCOL');
  });

  it('asks the client during its call and makes the call again with the answers and the exact state', () => {
    const { connection, reply } = open(
      'tools/call',
      '{"name":"files__read","arguments":{"n":1.0},"_meta":{"progressToken":"t"}}',
    );
    reply.replies = ['"result":{"action":"accept","content":{"n":1.0}}', '"result":{"roots":[ ]}'];
    ask(connection, `"k1":${FORM},"k2":{"method":"roots/list"}`, '"s\\u00e9"');
    expect(asked(reply)).toMatchObject([
      ['files', { method: 'elicitation/create', params: { mode: 'form', n: 1 } }],
      ['files', { method: 'roots/list' }],
    ]);
    expect(reply.serverRequests[0]?.[1]).toContain('"params":{"mode":"form","n":1.0}');
    expect(connection.sent).toHaveLength(2);
    expect(connection.last.progressToken).toBe('"t"');
    expect(connection.last.call.name).toBe('read');
    expect(connection.last.params).toContain(
      '"inputResponses":{"k1":{"action":"accept","content":{"n":1.0}},"k2":{"roots":[ ]}},"requestState":"s\\u00e9"',
    );
    expect(connection.last.params).toContain('"arguments":{"n":1.0}');
    connection.last.answer('"result":{"resultType":"complete","content":[]}');
    expect(reply.text).toBe('{"jsonrpc":"2.0","id":"c","result":{"content":[]}}');
  });

  it('sends each round under an id that was not used before', () => {
    const { connection } = open();
    for (let round = 0; round < 3; round++) ask(connection, `"k":${FORM}`, `"${round}"`);
    const ids = connection.sent.map(({ call }) => call.clientId);
    expect(ids[0]).toBe('"c"');
    expect(new Set(ids).size).toBe(4);
  });

  it('replaces answers and state in each round', () => {
    const { connection, reply } = open();
    ask(connection, `"a":${FORM}`, '"one"');
    ask(connection, `"b":${FORM}`);
    expect(paramsOf(connection)).toMatchObject({ name: 'read', inputResponses: { b: {} } });
    expect(paramsOf(connection)).not.toHaveProperty('requestState');
    expect(paramsOf(connection)).not.toHaveProperty('inputResponses.a');
    expect(reply.answers).toEqual([]);
  });

  it('gives a page that is to be visited the id that this era needs', () => {
    const { connection, reply } = open();
    ask(connection, '"k":{"method":"elicitation/create","params":{"mode":"url","url":"https://a/?b=%20"}}');
    expect(asked(reply)).toMatchObject([
      [
        'files',
        { params: { url: 'https://a/?b=%20', elicitationId: expect.stringMatching(/^[0-9a-f]{32}$/) } },
      ],
    ]);
  });

  // guard: rounds/pause
  it('waits a moment before a round that has nothing to ask', () => {
    const { connection, fixture } = open();
    connection.last.answer('"result":{"resultType":"input_required","requestState":"later"}');
    fixture.clock.advance(249);
    expect(connection.sent).toHaveLength(1);
    fixture.clock.advance(1);
    expect(connection.sent).toHaveLength(2);
    expect(paramsOf(connection)['requestState']).toBe('later');
    expect('inputResponses' in paramsOf(connection)).toBe(false);
  });

  // guard: rounds/count
  it('gives up after eight rounds', () => {
    const { connection, reply } = open();
    for (let round = 0; round < 9; round++) ask(connection, `"k":${FORM}`, `"${round}"`);
    expect(connection.sent).toHaveLength(9);
    expect(reply.json).toMatchObject({
      id: 'c',
      result: { isError: true, content: [{ text: '"files" still asks for input after 8 rounds' }] },
    });
  });

  it('says in the result of the tool that the client did not answer, and ends its other questions', () => {
    const { connection, reply } = open();
    reply.replies = [undefined, '"error":{"code":-1,"message":"no user here"}'];
    ask(connection, `"a":${FORM},"b":${FORM},"c":${FORM}`);
    expect(reply.json).toMatchObject({
      result: {
        isError: true,
        content: [{ text: 'The client did not answer what "files" asked: no user here' }],
      },
    });
    expect(connection.sent).toHaveLength(1);
    expect(reply.serverRequests).toHaveLength(2);
    expect(reply.signals[0]?.aborted).toBe(true);
    reply.pending[0]?.(messageOf('{"jsonrpc":"2.0","id":1,"result":{}}'));
    expect(connection.sent).toHaveLength(1);
    expect(reply.answers).toHaveLength(1);
  });

  it.each(['prompts/get', 'resources/read'])(
    'says in an error of %s that the client did not answer',
    (method) => {
      const { connection, reply } = open(method, '{"name":"files__x","uri":"file:///a"}');
      reply.replies = [undefined];
      ask(connection, `"a":${FORM}`);
      reply.pending[0]?.(new GatewayError('OMNI_CANCELLED', 'The client did not answer in time'));
      expect(reply.text).toBe('OMNI_INPUT_REQUIRED');
    },
  );

  // guard: rounds/capability
  it.each([
    ['a form', '{"elicitation":{"url":{}}}', FORM],
    ['a page', '{"elicitation":{}}', '{"method":"elicitation/create","params":{"mode":"url","url":"u"}}'],
    ['a sample', '{"elicitation":{}}', '{"method":"sampling/createMessage","params":{}}'],
    ['a sample with tools', '{"sampling":{}}', '{"method":"sampling/createMessage","params":{"tools":[]}}'],
    ['the roots', '{}', '{"method":"roots/list"}'],
    ['something else', ALL, '{"method":"ping"}'],
  ])('never asks a client for %s that it has not declared', (_what, capabilities, request) => {
    const { connection, reply } = open('tools/call', '{"name":"files__read"}', new FakeSession(capabilities));
    ask(connection, `"k":${request}`);
    expect(reply.serverRequests).toEqual([]);
    expect(reply.text).toBe('OMNI_UPSTREAM_PROTOCOL');
  });

  it.each(['"inputRequests":[]', '"requestState":1', '"x":1'])('does not take a malformed %s', (members) => {
    const { connection, reply } = open();
    connection.last.answer(`"result":{"resultType":"input_required",${members}}`);
    expect(reply.text).toBe('OMNI_UPSTREAM_PROTOCOL');
  });

  it('does not let other methods ask', () => {
    const { connection, reply } = open(
      'completion/complete',
      '{"ref":{"type":"ref/prompt","name":"files__x"}}',
    );
    ask(connection, `"k":${FORM}`);
    expect(reply.json).toMatchObject({ error: { data: { code: 'OMNI_UPSTREAM_ERA' } } });
  });

  it('ends the questions when the client cancels, and does not go on', () => {
    const { connection, reply, running, fixture } = open();
    reply.replies = [undefined];
    ask(connection, `"k":${FORM}`);
    running.cancel('enough');
    reply.pending[0]?.(messageOf('{"jsonrpc":"2.0","id":1,"result":{}}'));
    expect(reply.signals[0]?.aborted).toBe(true);
    expect(connection.sent).toHaveLength(1);
    expect(reply.answers).toEqual([]);
    expect(fixture.clock.pendingTimers).toBe(0);
  });

  it('ends the pause when the client cancels, and the round that runs', () => {
    const paused = open();
    paused.connection.last.answer('"result":{"resultType":"input_required","requestState":"later"}');
    paused.running.cancel();
    paused.fixture.clock.advance(1_000);
    expect(paused.connection.sent).toHaveLength(1);
    expect(paused.fixture.clock.pendingTimers).toBe(0);
    const running = open();
    ask(running.connection, `"k":${FORM}`);
    running.running.cancel('enough');
    expect(running.connection.sent[0]?.cancels).toEqual([]);
    expect(running.connection.last.cancels).toEqual(['enough']);
  });

  // guard: call/to-legacy, era/notifications
  it('passes notifications on, but none that only the other era knows', () => {
    const { connection, reply } = open('tools/call', '{"name":"files__read","_meta":{"progressToken":7}}');
    const notification = (method: string): string =>
      `{"jsonrpc":"2.0","method":"${method}","params":{"progressToken":7,"requestId":"omni-1"}}`;
    for (const method of [
      'notifications/progress',
      'notifications/cancelled',
      'notifications/tasks',
      'notifications/subscriptions/acknowledged',
      'notifications/vendor',
      'notifications/vendor/other',
    ]) {
      connection.last.notify(notification(method));
    }
    expect(reply.notifications).toEqual(
      ['notifications/progress', 'notifications/vendor', 'notifications/vendor/other'].map(notification),
    );
  });

  it('asks the next server when this one does not have the resource', () => {
    const fixture = new RouterFixture();
    fixture.views.owners = ['files', 'mail'];
    const [first, second] = [fixture.connection('files', 'modern'), fixture.connection('mail', 'legacy')];
    const { reply } = fixture.route(
      requestOf('resources/read', '{"uri":"file:///a"}'),
      new FakeSession().client(),
    );
    first.last.answer('"error":{"code":-32602,"message":"no"}');
    second.last.answer('"result":{"contents":[]}');
    expect(reply.json).toMatchObject({ result: { contents: [] } });
  });

  it('refuses requests of a server that mistakes the era', () => {
    const { connection } = open();
    const answers: unknown[] = [];
    connection.last.listener.onServerRequest(requestOf('roots/list'), (answer) => answers.push(answer));
    expect(answers).toMatchObject([{ code: 'OMNI_METHOD_UNKNOWN' }]);
  });

  it('carries every answer and every state byte for byte', () => {
    const value = fc
      .json({ noUnicodeString: false })
      .map((json) => `{"v" :${json},"n":1.0e2,"dup":{"a":1,"a":2}}`);
    const state = fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text).replaceAll('/', '\\/'));
    fc.assert(
      fc.property(
        value,
        state,
        fc.string().map((key) => JSON.stringify(key)),
        (answer, sealed, key) => {
          const { connection, reply } = open();
          reply.replies = [`"result":${answer}`];
          ask(connection, `${key}:${FORM}`, sealed);
          expect(connection.last.params).toContain(
            `"inputResponses":{${key}:${answer}},"requestState":${sealed},`,
          );
        },
      ),
      { numRuns: 200 },
    );
  });
});
