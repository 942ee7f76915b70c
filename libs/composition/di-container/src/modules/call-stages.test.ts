import { describe, expect, it } from '@jest/globals';
import type { RpcMessage } from '@omni/jsonrpc';
import {
  ALL_SERVERS,
  callerKeyOf,
  type ClientContext,
  internalCall,
  type UpstreamCall,
  type UpstreamConnection,
} from '@omni/model';
import { GatewayError } from '@omni/ports';
import { RecordingCall, type ScriptedInstance, type ScriptedMessage, ScriptedServer } from '@omni/testing';
import { rootScope } from '../create-master-server.ts';
import { inProcessUpstream } from '../gateway-options.ts';
import { parseConfigurationText } from '../node/node-configuration.ts';
import { Token } from '../token.ts';

const CLIENT: ClientContext = {
  principal: { id: 'ada', kind: 'token' },
  era: 'modern',
  endpoint: ALL_SERVERS,
  session: undefined,
  capabilities: '{}',
  clientInfo: '{}',
};
const CALL: UpstreamCall = {
  ...internalCall('tools/call', '{}'),
  callerKey: callerKeyOf(CLIENT),
  caller: CLIENT.principal,
  isInternal: false,
};

/** A legacy server that answers no call. */
function legacy(message: ScriptedMessage, instance: ScriptedInstance): void {
  if (message.method === 'server/discover' || message.method === 'tools/list')
    instance.refuse(message, -32601);
  if (message.method === 'initialize')
    instance.reply(message, '{"protocolVersion":"2025-11-25","capabilities":{}}');
}

/** The upstreams of a gateway, as they are wired, with one server that has an instance for each request. */
function gateway(limits: string) {
  const server = new ScriptedServer(legacy);
  const configuration = {
    ...parseConfigurationText(`{"limits":${limits}}`, 'omni.json', {}),
    upstreams: [{ ...inProcessUpstream('up', server.open), instances: 'per-request' as const }],
  };
  const root = rootScope({ configuration, startGraceMs: 0 });
  const upstreams = root.get(Token.Upstreams);
  const upstream = upstreams.get('up');
  if (upstream === undefined) throw new TypeError('no upstream');
  const connection = () =>
    new Promise<UpstreamConnection | GatewayError>((resolve) => upstream.connectionFor(CLIENT, resolve));
  const opened = async (): Promise<UpstreamConnection> => {
    const found = await connection();
    if (found instanceof GatewayError) throw found;
    return found;
  };
  return { upstreams, upstream, server, limiter: root.get(Token.CallLimiter), connection, opened };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

function sent(connection: UpstreamConnection, call = CALL) {
  const recorded = new RecordingCall<RpcMessage>();
  return { recorded, running: connection.send(call, recorded) };
}

describe('the stages of a gateway', () => {
  it('limit the calls of a server also where each has an instance, and thus a connection, of its own', async () => {
    const { upstreams, upstream, limiter, server, opened } = gateway('{"maxUpstreamInFlight":2}');
    upstreams.start();
    const calls = [];
    for (let n = 0; n < 3; n++) {
      calls.push(sent(await opened()));
      await settle();
    }
    expect(calls.map(({ recorded }) => recorded.failure?.message)).toEqual([
      undefined,
      undefined,
      '"ada" has 2 of 2 calls to "up" under way and gets no more now (limits.maxUpstreamInFlight is 2)',
    ]);
    const own = server.instances.slice(1);
    expect(own.map(({ isOpen }) => isOpen)).toEqual([true, true, false]);
    calls[0]?.running.cancel();
    await settle();
    expect(limiter.inFlight(upstream.spec)).toBe(1);
    const next = sent(await opened());
    await settle();
    expect(next.recorded.log).toEqual([]);
    await upstreams.stop();
    expect(limiter.inFlight(upstream.spec)).toBe(0);
  });

  it('let Omni list a server that is full of calls of clients', async () => {
    const { upstreams, upstream, opened } = gateway('{"maxUpstreamInFlight":1,"maxInstanceInFlight":1}');
    upstreams.start();
    sent(await opened());
    await settle();
    const list = new RecordingCall<RpcMessage>();
    upstream.connection?.send(internalCall('tools/list', ''), list);
    await settle();
    expect(list.log).toEqual([expect.stringContaining('"error":{"code":-32601')]);
    await upstreams.stop();
  });

  it('count calls that wait for a server to start among its calls', async () => {
    const { upstreams, upstream, limiter, connection } = gateway('{"maxUpstreamInFlight":2}');
    upstreams.start();
    const waiting = [connection(), connection()];
    expect(limiter.inFlight(upstream.spec)).toBe(2);
    expect(await connection()).toMatchObject({
      code: 'OMNI_OVERLOADED',
      message:
        '"ada" has 2 of 2 calls to "up" under way and gets no more now (limits.maxUpstreamInFlight is 2)',
    });
    await Promise.all(waiting);
    expect(limiter.inFlight(upstream.spec)).toBe(0);
    await upstreams.stop();
  });
});
