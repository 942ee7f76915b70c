import { describe, expect, it } from '@jest/globals';
import { parseMessage, type RpcMessage } from '@omni/jsonrpc';
import {
  type CallHandler,
  callParams,
  type RunningCall,
  type UpstreamCall,
  type UpstreamConnection,
} from '@omni/model';
import { GatewayError } from '@omni/ports';
import { SharedListen } from './shared-listen.ts';

function messageOf(text: string): RpcMessage {
  const message = parseMessage(text, { maxDepth: 64, maxElements: 10_000 });
  if (message.kind === 'batch' || message.kind === 'rejected') throw new TypeError(`no message: ${text}`);
  return message;
}

/** One request to the server, which a test plays. */
class Sent {
  readonly uris: readonly string[];
  readonly #listener: CallHandler;
  isCancelled = false;

  constructor(call: UpstreamCall, listener: CallHandler) {
    const params = JSON.parse(callParams(call)) as { notifications: { resourceSubscriptions: string[] } };
    this.uris = params.notifications.resourceSubscriptions;
    this.#listener = listener;
  }

  acknowledge(uris: readonly string[] = this.uris): void {
    this.#notify('subscriptions/acknowledged', { notifications: { resourceSubscriptions: uris } });
  }

  update(uri: string): void {
    this.#notify('resources/updated', { uri });
  }

  refuse(): void {
    const message = messageOf('{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no"}}');
    this.#listener.onAnswer({ kind: 'message', message, status: 400 });
  }

  end(): void {
    this.#listener.onAnswer({
      kind: 'message',
      message: messageOf('{"jsonrpc":"2.0","id":1,"result":{}}'),
      status: 200,
    });
  }

  fail(): void {
    this.#listener.onFailure(new GatewayError('OMNI_UPSTREAM_UNREACHABLE', 'gone'), 'sent');
  }

  #notify(method: string, params: object): void {
    this.#listener.onNotification(
      messageOf(JSON.stringify({ jsonrpc: '2.0', method: `notifications/${method}`, params })),
    );
  }
}

class Scene {
  readonly sent: Sent[] = [];
  readonly log: string[] = [];
  readonly #listen: SharedListen;

  constructor() {
    const connection: Pick<UpstreamConnection, 'send'> = {
      send: (call, listener) => {
        const sent = new Sent(call, listener);
        this.sent.push(sent);
        return { cancel: () => void (sent.isCancelled = true) };
      },
    };
    // Of its connection it takes nothing else.
    this.#listen = new SharedListen(connection as UpstreamConnection, { name: 'omni', version: '1' });
  }

  join(uri: string): RunningCall {
    return this.#listen.join(uri, {
      onAcknowledged: (isHonoured) => this.log.push(`${uri} ${isHonoured ? 'honoured' : 'not honoured'}`),
      onUpdated: () => this.log.push(`${uri} updated`),
      onAnswer: ({ kind }) => this.log.push(`${uri} ${kind === 'message' ? 'answered' : kind}`),
      onFailure: ({ code }) => this.log.push(`${uri} ${code}`),
    });
  }

  /** Several at once, and the request for them. */
  async joined(...uris: string[]): Promise<Sent> {
    for (const uri of uris) this.join(uri);
    return await this.latest();
  }

  async latest(): Promise<Sent> {
    await Promise.resolve();
    const sent = this.sent.at(-1);
    if (sent === undefined) throw new TypeError('nothing was sent');
    return sent;
  }

  /** What was told since the last look. */
  told(): readonly string[] {
    return this.log.splice(0);
  }
}

describe('SharedListen', () => {
  // guard: watch/within
  it('asks for all that come in one go by one request, and tells each of its own', async () => {
    const scene = new Scene();
    const sent = await scene.joined('a:1', 'a:2');
    expect(scene.sent).toHaveLength(1);
    expect(sent.uris).toEqual(['a:1', 'a:2']);
    sent.acknowledge(['a:1']);
    expect(scene.told()).toEqual(['a:1 honoured', 'a:2 not honoured']);
    for (const uri of ['a:1', 'a:1/part', 'a:12', 'b:1']) sent.update(uri);
    expect(scene.told()).toEqual(['a:1 updated', 'a:1 updated']);
  });

  it('goes on with the former request until the longer one is acknowledged', async () => {
    const scene = new Scene();
    const first = await scene.joined('a:1');
    first.acknowledge();
    const second = await scene.joined('a:2');
    expect(first.isCancelled).toBe(false);
    expect(scene.told()).toEqual(['a:1 honoured']);
    expect(second.uris).toEqual(['a:1', 'a:2']);
    first.update('a:1');
    second.acknowledge();
    expect(first.isCancelled).toBe(true);
    expect(scene.told()).toEqual(['a:1 updated', 'a:2 honoured']);
    second.update('a:1');
    expect(scene.told()).toEqual(['a:1 updated']);
  });

  it('asks for those who come meanwhile once the request before is decided', async () => {
    const scene = new Scene();
    const first = await scene.joined('a:1');
    await scene.joined('a:2');
    await scene.joined('a:3');
    expect(scene.sent).toHaveLength(1);
    first.refuse();
    expect((await scene.latest()).uris).toEqual(['a:2', 'a:3']);
    expect(scene.told()).toEqual(['a:1 answered']);
  });

  // guard: watch/alone
  it('asks one by one for what is refused together, and keeps what it has', async () => {
    const scene = new Scene();
    const first = await scene.joined('a:0');
    first.acknowledge();
    (await scene.joined('a:1', 'a:2')).refuse();
    const [, , one, two] = scene.sent;
    expect(scene.told()).toEqual(['a:0 honoured']);
    expect(one?.uris).toEqual(['a:1']);
    expect(two?.uris).toEqual(['a:2']);
    expect(first.isCancelled).toBe(false);
    one?.acknowledge();
    two?.refuse();
    one?.update('a:1');
    first.update('a:0');
    expect(scene.told()).toEqual(['a:1 honoured', 'a:2 answered', 'a:1 updated', 'a:0 updated']);
    one?.end();
    expect(scene.told()).toEqual(['a:1 answered']);
  });

  it('tells all when the request ends, and none when the next one is on its way', async () => {
    const scene = new Scene();
    const first = await scene.joined('a:1', 'a:2');
    first.acknowledge();
    const second = await scene.joined('a:3');
    scene.told();
    first.fail();
    expect(scene.told()).toEqual([]);
    second.acknowledge();
    expect(scene.told()).toEqual(['a:1 honoured', 'a:2 honoured', 'a:3 honoured']);
    second.end();
    expect(scene.told()).toEqual(['a:1 answered', 'a:2 answered', 'a:3 answered']);
    const third = await scene.joined('a:1');
    third.fail();
    expect(scene.told()).toEqual(['a:1 OMNI_UPSTREAM_UNREACHABLE']);
    expect(third.uris).toEqual(['a:1']);
  });

  it('ends requests that nobody needs any more, and asks no more for those who have left', async () => {
    const scene = new Scene();
    const [one, two] = [scene.join('a:1'), scene.join('a:2')];
    const first = await scene.latest();
    first.acknowledge();
    one.cancel();
    const three = scene.join('a:3');
    const second = await scene.latest();
    expect(second.uris).toEqual(['a:2', 'a:3']);
    three.cancel();
    expect(first.isCancelled).toBe(false);
    expect(second.isCancelled).toBe(true);
    two.cancel();
    expect(first.isCancelled).toBe(true);
    scene.join('a:4').cancel();
    await scene.latest();
    expect(scene.sent).toHaveLength(2);
  });
});
