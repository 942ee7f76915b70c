import { describe, expect, it } from '@jest/globals';
import { type Dialect, Dialects, internalCall } from '@omni/model';
import { RecordingCall, ScriptedServer, upstreamSpecOf, VirtualClock } from '@omni/testing';
import type { RpcMessage } from '@omni/jsonrpc';
import { Upstreams } from '../upstreams.ts';

const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';
const DIALECT: Dialect = {
  version: '2099-01-01',
  headersOf: () => [],
  toCommon: (method, result) => (method === 'tools/call' ? result.replace('"said"', '"content"') : result),
  fromCommon: (_method, result) => result,
};

/** A server on a channel, and the versions that it was asked in. */
async function open(script: (isOwn: boolean, id: string, method: string) => string) {
  const clock = new VirtualClock();
  const asked: unknown[] = [];
  const server = new ScriptedServer((message, instance) => {
    const meta = message.params['_meta'] as Record<string, unknown> | undefined;
    const version = meta?.[VERSION_KEY];
    asked.push(version);
    const members = script(version === DIALECT.version, JSON.stringify(message.id), message.method ?? '');
    instance.emit(`{"jsonrpc":"2.0","id":${JSON.stringify(message.id)},${members}}`);
  });
  const upstreams = new Upstreams({
    specs: [upstreamSpecOf({ kind: 'channel', open: server.open })],
    clock,
    identity: { name: 'omni', version: '1' },
    dialects: new Dialects([DIALECT]),
    observer: { onStateChanged() {}, onReady() {}, onListsChanged() {} },
  });
  upstreams.start();
  await clock.advanceAsync(0);
  return { asked, clock, upstream: upstreams.get('up') };
}

const REFUSAL = '"error":{"code":-32022,"message":"no","data":{"supported":["2099-01-01"]}}';
const DISCOVERED = '"result":{"supportedVersions":["2099-01-01"],"capabilities":{}}';

describe('a server of a dialect', () => {
  it('is asked again in it, and its answers are told in the common terms', async () => {
    const { asked, clock, upstream } = await open((isOwn, _id, method) => {
      if (!isOwn) return REFUSAL;
      return method === 'server/discover' ? DISCOVERED : '"result":{ "said":[ 1.0 ],"n":1e2}';
    });
    const call = new RecordingCall<RpcMessage>();
    const params = `{"name":"x","_meta":{ "${VERSION_KEY}" : "2026-07-28","k":1.0}}`;
    upstream?.connection?.send(internalCall('tools/call', params), call);
    await clock.advanceAsync(0);
    expect(asked).toEqual(['2026-07-28', '2099-01-01', '2099-01-01']);
    expect(call.last).toContain('"result":{ "content":[ 1.0 ],"n":1e2}');
  });

  it('is asked in it once, and failed when it refuses that, too', async () => {
    const { asked, upstream } = await open(() => REFUSAL);
    expect(asked).toEqual(['2026-07-28', '2099-01-01']);
    expect(upstream?.record.state).toMatchObject({ phase: 'down' });
  });
});
