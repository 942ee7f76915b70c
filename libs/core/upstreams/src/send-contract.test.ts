import { describe, expect, it } from '@jest/globals';
import type { RpcMessage } from '@omni/jsonrpc';
import type { SendCall, UpstreamCall } from '@omni/model';
import { GatewayError, type OpenChannel } from '@omni/ports';
import { RecordingCall, upstreamSpecOf, VirtualClock } from '@omni/testing';
import { sendContract } from '@omni/testing/contracts';
import { connect } from './connect.ts';
import { connectionContextOf, credentialsOf } from './connection/connection-context.fixture.ts';
import type { OpenConnection } from './connection/open-connection.ts';
import { callOf } from './connection/upstream-call.fixture.ts';
import { open as openLegacy } from './http/legacy-http-connection.fixture.ts';
import { openModern } from './http/modern-http-connection.fixture.ts';
import {
  callOf as clientCall,
  clientOf,
  FORMS,
  legacyScript,
  UpstreamScene,
} from './upstream-scene.fixture.ts';

const CALL = callOf('tools/call', '{}');

/** Some turns of the microtask queue: what a script needs to answer. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

function sendOf(connection: { readonly send: SendCall }): SendCall {
  return (call, handler) => connection.send(call, handler);
}

/**
 * Answers a call while it is being sent, as a server in the same process may.
 *
 * @param before, after - Done around it.
 */
function openAtOnce(
  after: (listener: Parameters<OpenChannel>[0]) => void = () => {},
  before: () => void = () => {},
): OpenChannel {
  return (listener) => ({
    send(text) {
      const { id, method } = JSON.parse(text);
      const result = method === 'initialize' ? '{"protocolVersion":"2025-11-25","capabilities":{}}' : '{}';
      const answer = (): void => listener.onMessage(`{"jsonrpc":"2.0","id":${id},"result":${result}}`);
      if (method === 'tools/call') {
        before();
        answer();
        after(listener);
      } else if (id !== undefined) queueMicrotask(answer);
      return true;
    },
    close: () => Promise.resolve(),
  });
}

async function channelConnection(open: OpenChannel): Promise<OpenConnection> {
  const clock = new VirtualClock();
  const events = { onClosed() {}, onListsChanged() {}, onResourceUpdated: () => false, onReinitialized() {} };
  const spec = upstreamSpecOf({ kind: 'channel', open });
  const context = connectionContextOf(clock);
  const found = await new Promise<OpenConnection | GatewayError>((resolve) => {
    const credentials = credentialsOf(spec, context);
    connect(
      { spec, context, credentials, events, binding: undefined, era: 'legacy', onReport() {} },
      resolve,
    );
  });
  if (found instanceof GatewayError) throw found;
  return found;
}

async function closed(connection: OpenConnection): Promise<SendCall> {
  void connection.close();
  await settle();
  return sendOf(connection);
}

// guard: link/answered-at-once
describe('send of a channel that answers while it is being sent to', () => {
  sendContract<UpstreamCall, RpcMessage>(it, {
    call: CALL,
    answering: async () => sendOf(await channelConnection(openAtOnce())),
    closed: async () => closed(await channelConnection(openAtOnce())),
    settle,
  });

  it('tells the answers of calls that are sent while one is being sent', async () => {
    const [outer, inner] = [new RecordingCall<RpcMessage>(), new RecordingCall<RpcMessage>()];
    const connection = await channelConnection(
      openAtOnce(undefined, () => connection.send(callOf('ping', ''), inner)),
    );
    connection.send(CALL, outer);
    expect([...outer.log, ...inner.log]).toEqual([]);
    await settle();
    expect(outer.log).toEqual(['answer 200 {"jsonrpc":"2.0","id":2,"result":{}}']);
    expect(inner.log).toEqual(['answer 200 {"jsonrpc":"2.0","id":3,"result":{}}']);
  });

  it('tells what comes behind an early answer behind it', async () => {
    const note = '{"jsonrpc":"2.0","method":"notifications/message","params":{}}';
    const connection = await channelConnection(
      openAtOnce((listener) => {
        listener.onMessage(note);
        listener.onClose(undefined);
      }),
    );
    const [first, later] = [new RecordingCall<RpcMessage>(), new RecordingCall<RpcMessage>()];
    connection.send(CALL, first);
    await settle();
    expect(first.log).toEqual(['answer 200 {"jsonrpc":"2.0","id":2,"result":{}}']);
    connection.send(CALL, later);
    await settle();
    expect(later.log).toEqual(['failure OMNI_UPSTREAM_EXITED']);
  });
});

describe('send of modern HTTP', () => {
  sendContract<UpstreamCall, RpcMessage>(it, {
    call: CALL,
    answering: () => {
      const { connection, http } = openModern();
      return Promise.resolve((call, handler) => {
        const running = connection.send(call, handler);
        queueMicrotask(() => http.last.result('{}'));
        return running;
      });
    },
    closed: () => closed(openModern().connection),
    settle,
  });
});

describe('send of legacy HTTP', () => {
  sendContract<UpstreamCall, RpcMessage>(it, {
    call: CALL,
    answering: async () => {
      const { connection, http } = await openLegacy();
      return (call, handler) => {
        const running = connection.send(call, handler);
        queueMicrotask(() => http.of('tools/call').at(-1)?.result('{}'));
        return running;
      };
    },
    closed: async () => closed((await openLegacy()).connection),
    settle,
  });
});

describe('send of an instance per request', () => {
  const client = clientOf(FORMS);
  const opened = async (startsAgain: boolean): Promise<SendCall> => {
    const scene = new UpstreamScene({ instances: 'per-request' }, {}, (message, instance) => {
      if (message.method === 'initialize' && scene.server.instances.length > 1 && !startsAgain)
        return instance.exit(undefined);
      legacyScript(message, instance);
      if (message.method === 'tools/call') instance.reply(message, '{}');
    });
    await scene.start();
    return sendOf(await scene.openConnection(client));
  };
  describe('for a call', () => {
    sendContract<UpstreamCall, RpcMessage>(it, {
      call: clientCall(client),
      answering: () => opened(true),
      closed: () => opened(false),
      settle,
    });
  });
  describe('for the log level, which the next instance is told', () => {
    sendContract<UpstreamCall, RpcMessage>(it, {
      call: callOf('logging/setLevel', '{"level":"info"}'),
      answering: () => opened(true),
      settle,
    });
  });
});
