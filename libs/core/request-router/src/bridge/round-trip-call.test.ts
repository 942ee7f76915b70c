import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '@omni/ports';
import fc from 'fast-check';
import { FakeSession, messageOf, requestOf, RouterFixture, type RecordingReply, type ScriptedLink } from '../router.fixture.ts';

const ALL =
  '{"sampling":{},"elicitation":{"form":{},"url":{}},"roots":{"listChanged":true},"tasks":{"x":1},"experimental":{"e":1.0},"extensions":{"io.modelcontextprotocol/tasks":{},"io.modelcontextprotocol/ui":{"n":1.0}}}';
const FORM = '{"method":"elicitation/create","params":{"mode":"form","n":1.0}}';

function open(method = 'tools/call', params = '{"name":"files__read","arguments":{"n":1.0}}', session = new FakeSession(ALL)) {
  const fixture = new RouterFixture();
  const link = fixture.link('files', 'modern');
  const routed = fixture.route(requestOf(method, params, '"c"'), session.client());
  return { fixture, link, ...routed };
}

/** The server asks. @param requests - Members of `inputRequests`. */
function ask(link: ScriptedLink, requests: string, state = ''): void {
  const more = state === '' ? '' : `,"requestState":${state}`;
  link.last.answer(`"result":{"resultType":"input_required","inputRequests":{${requests}}${more}}`);
}

function paramsOf(link: ScriptedLink): Record<string, unknown> {
  return JSON.parse(link.last.params) as Record<string, unknown>;
}

function asked(reply: RecordingReply): unknown[] {
  return reply.questions.map(([upstream, text]) => [upstream, JSON.parse(text) as unknown]);
}

describe('RoundTripCall', () => {
  it('tells the server exactly what can be relayed for the client, and its log level', () => {
    const session = new FakeSession(ALL);
    session.level = 'warning';
    const { link } = open('tools/call', '{"name":"files__read"}', session);
    const meta = paramsOf(link)['_meta'] as Record<string, unknown>;
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
    expect(link.last.params).toContain('{"io.modelcontextprotocol/ui":{"n":1.0}}');
  });

  it('asks the client during its call and makes the call again with the answers and the exact state', () => {
    const { link, reply } = open('tools/call', '{"name":"files__read","arguments":{"n":1.0},"_meta":{"progressToken":"t"}}');
    reply.replies = ['"result":{"action":"accept","content":{"n":1.0}}', '"result":{"roots":[ ]}'];
    ask(link, `"k1":${FORM},"k2":{"method":"roots/list"}`, '"s\\u00e9"');
    expect(asked(reply)).toMatchObject([
      ['files', { method: 'elicitation/create', params: { mode: 'form', n: 1 } }],
      ['files', { method: 'roots/list' }],
    ]);
    expect(reply.questions[0]?.[1]).toContain('"params":{"mode":"form","n":1.0}');
    expect([link.sent.length, link.last.progressToken, link.last.call.name]).toEqual([2, '"t"', 'read']);
    expect(link.last.params).toContain(
      '"inputResponses":{"k1":{"action":"accept","content":{"n":1.0}},"k2":{"roots":[ ]}},"requestState":"s\\u00e9"',
    );
    expect(link.last.params).toContain('"arguments":{"n":1.0}');
    link.last.answer('"result":{"resultType":"complete","content":[]}');
    expect(reply.text).toBe('{"jsonrpc":"2.0","id":"c","result":{"content":[]}}');
  });

  it('sends each round under an id that was not used before', () => {
    const { link } = open();
    for (let round = 0; round < 3; round++) ask(link, `"k":${FORM}`, `"${round}"`);
    const ids = link.sent.map(({ call }) => call.clientId);
    expect([ids[0], new Set(ids).size]).toEqual(['"c"', 4]);
  });

  it('replaces answers and state in each round', () => {
    const { link, reply } = open();
    ask(link, `"a":${FORM}`, '"one"');
    ask(link, `"b":${FORM}`);
    expect(paramsOf(link)).toMatchObject({ name: 'read', inputResponses: { b: {} } });
    expect(paramsOf(link)).not.toHaveProperty('requestState');
    expect(paramsOf(link)).not.toHaveProperty('inputResponses.a');
    expect(reply.answers).toEqual([]);
  });

  it('gives a page that is to be visited the id that this era needs', () => {
    const { link, reply } = open();
    ask(link, '"k":{"method":"elicitation/create","params":{"mode":"url","url":"https://a/?b=%20"}}');
    expect(asked(reply)).toMatchObject([
      ['files', { params: { url: 'https://a/?b=%20', elicitationId: expect.stringMatching(/^[0-9a-f]{32}$/) } }],
    ]);
  });

  it('waits a moment before a round that has nothing to ask', () => {
    const { link, fixture } = open();
    link.last.answer('"result":{"resultType":"input_required","requestState":"later"}');
    fixture.clock.advance(249);
    expect(link.sent).toHaveLength(1);
    fixture.clock.advance(1);
    expect([link.sent.length, paramsOf(link)['requestState'], 'inputResponses' in paramsOf(link)]).toEqual([2, 'later', false]);
  });

  it('gives up after eight rounds', () => {
    const { link, reply } = open();
    for (let round = 0; round < 9; round++) ask(link, `"k":${FORM}`, `"${round}"`);
    expect(link.sent).toHaveLength(9);
    expect(reply.json).toMatchObject({
      id: 'c',
      result: { isError: true, content: [{ text: '"files" still asks for input after 8 rounds' }] },
    });
  });

  it('says in the result of the tool that the client did not answer, and ends its other questions', () => {
    const { link, reply } = open();
    reply.replies = [undefined, '"error":{"code":-1,"message":"no user here"}'];
    ask(link, `"a":${FORM},"b":${FORM},"c":${FORM}`);
    expect(reply.json).toMatchObject({
      result: { isError: true, content: [{ text: 'The client did not answer what "files" asked: no user here' }] },
    });
    expect([link.sent.length, reply.questions.length, reply.signals[0]?.aborted]).toEqual([1, 2, true]);
    reply.pending[0]?.(messageOf('{"jsonrpc":"2.0","id":1,"result":{}}'));
    expect([link.sent.length, reply.answers.length]).toEqual([1, 1]);
  });

  it.each(['prompts/get', 'resources/read'])('says in an error of %s that the client did not answer', (method) => {
    const { link, reply } = open(method, '{"name":"files__x","uri":"file:///a"}');
    reply.replies = [undefined];
    ask(link, `"a":${FORM}`);
    reply.pending[0]?.(new GatewayError('OMNI_CANCELLED', 'The client did not answer in time'));
    expect(reply.text).toBe('OMNI_INPUT_REQUIRED');
  });

  it.each([
    ['a form', '{"elicitation":{"url":{}}}', FORM],
    ['a page', '{"elicitation":{}}', '{"method":"elicitation/create","params":{"mode":"url","url":"u"}}'],
    ['a sample', '{"elicitation":{}}', '{"method":"sampling/createMessage","params":{}}'],
    ['a sample with tools', '{"sampling":{}}', '{"method":"sampling/createMessage","params":{"tools":[]}}'],
    ['the roots', '{}', '{"method":"roots/list"}'],
    ['something else', ALL, '{"method":"ping"}'],
  ])('never asks a client for %s that it has not declared', (_what, capabilities, request) => {
    const { link, reply } = open('tools/call', '{"name":"files__read"}', new FakeSession(capabilities));
    ask(link, `"k":${request}`);
    expect([reply.questions, reply.text]).toEqual([[], 'OMNI_UPSTREAM_PROTOCOL']);
  });

  it.each(['"inputRequests":[]', '"requestState":1', '"x":1'])('does not take a malformed %s', (members) => {
    const { link, reply } = open();
    link.last.answer(`"result":{"resultType":"input_required",${members}}`);
    expect(reply.text).toBe('OMNI_UPSTREAM_PROTOCOL');
  });

  it('does not let other methods ask', () => {
    const { link, reply } = open('completion/complete', '{"ref":{"type":"ref/prompt","name":"files__x"}}');
    ask(link, `"k":${FORM}`);
    expect(reply.json).toMatchObject({ error: { data: { code: 'OMNI_UPSTREAM_ERA' } } });
  });

  it('ends the questions when the client cancels, and does not go on', () => {
    const { link, reply, running, fixture } = open();
    reply.replies = [undefined];
    ask(link, `"k":${FORM}`);
    running.cancel('enough');
    reply.pending[0]?.(messageOf('{"jsonrpc":"2.0","id":1,"result":{}}'));
    expect([reply.signals[0]?.aborted, link.sent.length, reply.answers, fixture.clock.pendingTimers]).toEqual([true, 1, [], 0]);
  });

  it('ends the pause when the client cancels, and the round that runs', () => {
    const paused = open();
    paused.link.last.answer('"result":{"resultType":"input_required","requestState":"later"}');
    paused.running.cancel();
    paused.fixture.clock.advance(1_000);
    expect([paused.link.sent.length, paused.fixture.clock.pendingTimers]).toEqual([1, 0]);
    const running = open();
    ask(running.link, `"k":${FORM}`);
    running.running.cancel('enough');
    expect([running.link.sent[0]?.cancels, running.link.last.cancels]).toEqual([[], ['enough']]);
  });

  it('passes notifications on, but none that only the other era knows', () => {
    const { link, reply } = open('tools/call', '{"name":"files__read","_meta":{"progressToken":7}}');
    const notice = (method: string): string => `{"jsonrpc":"2.0","method":"${method}","params":{"progressToken":7,"requestId":"omni-1"}}`;
    for (const method of [
      'notifications/progress',
      'notifications/cancelled',
      'notifications/tasks',
      'notifications/subscriptions/acknowledged',
      'notifications/vendor',
      'notifications/message',
    ]) {
      link.last.notify(notice(method));
    }
    expect(reply.notices).toEqual(['notifications/progress', 'notifications/vendor', 'notifications/message'].map(notice));
  });

  it('asks the next server when this one does not have the resource', () => {
    const fixture = new RouterFixture();
    fixture.catalogue.owners = ['files', 'mail'];
    const [first, second] = [fixture.link('files', 'modern'), fixture.link('mail', 'legacy')];
    const { reply } = fixture.route(requestOf('resources/read', '{"uri":"file:///a"}'), new FakeSession().client());
    first.last.answer('"error":{"code":-32602,"message":"no"}');
    second.last.answer('"result":{"contents":[]}');
    expect(reply.json).toMatchObject({ result: { contents: [] } });
  });

  it('refuses requests of a server that mistakes the era', () => {
    const { link } = open();
    const answers: unknown[] = [];
    link.last.listener.onServerRequest(requestOf('roots/list'), (answer) => answers.push(answer));
    expect(answers).toMatchObject([{ code: 'OMNI_METHOD_UNKNOWN' }]);
  });

  it('carries every answer and every state byte for byte', () => {
    const value = fc.json({ noUnicodeString: false }).map((json) => `{"v" :${json},"n":1.0e2,"dup":{"a":1,"a":2}}`);
    const state = fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text).replaceAll('/', '\\/'));
    fc.assert(
      fc.property(
        value,
        state,
        fc.string().map((key) => JSON.stringify(key)),
        (answer, sealed, key) => {
          const { link, reply } = open();
          reply.replies = [`"result":${answer}`];
          ask(link, `${key}:${FORM}`, sealed);
          expect(link.last.params).toContain(`"inputResponses":{${key}:${answer}},"requestState":${sealed},`);
        },
      ),
      { numRuns: 200 },
    );
  });
});
