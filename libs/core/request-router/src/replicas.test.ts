import { describe, expect, it } from '@jest/globals';
import type { CallContext, ClientContext, Destination } from '@omni/model';
import {
  clientOf,
  FakeSession,
  messageOf,
  RecordingReply,
  requestOf,
  RouterFixture,
} from './router.fixture.ts';

const MODERN = clientOf('modern');
const LEGACY = clientOf('legacy');
const CALL = requestOf('tools/call', '{"name":"files__read","arguments":{"n":1.0}}');
const TASKS = '"extensions":{"io.modelcontextprotocol/tasks":{}}';

/** A server `files` with a replica `files-b`, and a server `mail`; every call goes to this place. */
function scene(to: Destination): RouterFixture {
  const fixture = new RouterFixture();
  fixture.upstreams.groups.set('files-b', 'files');
  fixture.stages.push((_request, next) => (reply) => next(reply, to));
  return fixture;
}

const AT_REPLICA: Destination = { kind: 'replicas', upstreams: ['files-b'] };

function atOther(name: string | undefined, isMirror = false): Destination {
  return { kind: 'other', server: 'mail', upstream: 'mail', name, isMirror };
}

describe('a call that goes to a replica', () => {
  it('is the same call, and what is told of it bears the name of the server', () => {
    const fixture = scene(AT_REPLICA);
    const replica = fixture.connection('files-b', 'legacy');
    const { reply } = fixture.route(CALL, LEGACY);
    expect(replica.last.params).toBe('{"name":"read","arguments":{"n":1.0}}');
    replica.last.notify(
      '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error","data":1}}',
    );
    expect(reply.notifications[0]).toContain('"logger":"files"');
    replica.last.answer('"result":{"content":[{"type":"resource_link","uri":"file:///x"}]}');
    expect(fixture.views.remembered).toEqual(['files file:///x']);
  });

  it('waits there for the answer of its client', async () => {
    const fixture = scene(AT_REPLICA);
    const replica = fixture.connection('files-b', 'legacy');
    const capabilities = '{"elicitation":{"form":{}}}';
    replica.binding = new FakeSession(capabilities);
    const client: ClientContext = { ...MODERN, capabilities };
    const meta = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}';
    const first = fixture.route(requestOf('tools/call', `{${meta},"name":"files__read"}`), client);
    let answered = '';
    replica.last.listener.onServerRequest(
      requestOf('elicitation/create', '{"mode":"form","message":"m"}', '9'),
      (answer) => (answered = 'text' in answer ? answer.text : answer.code),
    );
    await first.reply.answered;
    const { requestState } = (first.reply.json as { result: { requestState: string } }).result;
    const second = fixture.route(
      requestOf(
        'tools/call',
        `{${meta},"name":"files__read","requestState":"${requestState}","inputResponses":{"q1":{"action":"cancel"}}}`,
      ),
      client,
    );
    for (let turn = 0; turn < 100_000 && answered === ''; turn++)
      await new Promise((resolve) => setImmediate(resolve));
    expect(answered).toContain('"action":"cancel"');
    replica.last.answer('"result":{"content":[]}');
    expect(second.reply.text).toContain('"content":[]');
  });

  it('may become a task, of which the endpoint of the server knows', async () => {
    const fixture = scene(AT_REPLICA);
    const replica = fixture.connection('files-b', 'modern', `{"capabilities":{${TASKS}}}`);
    const client: ClientContext = { ...clientOf('modern', 'files'), capabilities: `{${TASKS}}` };
    const { reply } = fixture.route(requestOf('tools/call', '{"name":"read"}'), client);
    replica.last.answer('"result":{"resultType":"task","status":"working","taskId":"t-1"}');
    await reply.answered;
    const sealed = /"taskId":"([^"]+)"/.exec(reply.text)?.[1] ?? '';
    // What is about a task is sent as it says.
    fixture.stages.splice(0);
    const before = replica.sent.length;
    fixture.route(requestOf('tasks/get', `{"taskId":"${sealed}"}`), client);
    await replica.sentMore(before);
    expect(replica.last.params).toContain('"taskId":"t-1"');
    const stranger: ClientContext = { ...clientOf('modern', 'mail'), capabilities: `{${TASKS}}` };
    const other = fixture.route(requestOf('tasks/get', `{"taskId":"${sealed}"}`), stranger);
    await other.reply.answered;
    expect(other.reply.text).toBe('OMNI_NAME_UNKNOWN');
  });
});

describe('a call that goes to another server', () => {
  it('names the tool as that server does, with headers of its own', () => {
    const fixture = scene(atOther('fetch'));
    const mail = fixture.connection('mail', 'modern');
    const { reply } = fixture.route(CALL, MODERN, ['Mcp-Param-N', '1']);
    expect(mail.last.params).toBe('{"name":"fetch","arguments":{"n":1.0}}');
    expect(mail.last.call.paramHeaders).toEqual(['Mcp-Param-Derived', '9']);
    mail.last.answer('"result":{"content":[]}');
    expect(reply.text).toContain('"id":1');
  });

  // guard: route/sent-elsewhere
  it('has left for a server for its request, too', () => {
    const fixture = scene(atOther('fetch'));
    const mail = fixture.connection('mail', 'modern');
    const context: CallContext = { message: CALL, client: MODERN, paramHeaders: undefined };
    fixture.router.dispatch(context, new RecordingReply());
    const { origin } = mail.last.call;
    if (origin === undefined) throw new TypeError('a call has an origin');
    expect(context.wasSent ?? false).toBe(false);
    origin.wasSent = true;
    expect(context.wasSent).toBe(true);
    // Before the next attempt.
    context.wasSent = false;
    expect(origin.wasSent).toBe(false);
  });

  // guard: route/offers-uri
  it('reads a resource that the other server offers, and no other', () => {
    const fixture = scene(atOther('file:///x'));
    fixture.views.owners = ['files', 'mail'];
    const other = fixture.connection('mail', 'legacy');
    const read = requestOf('resources/read', '{"uri":"file:///x"}');
    fixture.route(read, LEGACY);
    expect(other.last.params).toBe('{"uri":"file:///x"}');
    fixture.views.unlistedAt.add('mail');
    const { reply } = fixture.route(read, LEGACY);
    expect(other.sent).toHaveLength(1);
    expect(reply.text).toBe('OMNI_NAME_UNKNOWN');
  });

  it('completes what the other server has under the same name', () => {
    const fixture = scene(atOther(undefined));
    const other = fixture.connection('mail', 'legacy');
    const argument = '"argument":{"name":"n","value":"v"}';
    const params = `{"ref":{"type":"ref/prompt","name":"files__greet"},${argument}}`;
    fixture.route(requestOf('completion/complete', params), LEGACY);
    expect(other.last.params).toBe(`{"ref":{"type":"ref/prompt","name":"greet"},${argument}}`);
    const template = `{"ref":{"type":"ref/resource","uri":"file:///{x}"},${argument}}`;
    fixture.views.unlistedAt.add('mail');
    fixture.route(requestOf('completion/complete', template), LEGACY);
    expect(other.sent).toHaveLength(1);
  });

  it('names the prompt likewise', () => {
    const fixture = scene(atOther('greet'));
    const mail = fixture.connection('mail', 'modern');
    fixture.route(requestOf('prompts/get', '{"name":"files__read"}'), MODERN);
    expect(mail.last.params).toBe('{"name":"greet"}');
  });

  it('is refused where that server does not have the name', () => {
    const fixture = scene(atOther('fetch'));
    fixture.connection('mail', 'modern');
    fixture.stages.unshift((_request, next) => (reply) => {
      fixture.views.isRead = false;
      return next(reply);
    });
    expect(fixture.route(CALL, MODERN).reply.text).toBe('OMNI_NAME_UNKNOWN');
  });

  // guard: route/lost-task
  it('begins no task that its client could not ask for', () => {
    const fixture = scene(atOther('fetch'));
    fixture.connection('mail', 'modern', `{"capabilities":{${TASKS}}}`);
    const client: ClientContext = { ...clientOf('modern', 'files'), capabilities: `{${TASKS}}` };
    const call = requestOf('tools/call', '{"name":"read"}');
    expect(fixture.route(call, client).reply.text).toBe('OMNI_NAME_UNKNOWN');
    const onAll: ClientContext = { ...MODERN, capabilities: `{${TASKS}}` };
    expect(fixture.route(CALL, onAll).reply.answers).toEqual([]);
  });

  it('is told of nobody to ask where nobody hears its answer', () => {
    const fixture = scene(atOther('fetch', true));
    const mail = fixture.connection('mail', 'modern');
    const session = new FakeSession('{"roots":{}}');
    session.level = 'debug';
    const { reply } = fixture.route(CALL, session.client());
    mail.last.notify('{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error"}}');
    expect(mail.last.params).not.toContain('roots');
    mail.last.answer('"result":{"content":[{"type":"resource_link","uri":"file:///x"}]}');
    expect(reply.ends).toBe(1);
    expect(fixture.views.remembered).toEqual([]);
  });
});

describe('what is about a server with replicas', () => {
  it('lists the tasks that a user has at any of them', async () => {
    const fixture = scene(AT_REPLICA);
    const hello = '{"capabilities":{"tasks":{"list":{},"requests":{"tools":{"call":{}}}}}}';
    const replica = fixture.connection('files-b', 'legacy', hello);
    const client = clientOf('legacy', 'files');
    const call = requestOf('tools/call', '{"name":"read","task":{}}');
    const { reply } = fixture.route(call, client);
    replica.last.answer('"result":{"task":{"taskId":"t-1","status":"working"}}');
    await reply.answered;
    replica.immediate = '"result":{"tasks":[{"taskId":"t-1","status":"working"}]}';
    const list = fixture.route(requestOf('tasks/list', '{}'), client);
    await list.reply.answered;
    expect(list.reply.text).toContain(/"taskId":"[^"]+"/.exec(reply.text)?.[0]);
  });

  it('sets the level at each of them', () => {
    const fixture = new RouterFixture();
    fixture.upstreams.groups.set('files-b', 'files');
    const connections = ['files', 'files-b'].map((name) =>
      fixture.connection(name, 'legacy', '{"capabilities":{"logging":{}}}'),
    );
    fixture.route(requestOf('logging/setLevel', '{"level":"debug"}'), new FakeSession().client('files'));
    for (const { sent } of connections) expect(sent).toHaveLength(1);
  });

  it('tells what a replica says of its own accord under the name of the server', () => {
    const fixture = new RouterFixture();
    fixture.upstreams.groups.set('files-b', 'files');
    const told: string[] = [];
    const message = messageOf('{"jsonrpc":"2.0","method":"notifications/message","params":{"data":1}}');
    fixture.router.toClient('files-b', message, MODERN, ({ text }) => void told.push(text));
    expect(told[0]).toContain('"logger":"files"');
  });
});
