import type { ClientContext } from '@omni/model';
import type { Era } from '@omni/ports';
import { describe, expect, it } from '@jest/globals';
import {
  clientOf,
  FakeSession,
  messageOf,
  requestOf,
  RouterFixture,
  type ScriptedConnection,
} from '../router.fixture.ts';

const EXTENSION = '"extensions":{"io.modelcontextprotocol/tasks":{}}';
const HELLO = `{"serverInfo":{"name":"up"},"capabilities":{${EXTENSION}}}`;
const RELATED = 'io.modelcontextprotocol/related-task';

function taskClient(era: Era, server?: string, principal = 'ada'): ClientContext {
  return {
    ...clientOf(era, server),
    principal: { id: principal, kind: 'token' },
    capabilities: `{${EXTENSION}}`,
  };
}

/** What a server of the era answers to a call that becomes a task. @param id - JSON. */
function started(era: Era, id = '"t-1"'): string {
  return era === 'legacy'
    ? `"result":{"task":{"status":"working", "taskId" : ${id},"ttl":1.0e3},"_meta":{"${RELATED}":{ "taskId":${id}}}}`
    : `"result":{"resultType":"task","status":"working", "taskId" : ${id},"ttlMs":1.0e3}`;
}

/** Starts a task and gives the id that the client sees. */
async function startTask(
  fixture: RouterFixture,
  connection: ScriptedConnection,
  client: ClientContext,
  id = '"t-1"',
): Promise<string> {
  const name = client.endpoint.kind === 'all' ? `${connection.upstream}__slow` : 'slow';
  const { reply } = fixture.route(
    requestOf('tools/call', `{"name":"${name}","task":{"ttl":1.0e3},"_meta":{"progressToken":"p"}}`),
    client,
  );
  connection.last.answer(started(connection.era, id));
  await reply.answered;
  const sealed = /"taskId" : "([^"]+)"/.exec(reply.text)?.[1];
  if (sealed === undefined) throw new TypeError(`no task: ${reply.text}`);
  return sealed;
}

/** Asks about a task; the server answers with these members of a response. */
async function ask(
  fixture: RouterFixture,
  connection: ScriptedConnection,
  client: ClientContext,
  params: string,
  method = 'tasks/get',
  answer = '',
): Promise<string> {
  connection.immediate = answer === '' ? undefined : answer;
  const { reply } = fixture.route(requestOf(method, params), client);
  await reply.answered;
  connection.immediate = undefined;
  return reply.text;
}

describe('tasks within an era', () => {
  it.each(['legacy', 'modern'] as const)(
    'get an id of Omni in the answer of a %s server, and nothing else changes',
    async (era) => {
      const fixture = new RouterFixture();
      const connection = fixture.connection('files', era, HELLO);
      const { reply } = fixture.route(
        requestOf('tools/call', '{"name":"files__slow","task":{}}', '"c"'),
        taskClient(era),
      );
      connection.last.answer(started(era, '"t\\u002d1"'));
      await reply.answered;
      const sealed = /omni1[^"]+/.exec(reply.text)?.[0] ?? '';
      expect(reply.text).toBe(`{"jsonrpc":"2.0","id":"c",${started(era, `"${sealed}"`)}}`);
      expect(sealed).not.toContain('t-1');
      // The same task has the same id wherever it is mentioned.
      expect(new Set(reply.text.match(/omni1[^"]+/g))).toEqual(new Set([sealed]));
    },
  );

  it.each([
    ['legacy', undefined],
    ['modern', undefined],
    ['legacy', 'files'],
    ['modern', 'files'],
  ] as const)(
    'are asked for under the id of their server, by a %s client on the endpoint %s',
    async (era, server) => {
      const fixture = new RouterFixture();
      fixture.connection('mail', era, HELLO);
      const connection = fixture.connection('files', era, HELLO);
      const client = taskClient(era, server);
      const sealed = await startTask(fixture, connection, client);
      const answer = '"result":{"status":"completed","taskId":"t-1","n":1.0}';
      expect(
        await ask(fixture, connection, client, `{"x":1.0, "taskId" : "${sealed}"}`, 'tasks/get', answer),
      ).toBe(`{"jsonrpc":"2.0","id":1,"result":{"status":"completed","taskId":"${sealed}","n":1.0}}`);
      expect(connection.last.params).toBe('{"x":1.0, "taskId" : "t-1"}');
      expect(connection.last.call.name).toBe('t-1');
      expect(connection.last.call.allowPassthrough).toBe(false);
    },
  );

  // guard: task/endpoint
  it.each(['legacy', 'modern'] as const)(
    'are reached by a %s client on the endpoints that show their server, and on no other',
    async (era) => {
      const fixture = new RouterFixture();
      const mail = fixture.connection('mail', era, HELLO);
      const connection = fixture.connection('files', era, HELLO);
      const sealed = await startTask(fixture, connection, taskClient(era));
      const params = `{"taskId":"${sealed}"}`;
      const answer = '"result":{"taskId":"t-1"}';
      connection.immediate = answer;
      expect(await ask(fixture, mail, taskClient(era, 'mail'), params, 'tasks/get', answer)).toBe(
        'OMNI_NAME_UNKNOWN',
      );
      expect(mail.sent).toEqual([]);
      expect(connection.sent).toHaveLength(1);
      expect(await ask(fixture, connection, taskClient(era, 'files'), params, 'tasks/get', answer)).toContain(
        sealed,
      );
    },
  );

  it('have results that belong to them by the id of Omni, whose own members stay', async () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'legacy');
    const sealed = await startTask(fixture, connection, taskClient('legacy'));
    const result = (id: string): string =>
      `{"content":[],"taskId":"t-1","_meta":{"${RELATED}":{"taskId":"${id}"},"x":1.0}}`;
    const text = await ask(
      fixture,
      connection,
      taskClient('legacy'),
      `{"taskId":"${sealed}"}`,
      'tasks/result',
      `"result":${result('t-1')}`,
    );
    expect(text).toBe(`{"jsonrpc":"2.0","id":1,"result":${result(sealed)}}`);
  });

  it.each(['"error":{"code":-32602,"message":"Unknown task"}', '"result":[]', '"result":{}'])(
    'have answers without an id as they are: %s',
    async (answer) => {
      const fixture = new RouterFixture();
      const connection = fixture.connection('files', 'modern', HELLO);
      const sealed = await startTask(fixture, connection, taskClient('modern'));
      expect(
        await ask(
          fixture,
          connection,
          taskClient('modern'),
          `{"taskId":"${sealed}"}`,
          'tasks/update',
          answer,
        ),
      ).toBe(`{"jsonrpc":"2.0","id":1,${answer}}`);
    },
  );

  it('are unknown to all others in the same way, and no server hears of the attempt', async () => {
    const fixture = new RouterFixture();
    const connections = [fixture.connection('files', 'legacy'), fixture.connection('mail', 'legacy')];
    const [files] = connections;
    if (files === undefined) throw new TypeError('no connection');
    const sealed = await startTask(fixture, files, taskClient('legacy'));
    const before = connections.map(({ sent }) => sent.length);
    const errors: unknown[] = [];
    const attempts: readonly (readonly [ClientContext, string])[] = [
      [taskClient('legacy', undefined, 'bob'), `{"taskId":"${sealed}"}`],
      [taskClient('legacy', 'mail'), `{"taskId":"${sealed}"}`],
      [taskClient('legacy'), `{"taskId":"${sealed}x"}`],
      [taskClient('legacy'), '{"taskId":"t-1"}'],
      [taskClient('legacy'), '{"taskId":5}'],
      [taskClient('legacy'), '{}'],
    ];
    for (const [client, params] of attempts) {
      const { reply } = fixture.route(requestOf('tasks/get', params), client);
      await reply.answered;
      const [answer] = reply.answers;
      errors.push(
        answer?.kind === 'error'
          ? [answer.error.facts.jsonRpcCode, answer.error.message, answer.error.data]
          : answer,
      );
    }
    expect(errors).toEqual(attempts.map(() => [-32602, 'You have no task with this id', undefined]));
    expect(connections.map(({ sent }) => sent.length)).toEqual(before);
  });

  // guard: task/list
  it('are listed to who has started them only, byte for byte but for their ids', async () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'legacy');
    const ada = taskClient('legacy', 'files');
    const sealed = await startTask(fixture, connection, ada, '"a"');
    await startTask(fixture, connection, taskClient('legacy', 'files', 'bob'), '"b"');
    const list =
      '"result":{"tasks":[ {"taskId":"b"} , {"n":1.0, "taskId":"\\u0061"}, {"taskId":"c"}, 5, [] ],"nextCursor":"x"}';
    expect(await ask(fixture, connection, ada, '{"cursor":""}', 'tasks/list', list)).toBe(
      `{"jsonrpc":"2.0","id":1,"result":{"tasks":[{"n":1.0, "taskId":"${sealed}"}],"nextCursor":"x"}}`,
    );
    expect(
      await ask(fixture, connection, taskClient('legacy', 'files', 'eve'), '', 'tasks/list', list),
    ).toContain('"tasks":[]');
    expect(
      await ask(fixture, connection, ada, '', 'tasks/list', '"result":{"tasks":{"taskId":"a"}}'),
    ).toContain('"tasks":[]');
    expect(await ask(fixture, connection, ada, '', 'tasks/list', '"result":{}')).toContain('"result":{}');
  });

  it.each([
    ['that is refused', '"error":{"code":-32602,"message":""}'],
    ['that has a member of this name', '"result":{"content":[],"taskId":"t"}'],
    ['of no known type', '"result":{"resultType":"vendor","taskId":"t"}'],
    ['that names a task by no string', '"result":{"resultType":"task","taskId":1}'],
  ])('are not made of a modern answer %s', async (_what, members) => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern', HELLO);
    const { reply } = fixture.route(requestOf('tools/call', '{"name":"files__slow"}'), taskClient('modern'));
    connection.last.answer(members);
    expect(reply.text).toBe(`{"jsonrpc":"2.0","id":1,${members}}`);
  });

  it('leave answers unread where no task can come of a call', () => {
    const fixture = new RouterFixture();
    fixture.connection('mail', 'modern');
    fixture.connection('files', 'modern', HELLO);
    const unread = (name: string, client: ClientContext): boolean => {
      const connection = fixture.upstreams.connections.get(name);
      fixture.route(requestOf('tools/call', `{"name":"${name}__slow"}`), client);
      return connection instanceof Object && 'last' in connection && connection.last.call.allowPassthrough;
    };
    expect(unread('mail', taskClient('modern'))).toBe(true);
    expect(unread('files', clientOf('modern'))).toBe(true);
    expect(unread('files', taskClient('modern'))).toBe(false);
    fixture.connection('files', 'legacy');
    expect(unread('files', taskClient('legacy'))).toBe(true);
  });

  it('are refused when their server has given them an id that is too long', async () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'legacy');
    const { reply } = fixture.route(
      requestOf('tools/call', '{"name":"files__slow","task":{}}'),
      taskClient('legacy'),
    );
    connection.last.answer(started('legacy', JSON.stringify('x'.repeat(4_000))));
    expect(reply.text).toBe('OMNI_UPSTREAM_PROTOCOL');
  });

  it('bring no answer to a client that has cancelled meanwhile', async () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'legacy');
    const start = fixture.route(
      requestOf('tools/call', '{"name":"files__slow","task":{}}'),
      taskClient('legacy'),
    );
    connection.last.answer(started('legacy'));
    start.running.cancel();
    const sealed = await startTask(fixture, connection, taskClient('legacy'), '"t-2"');
    const get = fixture.route(requestOf('tasks/get', `{"taskId":"${sealed}"}`), taskClient('legacy'));
    get.running.cancel();
    const sent = connection.sent.length;
    await startTask(fixture, connection, taskClient('legacy'), '"t-3"');
    expect(start.reply.answers).toEqual([]);
    expect(get.reply.answers).toEqual([]);
    expect(connection.sent.length - sent).toBe(1);
  });
});

describe('tasks across the eras', () => {
  it.each([
    ['legacy', 'modern'],
    ['modern', 'legacy'],
  ] as const)('are not asked for by a %s client of a %s server', (era, serverEra) => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', serverEra, HELLO);
    fixture.route(
      requestOf('tools/call', '{"task":{"ttl":1},"name":"files__slow","arguments":{"task":1.0}}'),
      taskClient(era),
    );
    const params = JSON.parse(connection.last.params);
    expect(params.task).toBeUndefined();
    expect(params.arguments).toEqual({ task: 1 });
    expect(connection.last.params).not.toContain('/tasks');
  });

  it('need the extension in every request of the modern era, whether there is such a task or not', async () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern', HELLO);
    const client = taskClient('modern', 'files');
    const sealed = await startTask(fixture, connection, client);
    const before = connection.sent.length;
    for (const id of [sealed, 't-9']) {
      const { reply } = fixture.route(requestOf('tasks/get', `{"taskId":"${id}"}`), {
        ...client,
        capabilities: '{"elicitation":{}}',
      });
      expect(reply.text).toBe('OMNI_CAPABILITY_MISSING');
    }
    expect(connection.sent).toHaveLength(before);
  });

  it.each([
    ['legacy', 'modern'],
    ['modern', 'legacy'],
  ] as const)('that a %s client has started are unknown once its server is %s', async (era, later) => {
    const fixture = new RouterFixture();
    const client = taskClient(era, 'files');
    const sealed = await startTask(fixture, fixture.connection('files', era, HELLO), client);
    const connection = fixture.connection('files', later, HELLO);
    expect(await ask(fixture, connection, client, `{"taskId":"${sealed}"}`)).toBe('OMNI_NAME_UNKNOWN');
    expect(await ask(fixture, connection, client, '', 'tasks/list')).toBe('OMNI_METHOD_UNKNOWN');
    expect(connection.sent).toEqual([]);
  });
});

describe('what a server says of tasks', () => {
  const status = (id: string): string =>
    `{"jsonrpc":"2.0","method":"notifications/tasks/status","params":{"n":1.0,"taskId":"${id}"}}`;
  const log = (id: string): string =>
    `{"jsonrpc":"2.0","method":"notifications/vendor","params":{"level":"info","_meta":{"x":1.0,"${RELATED}":{"taskId":"${id}"}}}}`;

  /** What reaches a client outside of any call. */
  function told(fixture: RouterFixture, text: string, client: ClientContext): readonly string[] {
    const texts: string[] = [];
    fixture.router.toClient('files', messageOf(text), client, (message) => texts.push(message.text));
    return texts;
  }

  // guard: task/told
  it('reaches their owner only, under the id of Omni', async () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'legacy');
    const sealed = await startTask(fixture, connection, taskClient('legacy'));
    expect(told(fixture, status('t-1'), taskClient('legacy'))).toEqual([status(sealed)]);
    expect(told(fixture, status('t-1'), taskClient('legacy', undefined, 'bob'))).toEqual([]);
    expect(told(fixture, status('t-2'), taskClient('legacy'))).toEqual([]);
    expect(
      told(fixture, '{"jsonrpc":"2.0","method":"notifications/tasks/status"}', taskClient('legacy')),
    ).toEqual([]);
  });

  it('goes on as it is when it is about no task, or belongs to one that is not known', async () => {
    const fixture = new RouterFixture();
    const sealed = await startTask(fixture, fixture.connection('files', 'legacy'), taskClient('legacy'));
    const other = '{"jsonrpc":"2.0","method":"notifications/tasks_of_a_vendor","params":{"taskId":"t-1"}}';
    expect(told(fixture, other, taskClient('legacy'))).toEqual([other]);
    expect(told(fixture, log('t-2'), taskClient('legacy'))).toEqual([log('t-2')]);
    expect(told(fixture, log('t-1'), taskClient('legacy'))).toEqual([log(sealed)]);
  });

  it('waits until the id is sealed, and comes after the answer', async () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'legacy');
    const { reply } = fixture.route(
      requestOf('tools/call', '{"name":"files__slow","task":{}}'),
      taskClient('legacy'),
    );
    connection.last.answer(started('legacy'));
    const texts: string[] = [];
    const early = new Promise<void>((resolve) => {
      fixture.router.toClient('files', messageOf(status('t-1')), taskClient('legacy'), (message) => {
        texts.push(reply.text, message.text);
        resolve();
      });
    });
    expect(texts).toEqual([]);
    await early;
    const sealed = /omni1[^"]+/.exec(reply.text)?.[0] ?? '';
    expect(texts[1]).toBe(status(sealed));
  });

  it('goes to the session after the answer of the call that has become a task, and of no other call', async () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'legacy');
    const heard: string[] = [];
    const session = new FakeSession('{}', (text) => heard.push(text));
    const client = { ...session.client(), principal: { id: 'ada', kind: 'token' as const } };
    await startTask(fixture, connection, client);
    const progress =
      '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"p","progress":1.0}}';
    expect(connection.last.notify(progress)).toBe(true);
    fixture.route(
      requestOf('tools/call', '{"name":"files__quick","task":{},"_meta":{"progressToken":"p"}}'),
      client,
    );
    connection.last.answer('"result":{"content":[]}');
    expect(connection.last.notify(progress)).toBe(true);
    expect(heard).toEqual([progress]);
  });

  it('goes to the session of its owner when it comes on a connection that clients share', async () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'legacy');
    const heard: string[] = [];
    const session = new FakeSession('{}', (text) => heard.push(text));
    const client = { ...session.client(), principal: { id: 'ada', kind: 'token' as const } };
    await startTask(fixture, connection, client);
    for (const id of ['t-1', 't-2']) connection.sayOfTasks(messageOf(status(id)));
    connection.sayOfTasks(messageOf('{"jsonrpc":"2.0","method":"notifications/tasks/status"}'));
    // The session has it put into its client's terms itself.
    expect(heard).toEqual([status('t-1')]);
    expect(session.key).toBe('session-1');
  });

  it('is put into the words of the client during calls too, questions included', async () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'legacy');
    const client = { ...new FakeSession().client(), principal: { id: 'ada', kind: 'token' as const } };
    const sealed = await startTask(fixture, connection, client);
    const { reply } = fixture.route(requestOf('tasks/result', `{"taskId":"${sealed}"}`), client);
    await connection.sentMore(1); // the call that has started the task
    expect(connection.last.notify(status('t-1'))).toBe(true);
    reply.isFast = false;
    expect(connection.last.notify(log('t-1'))).toBe(false);
    expect(connection.last.notify(status('t-9'))).toBe(true);
    const serverRequest = (id: string): string =>
      `{"jsonrpc":"2.0","id":9,"method":"elicitation/create","params":{"message":"?","_meta":{"${RELATED}":{"taskId":"${id}"}}}}`;
    connection.last.listener.onServerRequest(messageOf(serverRequest('t-1')), () => {});
    expect(reply.notifications).toEqual([status(sealed), log(sealed)]);
    expect(reply.serverRequests).toEqual([['files', serverRequest(sealed)]]);
  });
});
