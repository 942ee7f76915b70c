import { describe, expect, it } from '@jest/globals';
import { parseMessage, type RpcMessage } from '@omni/jsonrpc';
import { DEFAULT_ROUTING, type RoutingSettings, type UpstreamSpec } from '@omni/ports';
import {
  RecordingCall,
  type ScriptedInstance,
  ScriptedServer,
  upstreamSpecOf,
  VirtualClock,
} from '@omni/testing';
import { connectionContextOf, credentialsOf } from '../connection/connection-context.fixture.ts';
import { callOf } from '../connection/upstream-call.fixture.ts';
import { ChannelConnection } from './channel-connection.ts';

const A = '{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"a"}}';
const B = '{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"b"}}';
const NOTE = '{"jsonrpc":"2.0","method":"notifications/x","params":{}}';

class Scene {
  readonly clock = new VirtualClock();
  readonly connection: ChannelConnection;
  readonly far: ScriptedInstance;

  constructor({ version = '2025-03-26', batch = { maxCalls: 3, windowMs: 5 } as RoutingSettings['batch'] }) {
    const server = new ScriptedServer(() => {});
    const opened: { connection?: ChannelConnection } = {};
    const channel = server.open({
      onMessage: (text) => opened.connection?.onMessage(text),
      onFramingError: () => {},
      onClose: (reason) => opened.connection?.onClose(reason),
    });
    const spec: UpstreamSpec = {
      ...upstreamSpecOf({ kind: 'channel', open: server.open }),
      routing: { ...DEFAULT_ROUTING, batch },
    };
    const context = connectionContextOf(this.clock);
    const handshake = parseMessage(
      `{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"${version}","capabilities":{}}}`,
      { maxDepth: 8, maxElements: 100 },
    );
    this.connection = new ChannelConnection({
      spec,
      context,
      credentials: credentialsOf(spec, context),
      boundTo: undefined,
      events: {
        onClosed() {},
        onListsChanged() {},
        onResourceUpdated: () => false,
        onReinitialized() {},
      },
      binding: undefined,
      onReport: () => {},
      era: 'legacy',
      // Written above.
      handshake: handshake as RpcMessage,
      channel,
      firstId: 3,
    });
    opened.connection = this.connection;
    // The server was opened once above.
    this.far = server.instances[0] as ScriptedInstance;
  }

  call(name: string, more: object = {}) {
    const recorded = new RecordingCall<RpcMessage>();
    const call = { ...callOf('tools/call', `{"name":"${name}"}`), ...more };
    return { recorded, running: this.connection.send(call, recorded) };
  }

  get written(): readonly string[] {
    return this.far.received.map(({ text }) => text);
  }
}

describe('calls to a server that speaks 2025-03-26', () => {
  it('are sent together, and each gets its own answer [S003-PH-10]', () => {
    const scene = new Scene({});
    const [a, b] = [scene.call('a'), scene.call('b')];
    scene.clock.advance(4);
    expect(scene.written).toEqual([]);
    scene.clock.advance(1);
    expect(scene.written).toEqual([`[${A},${B}]`]);
    scene.far.emit('[{"jsonrpc":"2.0","id":4,"result":{"b":1}},{"jsonrpc":"2.0","id":3,"result":{"a":1}}]');
    expect(a?.recorded.log).toEqual(['answer 200 {"jsonrpc":"2.0","id":3,"result":{"a":1}}']);
    expect(b?.recorded.log).toEqual(['answer 200 {"jsonrpc":"2.0","id":4,"result":{"b":1}}']);
    expect([scene.connection.inFlight, scene.clock.pendingTimers]).toEqual([0, 0]);
  });

  it('wait no longer once there are enough of them; one alone is no batch', () => {
    const scene = new Scene({ batch: { maxCalls: 2, windowMs: 5 } });
    scene.call('a');
    scene.call('b');
    expect(scene.written).toEqual([`[${A},${B}]`]);
    scene.call('c');
    scene.clock.advance(5);
    expect(scene.written[1]).toBe('{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"c"}}');
  });

  it('go before what is sent behind them', () => {
    const scene = new Scene({});
    scene.call('a');
    scene.connection.notify('notifications/x', '{}');
    scene.call('b');
    scene.call('c'.repeat(20_000));
    expect(scene.written.map((text) => text.slice(0, 100))).toEqual([A, NOTE, B, expect.anything()]);
  });

  // guard: batch/cancelled
  it('are not sent when they are cancelled before, and their server hears nothing of it', () => {
    const scene = new Scene({});
    const [a, b] = [scene.call('a'), scene.call('b')];
    a?.running.cancel();
    scene.clock.advance(5);
    expect(scene.written).toEqual([B]);
    b?.running.cancel();
    expect(scene.written[1]).toContain('notifications/cancelled');
    expect(scene.connection.inFlight).toBe(0);
  });

  it('fail as not sent where the connection ends or the server does not read', async () => {
    const scene = new Scene({});
    const [a, b] = [scene.call('a'), scene.call('b')];
    scene.far.takes = false;
    scene.clock.advance(5);
    await scene.clock.advanceAsync(0);
    const c = scene.call('c');
    void scene.connection.close();
    await scene.clock.advanceAsync(5);
    expect([a, b, c].map(({ recorded: { failure, phase } }) => `${failure?.code} ${phase}`)).toEqual([
      'OMNI_OVERLOADED not-sent',
      'OMNI_OVERLOADED not-sent',
      'OMNI_UPSTREAM_DOWN not-sent',
    ]);
    expect(scene.written.filter((text) => text.includes('tools/call'))).toEqual([]);
  });

  it('may have run once they are sent', () => {
    const scene = new Scene({});
    const { recorded } = scene.call('a');
    scene.clock.advance(5);
    void scene.connection.close();
    expect(recorded.phase).toBe('sent');
  });

  // guard: batch/own, batch/negotiated
  it.each<[string, ConstructorParameters<typeof Scene>[0], object?]>([
    ['nothing is set', { batch: DEFAULT_ROUTING.batch }, {}],
    ['another revision was agreed upon', { version: '2025-06-18' }, {}],
    ['they are Omni’s own', {}, { isInternal: true }],
  ])('are sent one by one where %s', (_what, settings, more) => {
    const scene = new Scene(settings);
    scene.call('a', more);
    scene.call('b', more);
    expect(scene.written).toEqual([A, B]);
  });
});
