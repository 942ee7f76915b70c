import type { RpcMessage } from '@omni/jsonrpc';
import { type ClientContext, endpointOf } from '@omni/model';
import { describe, expect, it } from '@jest/globals';
import { clientOf, requestOf, RouterFixture, type ScriptedConnection } from '../router.fixture.ts';

const EXTENSION = '"extensions":{"io.modelcontextprotocol/tasks":{}}';
const CLIENT: ClientContext = { ...clientOf('modern'), capabilities: `{${EXTENSION}}` };
const HELLO = `{"capabilities":{${EXTENSION}}}`;

function notification(id: string, method = 'notifications/tasks'): string {
  return `{"jsonrpc":"2.0","method":"${method}","params":{"taskId":"${id}","status":"working","n":1.0}}`;
}

async function startTask(
  fixture: RouterFixture,
  connection: ScriptedConnection,
  id: string,
  client = CLIENT,
): Promise<string> {
  const { reply } = fixture.route(requestOf('tools/call', `{"name":"${connection.upstream}__slow"}`), client);
  connection.last.answer(`"result":{"resultType":"task","taskId":"${id}"}`);
  await reply.answered;
  return /omni1[^"]+/.exec(reply.text)?.[0] ?? '';
}

interface Watch {
  readonly opened: readonly string[];
  readonly notifications: string[];
  readonly close: () => void;
}

function watch(fixture: RouterFixture, taskIds: readonly string[], client = CLIENT): Promise<Watch> {
  const message: RpcMessage = requestOf(
    'subscriptions/listen',
    `{"_meta":{"k":1.0},"notifications":${JSON.stringify({ taskIds })}}`,
    '"l"',
  );
  const notifications: string[] = [];
  return new Promise((resolve) => {
    const close = fixture.router.watchTasks({
      message,
      client,
      taskIds,
      onOpen: (opened) => queueMicrotask(() => resolve({ opened, notifications, close })),
      onTaskNotification: (taskId, { text }) => notifications.push(taskId, text),
    });
  });
}

describe('TaskWatch', () => {
  it('listens to the tasks of each server with the envelope of the client', async () => {
    const fixture = new RouterFixture();
    const [files, mail] = [
      fixture.connection('files', 'modern', HELLO),
      fixture.connection('mail', 'modern', HELLO),
    ];
    const ids = [
      await startTask(fixture, files, 'a'),
      await startTask(fixture, mail, 'b'),
      await startTask(fixture, files, 'c'),
    ];
    const { opened } = await watch(fixture, ids);
    expect(opened.toSorted()).toEqual(ids.toSorted());
    expect([files.last, mail.last].map(({ call, params }) => [call.method, call.clientId, params])).toEqual([
      ['subscriptions/listen', '"l"', '{"_meta":{"k":1.0},"notifications":{"taskIds":["a","c"]}}'],
      ['subscriptions/listen', '"l"', '{"_meta":{"k":1.0},"notifications":{"taskIds":["b"]}}'],
    ]);
  });

  it('tells what was asked for, under the ids of Omni', async () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern', HELLO);
    const sealed = await startTask(fixture, connection, 'a');
    await startTask(fixture, connection, 'b');
    const { notifications, close } = await watch(fixture, [sealed]);
    const listening = connection.last;
    const texts = [
      notification('a'),
      notification('b'),
      notification('a', 'notifications/message'),
      '{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"notifications":{"taskIds":["a"]}}}',
    ];
    expect(texts.map((text) => listening.notify(text))).toEqual([true, true, true, true]);
    expect(notifications).toEqual([sealed, notification(sealed)]);
    close();
    listening.notify(notification('a'));
    expect(notifications).toHaveLength(2);
    expect(listening.cancels).toHaveLength(1);
  });

  it('honours no task of others, of another endpoint or of none', async () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern', HELLO);
    const mail = fixture.connection('mail', 'modern', HELLO);
    const sealed = await startTask(fixture, connection, 'a');
    const foreign: ClientContext = { ...CLIENT, principal: { id: 'other', kind: 'token' } };
    const watches = [
      await watch(fixture, [sealed, 'a'], foreign),
      await watch(fixture, [sealed], { ...CLIENT, endpoint: endpointOf('mail') }),
      await watch(fixture, [sealed], { ...CLIENT, capabilities: '{}' }),
      await watch(fixture, ['', `${sealed}x`]),
    ];
    expect(watches.map(({ opened }) => opened)).toEqual([[], [], [], []]);
    expect(connection.sent).toHaveLength(1);
    expect(mail.sent).toHaveLength(0);
  });

  it('listens to no server that is down or of the other era by now', async () => {
    const fixture = new RouterFixture();
    const sealed = await startTask(fixture, fixture.connection('files', 'modern', HELLO), 'a');
    const legacy = fixture.connection('files', 'legacy');
    expect((await watch(fixture, [sealed])).opened).toEqual([sealed]);
    fixture.upstreams.connections.delete('files');
    await watch(fixture, [sealed]);
    expect(legacy.sent).toEqual([]);
  });

  it('does not open when it is closed before', async () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern', HELLO);
    const sealed = await startTask(fixture, connection, 'a');
    let isOpen = false;
    fixture.router.watchTasks({
      message: requestOf('subscriptions/listen'),
      client: CLIENT,
      taskIds: [sealed],
      onOpen: () => (isOpen = true),
      onTaskNotification() {},
    })();
    // Opened in the same order as asked for.
    await watch(fixture, [sealed]);
    expect(isOpen).toBe(false);
  });

  it('survives the end of a subscription and refuses questions', async () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern', HELLO);
    await watch(fixture, [await startTask(fixture, connection, 'a')]);
    const { listener } = connection.last;
    const told: unknown[] = [];
    listener.onServerRequest(requestOf('roots/list'), (answer) => told.push(answer));
    listener.onDrain(() => told.push('drained'));
    connection.last.answer('"result":{"resultType":"complete"}');
    expect(told).toMatchObject([{ code: 'OMNI_METHOD_UNKNOWN' }, 'drained']);
  });
});
