import { createChannelPair } from '@omni/model';
import { GatewayError, type MessageChannel } from '@omni/ports';
import { describe, expect, it } from '@jest/globals';
import { ClientChannel } from './client-channel.ts';

const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';

/** A client, and the gateway's end of its connection. */
function connected() {
  const [near, far] = createChannelPair();
  const received: string[] = [];
  const gateway: MessageChannel = far({
    onMessage: (text) => void received.push(text),
    onFramingError() {},
    onClose() {},
  });
  const stopped = new GatewayError('OMNI_SHUTTING_DOWN', 'Omni has stopped');
  const client = new ClientChannel(near, () => stopped);
  return { client, gateway, received, stopped };
}

async function microtasks(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
}

describe('ClientChannel', () => {
  it('says whether what is sent is taken', async () => {
    const { client, received } = connected();
    expect(client.isOpen).toBe(true);
    expect(client.send(PING)).toBe(true);
    await client.close();
    expect(received).toEqual([PING]);
    expect(client.isOpen).toBe(false);
    expect(client.send(PING)).toBe(false);
  });

  it('tells the end once, with its reason, behind the last message', async () => {
    const { client, gateway, stopped } = connected();
    const heard: unknown[] = [];
    client.onMessage((text) => heard.push(text));
    client.onClose((reason) => heard.push(reason));
    gateway.send('last');
    await gateway.close();
    await microtasks();
    expect(heard).toEqual(['last', stopped]);
    expect(client.isOpen).toBe(false);
    await client.close();
    expect(heard).toHaveLength(2);
  });

  it('tells no reason to the client that has ended it itself', async () => {
    const { client } = connected();
    const heard: unknown[] = [];
    client.onClose((reason) => heard.push(reason));
    await client[Symbol.asyncDispose]();
    expect(heard).toEqual([undefined]);
  });

  it('tells the end to a listener that comes behind it', async () => {
    const { client, gateway, stopped } = connected();
    await gateway.close();
    await microtasks();
    const heard: unknown[] = [];
    client.onClose((reason) => heard.push(reason));
    expect(heard).toEqual([stopped]);
  });

  it('has functions that need no object', async () => {
    const { client, gateway, received, stopped } = connected();
    const { send, onMessage, onClose, close } = client;
    const heard: unknown[] = [];
    onMessage((text) => heard.push(text));
    onClose((reason) => heard.push(reason));
    expect(send(PING)).toBe(true);
    await microtasks();
    expect(received).toEqual([PING]);
    await gateway.close();
    await close();
    expect(heard).toEqual([stopped]);
  });

  it('tells the end behind messages that wait for a listener', async () => {
    const { client, gateway, stopped } = connected();
    const heard: unknown[] = [];
    client.onClose((reason) => heard.push(reason));
    gateway.send('first');
    gateway.send('last');
    await gateway.close();
    await microtasks();
    expect(heard).toEqual([]);
    client.onMessage((text) => heard.push(text));
    expect(heard).toEqual(['first', 'last', stopped]);
  });

  it('keeps what waits behind a message on which its listener throws', async () => {
    const { client, gateway } = connected();
    gateway.send('first');
    gateway.send('second');
    await microtasks();
    const heard: unknown[] = [];
    client.onClose(() => heard.push('closed'));
    expect(() =>
      client.onMessage((text) => {
        heard.push(text);
        if (text === 'first') throw new RangeError('planted');
      }),
    ).toThrow('planted');
    gateway.send('third');
    await gateway.close();
    await microtasks();
    expect(heard).toEqual(['first', 'second', 'third', 'closed']);
  });

  // guard: memory/unread-client
  it('ends when ten thousand messages wait and nobody listens', async () => {
    const { client, gateway } = connected();
    for (let count = 0; count < 10_000; count++) {
      gateway.send('waits');
      if (count % 1_000 === 0) await microtasks();
    }
    await microtasks();
    expect(client.isOpen).toBe(true);
    gateway.send('one too many');
    await microtasks();
    expect(client.isOpen).toBe(false);
    const received: string[] = [];
    client.onMessage((text) => received.push(text));
    expect(received).toHaveLength(10_000);
  });
});
