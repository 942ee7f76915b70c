import { describe, expect, it } from '@jest/globals';
import type { ClientContext } from '@omni/model';
import { GatewayError } from '@omni/ports';
import fc from 'fast-check';
import {
  clientOf,
  FakeSession,
  messageOf,
  requestOf,
  RouterFixture,
  type RecordingReply,
  type ScriptedConnection,
} from '../router.fixture.ts';
import { PARK_MS } from './parked-calls.ts';

const ALL = '{"sampling":{},"elicitation":{"form":{},"url":{}},"roots":{}}';
const CLIENT: ClientContext = { ...clientOf('modern'), capabilities: ALL };
const CALL = '"name":"files__read","arguments":{"n":1.0}';
const FORM = requestOf('elicitation/create', '{"mode":"form","n":1.0}', '9');

interface RequestOptions {
  readonly meta?: string;
  readonly rest?: string;
  readonly client?: ClientContext;
  readonly method?: string;
  readonly call?: string;
}

/** A modern client and a legacy server whose connection is the client's own. */
class Talk {
  readonly fixture = new RouterFixture();
  readonly connection: ScriptedConnection;
  /** What the server's questions were answered with. */
  readonly answers: string[] = [];
  #onEvent = (): void => {};

  constructor(handshake?: string) {
    this.connection = this.fixture.connection('files', 'legacy', handshake);
    this.connection.binding = new FakeSession(ALL);
    this.connection.onEvent = this.fixture.views.onWaiting = () => this.#onEvent();
  }

  /**
   * Resolves once something that happens here has made it true: states are opened on threads of the runtime.
   */
  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await new Promise<void>((resolve) => (this.#onEvent = resolve));
  }

  request({
    meta = '',
    rest = '',
    client = CLIENT,
    method = 'tools/call',
    call = CALL,
  }: RequestOptions = {}): ReturnType<RouterFixture['route']> {
    const members = [
      `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"${meta}}`,
      call,
      rest,
    ].filter((part) => part !== '');
    const routed = this.fixture.route(requestOf(method, `{${members.join(',')}}`, '"c"'), client);
    void routed.reply.answered.then(() => this.#onEvent());
    return routed;
  }

  /** The server asks during its latest call. */
  ask(serverRequest = FORM, signal?: AbortSignal): void {
    this.connection.last.listener.onServerRequest(
      serverRequest,
      (answer) => {
        this.answers.push(answer instanceof GatewayError ? answer.code : answer.text);
        this.#onEvent();
      },
      signal,
    );
  }

  /** Makes a call, has the server ask during it, and gives what the client is told. */
  async park(options: RequestOptions = {}): Promise<{
    readonly reply: RecordingReply;
    readonly state: string;
    readonly result: Record<string, unknown>;
    cancel(): void;
  }> {
    const { reply, running } = this.request(options);
    this.ask();
    await reply.answered;
    return { reply, ...resultOf(reply), cancel: () => running.cancel() };
  }

  async resume(state: string, responses: string, options: RequestOptions = {}): Promise<RecordingReply> {
    const sent = this.connection.sent.length;
    const { reply } = this.request({
      ...options,
      rest: `"requestState":${state},"inputResponses":{${responses}}`,
    });
    // Either it is answered, or the server has got an answer.
    const before = this.answers.length;
    await this.until(
      () => reply.answers.length > 0 || this.answers.length > before || this.connection.sent.length > sent,
    );
    return reply;
  }
}

function resultOf(reply: RecordingReply): {
  readonly state: string;
  readonly result: Record<string, unknown>;
} {
  const { result } = reply.json as { result: Record<string, unknown> };
  return { result, state: JSON.stringify(result['requestState']) };
}

function progress(token: string): string {
  return `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${token},"progress":1.0}}`;
}

/** @param logger - With a comma behind it. */
function log(level: string, logger = ''): string {
  return `{"jsonrpc":"2.0","method":"notifications/message","params":{${logger}"level":"${level}","data":"x"}}`;
}

describe('ParkingCodec and ParkedCall', () => {
  it('answers the client with the question of the server, and the server with the answer of the client', async () => {
    const talk = new Talk();
    const { reply, state, result } = await talk.park();
    expect(result).toMatchObject({
      resultType: 'input_required',
      inputRequests: { q1: { method: 'elicitation/create' } },
      requestState: expect.stringMatching(/^omni1\./),
    });
    expect(reply.status).toBe(200);
    expect(reply.text).toContain('{"mode":"form","n":1.0}');
    expect(talk.connection.last.cancels).toEqual([]);
    expect(talk.answers).toEqual([]);
    const second = await talk.resume(state, '"q1":{"action":"accept","content":{"n":1.0}}');
    expect(talk.answers).toEqual([
      '{"jsonrpc":"2.0","id":1,"result":{"action":"accept","content":{"n":1.0}}}',
    ]);
    talk.connection.last.answer('"result":{"content":[]}');
    expect(second.json).toMatchObject({ id: 'c', result: { resultType: 'complete', content: [] } });
    expect(talk.connection.sent).toHaveLength(1);
    expect(talk.fixture.clock.pendingTimers).toBe(0);
  });

  it('asks what was asked at the same time in one round', async () => {
    const talk = new Talk();
    const { reply } = talk.request();
    talk.ask();
    talk.ask(requestOf('roots/list', '', '10'));
    await reply.answered;
    const { state, result } = resultOf(reply);
    expect(Object.keys(result['inputRequests'] as object)).toEqual(['q1', 'q2']);
    await talk.resume(state, '"q2":{"roots":[]},"q1":{"action":"cancel"}');
    expect(talk.answers).toEqual([
      '{"jsonrpc":"2.0","id":1,"result":{"action":"cancel"}}',
      '{"jsonrpc":"2.0","id":1,"result":{"roots":[]}}',
    ]);
  });

  it('asks again, with another state, for what was not answered or came meanwhile', async () => {
    const talk = new Talk();
    const first = await talk.park();
    talk.ask(requestOf('roots/list', '', '10'));
    const second = await talk.resume(first.state, '"q1":null,"other":{}');
    const { state, result } = resultOf(second);
    expect(Object.keys(result['inputRequests'] as object)).toEqual(['q1', 'q2']);
    expect(state === first.state).toBe(false);
    expect(talk.answers).toEqual([]);
    const third = await talk.resume(state, '"q1":{"action":"cancel"}');
    await third.answered;
    expect(Object.keys(resultOf(third).result['inputRequests'] as object)).toEqual(['q2']);
    await talk.resume(resultOf(third).state, '"q2":{"roots":[]}');
    talk.connection.last.answer('"result":{}');
    expect(talk.answers).toHaveLength(2);
    expect(talk.fixture.clock.pendingTimers).toBe(0);
  });

  it.each<[string, RequestOptions, (state: string) => string]>([
    ['a changed state', {}, (state) => state.replace(/.(?="$)/, (last) => (last === 'A' ? 'B' : 'A'))],
    ['a state of its own making', {}, () => '"omni1.own.AAAA"'],
    ['a state of somebody else', {}, () => '"opaque"'],
    ['no text', {}, () => '7'],
    [
      'another user',
      { client: { ...CLIENT, principal: { id: 'mallory', kind: 'token' } } },
      (state) => state,
    ],
    ['another tool', { call: '"name":"files__write","arguments":{"n":1.0}' }, (state) => state],
    ['other arguments', { call: '"name":"files__read","arguments":{"n":2}' }, (state) => state],
  ])('refuses %s without asking the server', async (_what, options, change) => {
    const talk = new Talk();
    const { state } = await talk.park();
    const refused = await talk.resume(change(state), '"q1":{"action":"accept"}', options);
    expect(refused.text).toBe('OMNI_STATE_INVALID');
    expect(talk.connection.sent).toHaveLength(1);
    expect(talk.answers).toEqual([]);
    // Negative control: the same state is good for the right request.
    await talk.resume(state, '"q1":{"action":"accept"}');
    expect(talk.answers).toHaveLength(1);
  });

  it('refuses a state that was used, after an answer and while the call goes on', async () => {
    const talk = new Talk();
    const { state } = await talk.park();
    await talk.resume(state, '"q1":{}');
    expect((await talk.resume(state, '"q1":{}')).text).toBe('OMNI_STATE_INVALID');
    talk.connection.last.answer('"result":{}');
    expect((await talk.resume(state, '"q1":{}')).text).toBe('OMNI_STATE_INVALID');
    expect(talk.connection.sent).toHaveLength(1);
  });

  it('cancels the call when its client does not come back', async () => {
    const talk = new Talk();
    const { state } = await talk.park();
    talk.fixture.clock.advance(PARK_MS);
    expect(talk.connection.last.cancels).toEqual(['the client did not come back in time']);
    expect((await talk.resume(state, '"q1":{}')).text).toBe('OMNI_STATE_INVALID');
    expect(talk.fixture.clock.pendingTimers).toBe(0);
  });

  it('is not cancelled by the end of a request that was answered, but by the one that waits', async () => {
    const talk = new Talk();
    const first = await talk.park();
    first.cancel();
    expect(talk.connection.last.cancels).toEqual([]);
    const second = talk.request({ rest: `"requestState":${first.state},"inputResponses":{"q1":{}}` });
    await talk.until(() => talk.answers.length > 0);
    first.cancel();
    expect(talk.connection.last.cancels).toEqual([]);
    second.running.cancel('enough');
    expect(talk.connection.last.cancels).toEqual(['enough']);
    expect(second.reply.answers).toEqual([]);
  });

  it('ends a call whose client has cancelled while the question was on its way', async () => {
    const talk = new Talk();
    const { reply, running } = talk.request();
    talk.ask();
    running.cancel('enough');
    expect(talk.connection.last.cancels).toEqual(['enough']);
    expect(talk.fixture.clock.pendingTimers).toBe(0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(reply.answers).toEqual([]);
  });

  // guard: parked/held
  it('gives an answer that came while the client was away, with what came before it', async () => {
    const talk = new Talk();
    const { state } = await talk.park({ meta: ',"progressToken":"old"' });
    for (let count = 0; count < 150; count++) talk.connection.last.notify(progress('"old"'));
    talk.connection.last.answer('"result":{"content":[]}');
    const reply = await talk.resume(state, '"q1":{}', { meta: ',"progressToken":7' });
    expect(reply.notifications).toHaveLength(100);
    expect(reply.notifications[0]).toBe(progress('7'));
    expect(talk.answers).toEqual([]);
    expect(reply.json).toMatchObject({ result: { resultType: 'complete' } });
  });

  it('gives a failure that came while the client was away', async () => {
    const talk = new Talk();
    const { state } = await talk.park();
    talk.connection.last.listener.onFailure(new GatewayError('OMNI_UPSTREAM_EXITED', 'crashed'), 'sent');
    expect((await talk.resume(state, '"q1":{}')).text).toBe('OMNI_UPSTREAM_EXITED');
  });

  it('reports progress under the token of the request that waits, and none to a request without', async () => {
    const talk = new Talk();
    const { state } = await talk.park({ meta: ',"progressToken":"old"' });
    const second = await talk.resume(state, '"q1":{}', { meta: ',"progressToken":"new"' });
    talk.connection.last.notify(progress('"old"'));
    expect(second.notifications).toEqual([progress('"new"')]);
    const other = new Talk();
    const again = await other.resume((await other.park({ meta: ',"progressToken":"old"' })).state, '"q1":{}');
    other.connection.last.notify(progress('"old"'));
    expect(again.notifications).toEqual([]);
  });

  // guard: call/to-modern
  it('passes on no progress of other calls', () => {
    const talk = new Talk();
    const { reply } = talk.request({ meta: ',"progressToken":"own"' });
    for (const token of ['"other"', '"own"']) talk.connection.last.notify(progress(token));
    expect(reply.notifications).toEqual([progress('"own"')]);
  });

  it('forgets a question that the server takes back', async () => {
    const talk = new Talk();
    const { reply } = talk.request();
    const withdrawal = new AbortController();
    talk.ask(FORM, withdrawal.signal);
    talk.ask(requestOf('roots/list', '', '10'));
    withdrawal.abort();
    await reply.answered;
    expect(Object.keys(resultOf(reply).result['inputRequests'] as object)).toEqual(['q2']);
  });

  // guard: parked/capability
  it.each([
    ['a form', '{"elicitation":{"url":{}}}', FORM],
    ['a page', '{"elicitation":{}}', requestOf('elicitation/create', '{"mode":"url","url":"u"}')],
    ['a sample', '{"roots":{}}', requestOf('sampling/createMessage', '{}')],
    ['the roots', '{"sampling":{}}', requestOf('roots/list')],
    ['something else', ALL, requestOf('vendor/ask')],
  ])(
    'never asks a client for %s that this request did not declare',
    async (_what, capabilities, serverRequest) => {
      const talk = new Talk();
      const { reply } = talk.request({ client: { ...CLIENT, capabilities } });
      talk.ask(serverRequest);
      await talk.until(() => talk.answers.length > 0);
      talk.connection.last.answer('"result":{}');
      expect(talk.answers).toEqual(['OMNI_METHOD_UNKNOWN']);
      expect(reply.json).toMatchObject({ result: { resultType: 'complete' } });
      expect(talk.fixture.clock.pendingTimers).toBe(0);
    },
  );

  // guard: parked/shared
  it('asks nothing on a connection that clients share, nor in methods that cannot be continued', () => {
    const shared = new Talk();
    shared.connection.binding = undefined;
    shared.request();
    shared.ask();
    const completion = new Talk();
    completion.request({
      method: 'completion/complete',
      call: '"ref":{"type":"ref/prompt","name":"files__x"}',
    });
    completion.ask();
    expect(shared.answers).toEqual(['OMNI_METHOD_UNKNOWN']);
    expect(completion.answers).toEqual(['OMNI_METHOD_UNKNOWN']);
  });

  it('refuses questions when too many calls of the user wait', async () => {
    const talk = new Talk();
    const replies = Array.from({ length: 1_001 }, () => {
      const { reply } = talk.request();
      talk.ask();
      return reply;
    });
    expect(talk.answers).toEqual(['OMNI_OVERLOADED']);
    await Promise.all(replies.slice(0, 1_000).map((reply) => reply.answered));
    talk.connection.last.answer('"result":{}');
    expect(replies[1_000]?.json).toMatchObject({ result: { resultType: 'complete' } });
  });

  // guard: era/state-to-legacy
  it('turns an error that wants pages visited into a serverRequest, and makes the call again then', async () => {
    const talk = new Talk();
    const error =
      '"error":{"code":-32042,"message":"m","data":{"elicitations":[{"mode":"url","elicitationId":"e","url":"https://a/"}]}}';
    const { reply } = talk.request();
    talk.connection.last.answer(error);
    await reply.answered;
    const { state, result } = resultOf(reply);
    expect(result['inputRequests']).toEqual({
      q1: { method: 'elicitation/create', params: { mode: 'url', url: 'https://a/' } },
    });
    const wrong = await talk.resume(state, '"q1":{"action":"accept"}', { call: '"name":"files__write"' });
    expect(wrong.text).toBe('OMNI_STATE_INVALID');
    expect(talk.connection.sent).toHaveLength(1);
    const second = await talk.resume(state, '"q1":{"action":"accept"}');
    expect(talk.connection.sent).toHaveLength(2);
    expect(talk.connection.last.params).toBe('{"name":"read","arguments":{"n":1.0}}');
    talk.connection.last.answer('"result":{}');
    expect(second.json).toMatchObject({ result: { resultType: 'complete' } });
  });

  it('tells a client that visits no pages which capability is missing, and leaves other uses of the code alone [PROTO-R15]', () => {
    const talk = new Talk();
    const client = { ...CLIENT, capabilities: '{"elicitation":{}}' };
    const first = talk.request({ client });
    talk.connection.last.answer(
      '"error":{"data":{"elicitations":[{"mode":"url","url":"https://a/"}],"n":1.0},"message":"m","code":-32042}',
    );
    expect(first.reply.status).toBe(400);
    expect(first.reply.text).toBe(
      '{"jsonrpc":"2.0","id":"c","error":{"data":{"requiredCapabilities":{"elicitation":{"url":{}}},"elicitations":[{"mode":"url","url":"https://a/"}],"n":1.0},"message":"m","code":-32021}}',
    );
    const second = talk.request({ client });
    talk.connection.last.answer('"error":{"code":-32042,"message":"own","data":{"n":1.0}}');
    expect(second.reply.text).toBe(
      '{"jsonrpc":"2.0","id":"c","error":{"code":-32042,"message":"own","data":{"n":1.0}}}',
    );
  });

  // guard: parked/declined
  it.each(['decline', 'cancel'])(
    'does not make the call again for pages whose visit ended with "%s"',
    async (action) => {
      const talk = new Talk();
      const error =
        '"error":{"code":-32042,"message":"m","data":{"elicitations":[{"mode":"url","url":"a:"},{"mode":"url","url":"b:"}]}}';
      const { reply } = talk.request();
      talk.connection.last.answer(error);
      await reply.answered;
      const answers = `"q1":{"action":"accept"},"q2":{"action":"${action}"}`;
      const second = await talk.resume(resultOf(reply).state, answers);
      expect(second.json).toMatchObject({ id: 'c', result: { resultType: 'complete', isError: true } });
      expect(talk.connection.sent).toHaveLength(1);
      const prompt: RequestOptions = { method: 'prompts/get', call: '"name":"files__p"' };
      const third = talk.request(prompt);
      talk.connection.last.answer(error);
      await third.reply.answered;
      expect((await talk.resume(resultOf(third.reply).state, answers, prompt)).text).toBe(
        'OMNI_INPUT_REQUIRED',
      );
    },
  );

  it('goes on with the call that waits where no connection can be had for the request that comes back', async () => {
    const talk = new Talk();
    const { state } = await talk.park();
    talk.fixture.upstreams.connections.set(
      'files',
      new GatewayError('OMNI_OVERLOADED', 'no instance is left'),
    );
    await talk.resume(state, '"q1":{"action":"accept"}');
    expect(talk.answers).toHaveLength(1);
  });

  // guard: parked/one-end
  it('ends once while its client is away, and gives its place back when the client has got the end', async () => {
    const talk = new Talk();
    const { state } = await talk.park();
    talk.connection.last.answer('"result":{"content":[]}');
    talk.connection.last.listener.onFailure(new GatewayError('OMNI_UPSTREAM_EXITED', 'too late'), 'sent');
    expect(talk.fixture.clock.pendingTimers).toBe(1);
    const reply = await talk.resume(state, '"q1":{}');
    expect(reply.json).toMatchObject({ result: { resultType: 'complete' } });
    expect(reply.ends).toBe(1);
    expect(talk.fixture.clock.pendingTimers).toBe(0);
    expect(talk.connection.last.cancels).toEqual([]);
  });

  it('gives back its place when nobody comes for the end', async () => {
    const talk = new Talk();
    for (let call = 0; call < 1_000; call++) await talk.park();
    const { reply } = talk.request();
    talk.ask();
    talk.connection.last.answer('"result":{}');
    expect(reply.json).toMatchObject({ result: {} });
    expect(talk.answers).toEqual(['OMNI_OVERLOADED']);
    talk.fixture.clock.advance(PARK_MS);
    const { state } = await talk.park();
    await talk.resume(state, '"q1":{}');
    expect(talk.answers).toHaveLength(2);
  });

  it('lets nothing of its later end reach a client that has cancelled', async () => {
    const talk = new Talk();
    const { reply: first, state } = await talk.park({ meta: ',"progressToken":"old"' });
    const second = talk.request({
      meta: ',"progressToken":"new"',
      rest: `"requestState":${state},"inputResponses":{"q1":{}}`,
    });
    await talk.until(() => talk.answers.length > 0);
    second.running.cancel('enough');
    const { last } = talk.connection;
    last.notify(progress('"old"'));
    talk.ask();
    last.answer('"result":{}');
    last.listener.onFailure(new GatewayError('OMNI_UPSTREAM_EXITED', 'too late'), 'sent');
    await new Promise((resolve) => setImmediate(resolve));
    expect(first.ends).toBe(1);
    expect(first.notifications).toEqual([]);
    expect(second.reply.ends).toBe(0);
    expect(second.reply.notifications).toEqual([]);
    expect(talk.answers.at(-1)).toBe('OMNI_METHOD_UNKNOWN');
    expect(talk.fixture.clock.pendingTimers).toBe(0);
  });

  it('asks no other server for a request that has come back', async () => {
    const talk = new Talk();
    talk.fixture.views.owners = ['files', 'mail'];
    const mail = talk.fixture.connection('mail', 'modern');
    const read: RequestOptions = { method: 'resources/read', call: '"uri":"file:///a"' };
    const { state } = await talk.park(read);
    const reply = await talk.resume(state, '"q1":{}', read);
    talk.connection.last.answer('"error":{"code":-32002,"message":"not here"}');
    expect(reply.json).toMatchObject({ error: { code: -32602 } });
    expect(mail.sent).toEqual([]);
  });

  // guard: parked/permitted
  it('goes on only where the view of its client still leads to its server, and waits on otherwise', async () => {
    const talk = new Talk();
    const tool = await talk.park();
    talk.fixture.views.isRead = false;
    expect((await talk.resume(tool.state, '"q1":{}')).text).toBe('OMNI_NAME_UNKNOWN');
    talk.fixture.views.isRead = true;
    const read: RequestOptions = { method: 'resources/read', call: '"uri":"file:///a"' };
    const resource = await talk.park(read);
    talk.fixture.views.owners = ['mail'];
    expect((await talk.resume(resource.state, '"q1":{}', read)).text).toBe('OMNI_STATE_INVALID');
    expect(talk.answers).toEqual([]);
    expect(talk.connection.sent.flatMap(({ cancels }) => cancels)).toEqual([]);
    talk.fixture.views.owners = ['mail', 'files'];
    await talk.resume(tool.state, '"q1":{}');
    await talk.resume(resource.state, '"q1":{}', read);
    expect(talk.answers).toHaveLength(2);
  });

  it('asks the view that is current once the servers are known', async () => {
    const talk = new Talk();
    const { state } = await talk.park();
    talk.fixture.unsettle();
    talk.fixture.views.isRead = false;
    talk.request({ rest: `"requestState":${state},"inputResponses":{"q1":{}}` });
    await talk.until(() => talk.fixture.views.waiting.length > 0);
    expect(talk.answers).toEqual([]);
    talk.fixture.views.isRead = true;
    talk.fixture.settle();
    expect(talk.answers).toHaveLength(1);
  });

  it('waits for no view any more when the client goes away, and ends the call that its state leads to', async () => {
    const talk = new Talk();
    const { state } = await talk.park();
    talk.fixture.unsettle();
    talk.fixture.views.isRead = false;
    const { running } = talk.request({ rest: `"requestState":${state},"inputResponses":{"q1":{}}` });
    await talk.until(() => talk.fixture.views.waiting.length > 0);
    running.cancel('enough');
    expect(talk.fixture.views.waiting).toEqual([]);
    expect(talk.connection.last.cancels).toEqual(['enough']);
  });

  // guard: parked/gone
  it('ends a call whose client goes away while its state is opened', async () => {
    const talk = new Talk();
    const { state } = await talk.park();
    const { reply, running } = talk.request({ rest: `"requestState":${state},"inputResponses":{"q1":{}}` });
    running.cancel('enough');
    await talk.until(() => talk.connection.last.cancels.length > 0);
    expect(talk.connection.last.cancels).toEqual(['enough']);
    expect(talk.answers).toEqual([]);
    expect(reply.answers).toEqual([]);
  });

  it('leaves a state that is not its own to the next server that may have the resource', async () => {
    const talk = new Talk();
    talk.fixture.views.owners = ['files', 'mail'];
    const mail = talk.fixture.connection('mail', 'modern');
    const call = '"uri":"file:///a"';
    const params = `{"uri":"file:///a","requestState":"opaque"}`;
    talk.fixture.route(requestOf('resources/read', params), CLIENT);
    await mail.sentMore(0);
    expect(talk.connection.sent).toHaveLength(0);
    expect(mail.last.params).toBe(params);
    talk.fixture.views.owners = ['mail', 'files'];
    const last = talk.request({ method: 'resources/read', call, rest: '"requestState":"opaque"' });
    await mail.sentMore(1);
    mail.last.answer('"error":{"code":-32602,"message":"no such resource"}');
    expect(last.reply.text).toBe('OMNI_STATE_INVALID');
    expect(talk.connection.sent).toHaveLength(0);
  });

  it('asks the server for the level of the request that waits', async () => {
    const talk = new Talk('{"capabilities":{"logging":{}}}');
    const { reply } = talk.request();
    const call = talk.connection.last;
    call.listener.onServerRequest(FORM, (answer) =>
      talk.answers.push(answer instanceof GatewayError ? answer.code : answer.text),
    );
    await reply.answered;
    const second = await talk.resume(resultOf(reply).state, '"q1":{}', {
      meta: ',"io.modelcontextprotocol/logLevel":"debug"',
    });
    expect(talk.connection.last.call.method).toBe('logging/setLevel');
    expect(talk.connection.last.params).toBe('{"level":"debug"}');
    expect(talk.answers).toHaveLength(1);
    call.notify(log('debug'));
    expect(second.notifications).toEqual([log('debug', '"logger":"files",')]);
  });

  // guard: parked/held-chars
  it('keeps no more than a million characters for a client that is away', async () => {
    const talk = new Talk();
    const { state } = await talk.park();
    const long = (size: number): string =>
      `{"jsonrpc":"2.0","method":"vendor/x","params":{"x":"${'x'.repeat(size)}"}}`;
    for (const size of [600_000, 600_000, 1]) talk.connection.last.notify(long(size));
    const reply = await talk.resume(state, '"q1":{}');
    expect(reply.notifications).toEqual([long(600_000)]);
  });

  // guard: parked/bytes
  it('keeps 64 MiB of answers for clients that are away, all calls together', async () => {
    const talk = new Talk();
    const parkAnswered = async (): Promise<string> => {
      const { state } = await talk.park();
      talk.connection.last.answer(`"result":{"text":"${'x'.repeat(15_000_000)}"}`);
      return state;
    };
    const states: string[] = [];
    for (let call = 0; call < 5; call++) states.push(await parkAnswered());
    const back = async (state: string | undefined): Promise<string> =>
      (await talk.resume(state ?? '', '"q1":{}')).text.slice(0, 16);
    expect(await back(states[4])).toBe('OMNI_MEMORY_FULL');
    expect(await back(states[0])).toContain('jsonrpc');
    // What has gone leaves its room.
    expect(await back(await parkAnswered())).toContain('jsonrpc');
  });

  // guard: parked/log-level
  it('sets the level that the request wants before it is sent, and shows it no more', () => {
    const talk = new Talk('{"capabilities":{"logging":{}}}');
    const { reply } = talk.request({ meta: ',"io.modelcontextprotocol/logLevel":"warning"' });
    expect(talk.connection.sent).toHaveLength(1);
    expect(talk.connection.last.call.method).toBe('logging/setLevel');
    expect(talk.connection.last.params).toBe('{"level":"warning"}');
    talk.connection.last.answer('"result":{}');
    for (const level of ['info', 'warning', 'error', 'odd']) talk.connection.last.notify(log(level));
    expect(reply.notifications).toEqual(['warning', 'error'].map((level) => log(level, '"logger":"files",')));
    const silent = talk.request();
    talk.connection.last.notify(log('emergency'));
    expect(silent.reply.notifications).toEqual([]);
    expect(talk.connection.sent).toHaveLength(3);
  });

  it('does not send a call that was cancelled while its level was set', () => {
    const talk = new Talk('{"capabilities":{"logging":{}}}');
    const { running } = talk.request({ meta: ',"io.modelcontextprotocol/logLevel":"info"' });
    running.cancel();
    talk.connection.last.answer('"result":{}');
    expect(talk.connection.sent).toHaveLength(1);
  });

  // guard: era/notifications-to-modern
  it('passes on no notification that only the other era knows', () => {
    const talk = new Talk();
    const { reply } = talk.request();
    const notification = (method: string): string => `{"jsonrpc":"2.0","method":"${method}","params":{}}`;
    for (const method of [
      'notifications/elicitation/complete',
      'notifications/tasks/status',
      'notifications/vendor',
    ])
      talk.connection.last.notify(notification(method));
    expect(reply.notifications).toEqual([notification('notifications/vendor')]);
  });

  it('takes answers without a state for a fresh call', () => {
    const talk = new Talk();
    talk.request({ rest: '"inputResponses":{"q1":{}}' });
    expect(talk.connection.last.params).toBe('{"name":"read","arguments":{"n":1.0}}');
  });

  it.each(['"omni1.own.AAAA"', '"opaque \\u00e9"', '7'])(
    'leaves the state %s alone on its way to a modern server',
    async (state) => {
      const fixture = new RouterFixture();
      const connection = fixture.connection('files', 'modern');
      fixture.route(
        requestOf(
          'tools/call',
          `{"name":"files__read","requestState":${state},"inputResponses":{"a":{"n":1.0}}}`,
        ),
        CLIENT,
      );
      await connection.sentMore(0);
      expect(connection.last.params).toBe(
        `{"name":"read","requestState":${state},"inputResponses":{"a":{"n":1.0}}}`,
      );
    },
  );

  it('carries every question and every answer byte for byte', async () => {
    const value = fc
      .json({ noUnicodeString: false })
      .map((json) => `{"v" :${json},"n":1.0e2,"dup":{"a":1,"a":2}}`);
    await fc.assert(
      fc.asyncProperty(value, value, async (serverRequest, answer) => {
        const talk = new Talk();
        const { reply } = talk.request();
        talk.ask(requestOf('sampling/createMessage', serverRequest));
        await reply.answered;
        expect(reply.text).toContain(`"q1":{"method":"sampling/createMessage","params":${serverRequest}}`);
        await talk.resume(resultOf(reply).state, `"q1":${answer}`);
        expect(talk.answers).toEqual([messageOf(`{"jsonrpc":"2.0","id":1,"result":${answer}}`).text]);
      }),
      { numRuns: 100 },
    );
  });
});
