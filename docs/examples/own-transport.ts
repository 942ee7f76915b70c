/**
 * A transport of your own, checked by the suite that the transports of Omni pass, and then a gateway behind it.
 * Here it is a `MessagePort`; the suites take `test` from whatever runs them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageChannel as PortPair, type MessagePort } from 'node:worker_threads';
import { createMasterServer } from '@omni/container';
import type { ChannelListener, MessageChannel, OpenChannel } from '@omni/ports';
import { messageChannelContract } from '@omni/testing/contracts';

/** A channel over a port: one message a text. */
function portChannel(port: MessagePort): OpenChannel {
  return (listener: ChannelListener): MessageChannel => {
    let isOpen = true;
    const end = new Promise<void>((resolve) => {
      port.once('close', () => {
        isOpen = false;
        listener.onClose(undefined);
        resolve();
      });
    });
    port.on('message', (text: string) => {
      if (isOpen) listener.onMessage(text);
    });
    return {
      get isOpen() {
        return isOpen;
      },
      send(text) {
        if (isOpen) port.postMessage(text);
        return isOpen;
      },
      close() {
        isOpen = false;
        port.close();
        return end;
      },
    };
  };
}

/** The far side of the suite: it sends back what it gets. */
function openEcho(listener: ChannelListener): MessageChannel {
  const { port1, port2 } = new PortPair();
  port2.on('message', (text: string) => port2.postMessage(text));
  return portChannel(port1)(listener);
}

messageChannelContract(test, openEcho);

await test('a gateway serves clients over it', async () => {
  await using server = createMasterServer();
  await server.start();
  const { port1, port2 } = new PortPair();
  const connection = server.bind(portChannel(port2));
  const answered = new Promise<string>((resolve) => {
    const client = portChannel(port1)({ onMessage: resolve, onFramingError() {}, onClose() {} });
    client.send('{"jsonrpc":"2.0","id":1,"method":"ping"}');
  });
  assert.equal(await answered, '{"jsonrpc":"2.0","id":1,"result":{}}');
  await connection.close();
  console.log('own-transport: the suite holds, and a client was answered');
});
