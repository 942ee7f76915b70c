import type { ClientContext } from '@omni/model';
import { describe, expect, it } from '@jest/globals';
import {
  clientOf,
  type RecordingReply,
  requestOf,
  RouterFixture,
  type ScriptedConnection,
} from '../router.fixture.ts';

function clientNamed(principal: string): ClientContext {
  return { ...clientOf('legacy'), principal: { id: principal, kind: 'token' } };
}

const ADA = clientNamed('ada');

/** Servers that list tasks, each with a task of the client that has these ids. */
async function withTasks(tasks: Readonly<Record<string, readonly string[]>>, client = ADA) {
  const fixture = new RouterFixture();
  const connections: Record<string, ScriptedConnection> = {};
  const sealed: Record<string, string> = {};
  for (const [name, ids] of Object.entries(tasks)) {
    const connection = (connections[name] = fixture.connection(name, 'legacy'));
    for (const id of ids) {
      const params = `{"name":"${name}__slow","task":{}}`;
      const { reply } = fixture.route(requestOf('tools/call', params), client);
      connection.last.answer(`"result":{"task":{"taskId":"${id}"}}`);
      await reply.answered;
      sealed[id] = /"taskId":"([^"]+)"/.exec(reply.text)?.[1] ?? '';
    }
  }
  fixture.views.taskLists = Object.keys(tasks);
  const list = (params = '', who = client): RecordingReply =>
    fixture.route(requestOf('tasks/list', params, '"l"'), who).reply;
  return { fixture, connections, sealed, list };
}

describe('tasks/list where there are several servers', () => {
  it('joins what the servers list, page by page, in the order of the servers', async () => {
    const { connections, sealed, list } = await withTasks({ files: ['a', 'b'], mail: ['c'] });
    const { files, mail } = connections;
    const before = files?.sent.length ?? 0;
    const reply = list('{"cursor":null,"_meta":{"progressToken":1}}');
    mail?.last.answer('"result":{"tasks":[{"taskId":"c","n":1.0}]}');
    files?.last.answer(
      '"result":{"tasks":[{"taskId":"b"},{"taskId":"of somebody else"}],"nextCursor":"p\\u0032"}',
    );
    await files?.sentMore(before + 1);
    expect(files?.last.params).toBe('{"cursor":"p\\u0032"}');
    files?.last.answer('"result":{"tasks":[ {"taskId":"a"} ]}');
    await reply.answered;
    const tasks = `{"taskId":"${sealed['b']}"},{"taskId":"${sealed['a']}"},{"taskId":"${sealed['c']}","n":1.0}`;
    expect(reply.text).toBe(`{"jsonrpc":"2.0","id":"l","result":{"tasks":[${tasks}]}}`);
  });

  it('asks only servers at which the principal has tasks', async () => {
    const { fixture, connections, list } = await withTasks({ files: ['a'], mail: [] });
    const reply = list();
    connections['files']?.last.answer('"result":{"tasks":[{"taskId":"a"}]}');
    await reply.answered;
    expect(connections['mail']?.sent).toEqual([]);
    const before = connections['files']?.sent.length;
    const ofEve = list('', clientNamed('eve'));
    await ofEve.answered;
    expect(ofEve.text).toBe('{"jsonrpc":"2.0","id":"l","result":{"tasks":[]}}');
    expect(connections['files']?.sent.length).toBe(before);
    fixture.views.taskLists = ['mail'];
    const hidden = list();
    await hidden.answered;
    expect(hidden.text).toContain('"tasks":[]');
  });

  it('leaves out a server that has no list any more', async () => {
    const { connections, sealed, list } = await withTasks({ files: ['a'], mail: ['c'] });
    const reply = list();
    connections['files']?.last.answer('"error":{"code":-32601,"message":"no"}');
    connections['mail']?.last.answer('"result":{"tasks":[{"taskId":"c"}]}');
    await reply.answered;
    expect(reply.text).toContain(`"tasks":[{"taskId":"${sealed['c']}"}]`);
  });

  it('fails when a server with tasks of the principal fails, and asks the others no further', async () => {
    const { connections, list } = await withTasks({ files: ['a'], mail: ['c'] });
    const reply = list();
    connections['files']?.last.answer('"error":{"code":-32603,"message":"broken", "data":1.0}');
    await reply.answered;
    expect(reply.text).toBe(
      '{"jsonrpc":"2.0","id":"l","error":{"code":-32603,"message":"broken", "data":1.0}}',
    );
    expect(connections['mail']?.last.cancels).toHaveLength(1);
    expect(reply.ends).toBe(1);
  });

  it('gives up a server whose pages do not end', async () => {
    const { connections, list } = await withTasks({ files: ['a'] });
    const { files } = connections;
    if (files === undefined) throw new TypeError('no server');
    const before = files.sent.length;
    files.immediate = '"result":{"tasks":[],"nextCursor":"more"}';
    const reply = list();
    await reply.answered;
    expect(reply.text).toBe('OMNI_UPSTREAM_PROTOCOL');
    expect(files.sent.length - before).toBe(100);
  });

  it('takes no cursor, for it issues none', async () => {
    const { connections, list } = await withTasks({ files: ['a'] });
    const before = connections['files']?.sent.length;
    expect(list('{"cursor":"x"}').text).toBe('OMNI_CURSOR_INVALID');
    expect(connections['files']?.sent.length).toBe(before);
  });

  it('is cancelled at every server', async () => {
    const { fixture, connections } = await withTasks({ files: ['a'], mail: ['c'] });
    const { running, reply } = fixture.route(requestOf('tasks/list', '', '"l"'), ADA);
    running.cancel('enough');
    for (const name of ['files', 'mail']) expect(connections[name]?.last.cancels).toHaveLength(1);
    await new Promise(setImmediate);
    connections['files']?.last.answer('"result":{"tasks":[]}');
    expect(reply.answers.filter(({ kind }) => kind === 'message')).toEqual([]);
  });
});
