import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '@omni/ports';
import { ChannelConnection, type TextChannel } from './channel-connection.ts';

/** The server's end, in the hand of the test. */
class ScriptedChannel implements TextChannel {
  readonly sent: {
    readonly id?: number;
    readonly method: string;
    readonly params: Readonly<Record<string, unknown>>;
  }[] = [];
  #listener: (text: string) => void = () => {};

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  onMessage(listener: (text: string) => void): void {
    this.#listener = listener;
  }

  say(message: unknown): void {
    this.#listener(JSON.stringify(message));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const { signal } = new AbortController();

describe('ChannelConnection', () => {
  it('gives each request its own answer', async () => {
    const channel = new ScriptedChannel();
    const connection = new ChannelConnection(channel);
    const first = connection.request('a', {}, { signal });
    const second = connection.request('b', {}, { signal });

    channel.say({ id: 2, result: { of: 'b' } });
    channel.say({ id: 1, result: { of: 'a' } });

    expect(await Promise.all([first, second])).toEqual([{ of: 'a' }, { of: 'b' }]);
  });

  it('tells progress until the answer comes', async () => {
    const channel = new ScriptedChannel();
    const seen: number[] = [];
    const request = new ChannelConnection(channel).request(
      'a',
      {},
      { signal, onProgress: ({ progress }) => seen.push(progress) },
    );

    for (const progress of [1, 2])
      channel.say({ method: 'notifications/progress', params: { progressToken: 1, progress } });
    channel.say({ id: 1, result: {} });
    await request;
    channel.say({ method: 'notifications/progress', params: { progressToken: 1, progress: 3 } });

    expect(seen).toEqual([1, 2]);
  });

  it('cancels what the signal gives up', async () => {
    const channel = new ScriptedChannel();
    const giveUp = new AbortController();
    const request = new ChannelConnection(channel).request('a', {}, { signal: giveUp.signal });

    giveUp.abort(new GatewayError('OMNI_UPSTREAM_TIMEOUT', 'too slow'));

    await expect(request).rejects.toMatchObject({ code: 'OMNI_UPSTREAM_TIMEOUT' });
    expect(channel.sent[1]).toMatchObject({ method: 'notifications/cancelled', params: { requestId: 1 } });
  });

  it('sends nothing when it was given up before', async () => {
    const channel = new ScriptedChannel();
    const given = AbortSignal.abort(new GatewayError('OMNI_CANCELLED', 'x'));

    await expect(new ChannelConnection(channel).request('a', {}, { signal: given })).rejects.toMatchObject({
      code: 'OMNI_CANCELLED',
    });
    expect(channel.sent).toEqual([]);
  });
});
