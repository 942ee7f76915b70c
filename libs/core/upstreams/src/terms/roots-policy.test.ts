import { describe, expect, it } from '@jest/globals';
import { parseMessage, type RpcMessage } from '@omni/jsonrpc';
import type { UpstreamSpec } from '@omni/ports';
import type { ScriptedInstance, ScriptedMessage } from '@omni/testing';
import {
  clientOf,
  FakeSession,
  legacyScript,
  modernScript,
  UpstreamScene,
} from '../upstream-scene.fixture.ts';

const EVERYTHING = '{"roots":{"listChanged":true}}';
const FIXED: UpstreamSpec['roots'] = [{ uri: 'file:///srv/docs' }];

/** A legacy server that asks for folders as soon as it may. */
function asking(message: ScriptedMessage, instance: ScriptedInstance): void {
  legacyScript(message, instance);
  if (message.method === 'notifications/initialized')
    instance.emit('{"jsonrpc":"2.0","id":"folders","method":"roots/list"}');
}

/** A session that answers with the whole machine, and says that its folders have changed. */
class OpenHanded extends FakeSession {
  readonly #listeners: ((notification: RpcMessage) => void)[] = [];

  override addClientNotificationListener(listener?: (notification: RpcMessage) => void): () => void {
    if (listener !== undefined) this.#listeners.push(listener);
    return () => {};
  }

  declare(): void {
    const text = '{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}';
    const message = parseMessage(text, { maxDepth: 9, maxElements: 9 });
    if (message.kind === 'notification') for (const listener of this.#listeners) listener(message);
  }
}

/** What each instance was told, answered and notified of. */
async function heard(spec: Partial<UpstreamSpec>, session = new OpenHanded(EVERYTHING)) {
  const scene = await new UpstreamScene(spec, {}, asking).start();
  await scene.connection(session.client);
  session.declare();
  return {
    session,
    told: scene.told,
    answers: scene.server.instances.map(
      (instance) => instance.received.find(({ id }) => id === 'folders')?.text,
    ),
    notices: scene.server.instances.map(
      (instance) => instance.last('notifications/roots/list_changed') !== undefined,
    ),
  };
}

describe('the folders of a client', () => {
  // guard: roots/declared, roots/asked
  it('are not named to a server by default, and nobody is asked for them', async () => {
    const { session, told, answers } = await heard({ instances: 'per-session' });
    expect(told).toEqual([{}, {}]);
    expect(session.log).toEqual([]);
    for (const answer of answers) expect(answer).toContain('-32601');
  });

  it('are no reason for an instance of its own by default', async () => {
    const { told } = await heard({});
    expect(told).toEqual([{}]);
  });

  // guard: roots/changed
  it('are said to have changed only to a server that hears of them', async () => {
    expect((await heard({ instances: 'per-session' })).notices).toEqual([false, false]);
    expect((await heard({ instances: 'per-session', roots: FIXED })).notices).toEqual([false, false]);
    expect((await heard({ roots: 'pass' })).notices).toEqual([false, true]);
  });

  it('are passed on where the setting says so', async () => {
    const { session, told } = await heard({ roots: 'pass' });
    expect(told).toEqual([{}, { roots: { listChanged: true } }]);
    expect(session.log).toEqual(['roots/list']);
  });

  it('are those of the setting on every instance, where it names some', async () => {
    const { session, told, answers } = await heard({ instances: 'per-session', roots: FIXED });
    expect(told).toEqual([{ roots: {} }, { roots: {} }]);
    expect(session.log).toEqual([]);
    const answer = '{"jsonrpc":"2.0","id":"folders","result":{"roots":[{"uri":"file:///srv/docs"}]}}';
    expect(answers).toEqual([answer, answer]);
  });

  it('are not declared to a modern server that is asked what it lists, unless it hears of them', async () => {
    const client = clientOf('{"roots":{},"elicitation":{}}');
    const own = await new UpstreamScene({}, {}, modernScript()).start();
    expect(await own.source(client)).toMatchObject({ capabilities: '{"elicitation":{}}' });
    expect(await own.source(clientOf('{"roots":{}}'))).toBeUndefined();
    const open = await new UpstreamScene({ roots: 'pass' }, {}, modernScript()).start();
    expect(await open.source(client)).toMatchObject({ capabilities: client.capabilities });
  });
});
