import { parseMessage, type RpcMessage } from '@omni/jsonrpc';
import { ALL_SERVERS, internalCall, type ClientContext, type SendCall, type UpstreamCall } from '@omni/model';
import { GatewayError, systemClock, type OpenChannel } from '@omni/ports';
import { upstreamSpecOf } from '@omni/testing';
import { Upstreams } from '@omni/upstreams';

export const CALL: UpstreamCall = { ...internalCall('tools/call', '{}'), allowPassthrough: true };

export const MESSAGE: RpcMessage = messageOf(
  '{"jsonrpc":"2.0","method":"notifications/message","params":{}}',
);

const CLIENT: ClientContext = {
  principal: { id: 'me', kind: 'local' },
  era: 'modern',
  endpoint: ALL_SERVERS,
  session: undefined,
  capabilities: '{}',
  clientInfo: '{}',
};

const RESULTS: Readonly<Record<string, string>> = {
  'server/discover': '{"supportedVersions":["2026-07-28"],"capabilities":{"tools":{}}}',
};

/** A server in the same process, which answers as soon as it can. */
const openServer: OpenChannel = (listener) => ({
  send(text) {
    const { id, method } = JSON.parse(text);
    const answer = `{"jsonrpc":"2.0","id":${id},"result":${RESULTS[method] ?? '{}'}}`;
    if (id !== undefined) queueMicrotask(() => listener.onMessage(answer));
    return true;
  },
  close: () => Promise.resolve(listener.onClose(undefined)),
});

/** A connection of a real `Upstreams`, and the means to end it. */
export async function openConnection(): Promise<{ send: SendCall; stop: () => Promise<void> }> {
  const upstreams = new Upstreams({
    specs: [upstreamSpecOf({ kind: 'channel', open: openServer })],
    clock: systemClock,
    identity: { name: 'omni', version: '1' },
    observer: { onStateChanged() {}, onReady() {}, onListsChanged() {} },
  });
  upstreams.start();
  const connection = await new Promise<{ readonly send: SendCall }>((resolve, reject) => {
    upstreams
      .get('up')
      ?.connectionFor(CLIENT, (found) => (found instanceof GatewayError ? reject(found) : resolve(found)));
  });
  return { send: (call, handler) => connection.send(call, handler), stop: () => upstreams.stop() };
}

function messageOf(text: string): RpcMessage {
  const message = parseMessage(text, { maxDepth: 8, maxElements: 32 });
  if (message.kind !== 'notification') throw new TypeError('no notification');
  return message;
}

/** Lets everything happen that waits for no time to pass. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}
