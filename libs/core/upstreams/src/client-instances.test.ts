import { describe, expect, it } from '@jest/globals';
import { GatewayError, type UpstreamSpec } from '@omni/ports';
import { RecordingCall, ScriptedServer, upstreamSpecOf, VirtualClock, type ScriptedInstance, type ScriptedMessage } from '@omni/testing';
import { ownCall, type ClientContext, type RpcMessage, type UpstreamLink } from '@omni/wire';
import type { UpstreamLimits } from './upstream-limits.ts';
import type { Upstream } from './upstream.ts';
import { Upstreams } from './upstreams.ts';

const FORMS = '{"elicitation":{}}';
const FIVE_MINUTES_MS = 300_000;

function legacy(message: ScriptedMessage, instance: ScriptedInstance): void {
  if (message.method === 'server/discover') instance.refuse(message, -32601);
  if (message.method === 'initialize')
    instance.reply(message, '{"protocolVersion":"2025-11-25","capabilities":{"resources":{"subscribe":true}}}');
  if (message.method === 'resources/subscribe') instance.reply(message, '{}');
}

function clientOf(capabilities: string, principal = 'ada'): ClientContext {
  return {
    principal: { id: principal, kind: 'token' },
    era: 'modern',
    scope: undefined,
    session: undefined,
    capabilities,
    clientInfo: '{"name":"c","version":"1"}',
  };
}

class Scene {
  readonly clock = new VirtualClock();
  readonly server = new ScriptedServer(legacy);
  readonly upstreams: Upstreams;
  readonly upstream: Upstream;

  constructor(spec: Partial<UpstreamSpec> = {}, limits: Partial<UpstreamLimits> = {}) {
    this.upstreams = new Upstreams({
      specs: [upstreamSpecOf({ kind: 'channel', open: this.server.open }, { name: 'up', ...spec })],
      clock: this.clock,
      identity: { name: 'omni', version: '1' },
      limits,
      observer: { onStateChanged() {}, onReady() {}, onListsChanged() {} },
    });
    const upstream = this.upstreams.get('up');
    if (upstream === undefined) throw new TypeError('no upstream');
    this.upstream = upstream;
  }

  async start(): Promise<this> {
    this.upstreams.start();
    await this.clock.advanceAsync(0);
    return this;
  }

  /** The link of a client's call, once it is there. */
  async link(client: ClientContext): Promise<UpstreamLink | GatewayError> {
    let found: UpstreamLink | GatewayError | undefined;
    this.upstream.linkFor(client, (result) => (found = result));
    await this.clock.advanceAsync(0);
    if (found === undefined) throw new TypeError('nothing was told');
    return found;
  }

  /** What each instance was told at its start. */
  get told(): unknown[] {
    return this.server.instances.map((instance) => instance.last('initialize')?.params['capabilities']);
  }
}

describe('ClientInstances', () => {
  it('tell the server exactly what may be asked of the client', async () => {
    const scene = await new Scene().start();
    await scene.link(clientOf('{"elicitation":{"url":{}},"tasks":{},"vendor":{},"roots":{"listChanged":true}}'));
    expect(scene.told).toEqual([{}, { elicitation: { url: {} }, roots: {} }]);
    expect(scene.server.instances[1]?.last('initialize')?.params['clientInfo']).toEqual({ name: 'omni', version: '1' });
  });

  it('are one for each user and set of capabilities, however it is written', async () => {
    const scene = await new Scene().start();
    const links = [
      await scene.link(clientOf('{"elicitation":{},"roots":{}}')),
      await scene.link(clientOf('{ "roots":{"listChanged":true}, "elicitation": {} }')),
      await scene.link(clientOf('{"elicitation":{"url":{}},"roots":{}}')),
      await scene.link(clientOf('{"elicitation":{},"roots":{}}', 'bob')),
      await scene.link(clientOf('{}')),
      await scene.link(clientOf('{"tasks":{}}', 'bob')),
    ];
    expect(links.map((link) => links.indexOf(link))).toEqual([0, 0, 2, 3, 4, 4]);
    expect([links[4], scene.upstream.openLinkFor(clientOf('{"roots":{},"elicitation":{}}'))]).toEqual([scene.upstream.link, links[0]]);
    expect(scene.server.instances).toHaveLength(4);
  });

  it('do not exist where clients are to share, nor for more capabilities than anybody has', async () => {
    const shared = await new Scene({ instances: 'shared' }).start();
    expect(await shared.link(clientOf(FORMS))).toBe(shared.upstream.link);
    const scene = await new Scene().start();
    expect(await scene.link(clientOf(`{"experimental":{"x":"${'x'.repeat(17_000)}"}}`))).toBe(scene.upstream.link);
  });

  it('put a question to the one call that runs, and to none when there are more', async () => {
    const scene = await new Scene().start();
    const link = await scene.link(clientOf(FORMS));
    if (link instanceof GatewayError) throw link;
    const [one, two] = [new RecordingCall<RpcMessage>(), new RecordingCall<RpcMessage>()];
    link.send(ownCall('tools/call', '{}'), one);
    scene.server.instances[1]?.emit('{"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{}}');
    link.send(ownCall('tools/call', '{}'), two);
    scene.server.instances[1]?.emit('{"jsonrpc":"2.0","id":2,"method":"elicitation/create","params":{}}');
    expect([one.questions.length, two.questions.length]).toEqual([1, 0]);
    expect(scene.server.instances[1]?.received.at(-1)?.text).toContain(
      '"code":-32603,"message":"\\"up\\" asked for elicitation/create while',
    );
  });

  it('take no further call while a client has yet to answer, as long as there is room for another one', async () => {
    const scene = await new Scene({}, { maxInstances: 2 }).start();
    const ask = (instance: ScriptedInstance | undefined): void => instance?.emit('{"jsonrpc":"2.0","id":1,"method":"roots/list"}');
    const [first, second, third] = [new RecordingCall<RpcMessage>(), new RecordingCall<RpcMessage>(), new RecordingCall<RpcMessage>()];
    const one = await scene.link(clientOf(FORMS));
    if (one instanceof GatewayError) throw one;
    one.send(ownCall('tools/call', '{}'), first);
    expect(await scene.link(clientOf(FORMS))).toBe(one);
    ask(scene.server.instances[1]);
    const two = await scene.link(clientOf(FORMS));
    if (two instanceof GatewayError) throw two;
    two.send(ownCall('tools/call', '{}'), second);
    ask(scene.server.instances[2]);
    expect([two === one, first.questions.length, second.questions.length]).toEqual([false, 1, 1]);
    // There is room for no third: calls go on, questions would not.
    const shared = await scene.link(clientOf(FORMS));
    expect(shared).toBe(one);
    one.send(ownCall('tools/call', '{}'), third);
    ask(scene.server.instances[1]);
    expect(third.questions).toEqual([]);
    first.questions[0]?.answer(new GatewayError('OMNI_CANCELLED', 'no'));
    expect(await scene.link(clientOf(FORMS))).toBe(one);
  });

  it('close when nobody has used them for five minutes, and no call runs', async () => {
    const scene = await new Scene({ callTimeoutMs: 3_600_000, maxCallTimeMs: 3_600_000 }).start();
    const link = await scene.link(clientOf(FORMS));
    await scene.link(clientOf('{"roots":{}}'));
    if (link instanceof GatewayError) throw link;
    const call = link.send(ownCall('tools/call', '{}'), new RecordingCall<RpcMessage>());
    const isOpen = (): boolean[] => scene.server.instances.map((instance) => instance.isOpen);
    await scene.clock.advanceAsync(FIVE_MINUTES_MS + 60_000);
    expect(isOpen()).toEqual([true, true, false]);
    call.cancel();
    await scene.clock.advanceAsync(FIVE_MINUTES_MS + 60_000);
    expect([isOpen(), scene.upstream.getStatus().details['sessionInstances']]).toEqual([[true, false, false], 0]);
    await scene.link(clientOf(FORMS));
    expect(scene.server.instances).toHaveLength(4);
  });

  it('of one user are eight at most: the idlest makes room, and a busy one does not', async () => {
    const scene = await new Scene({ callTimeoutMs: 600_000 }).start();
    const capabilities = (index: number): string => `{"experimental":{"x${index}":{}}}`;
    for (let index = 0; index < 8; index++) {
      const link = await scene.link(clientOf(capabilities(index)));
      if (link instanceof GatewayError) throw link;
      if (index !== 3) link.send(ownCall('tools/call', '{}'), new RecordingCall<RpcMessage>());
    }
    const ninth = await scene.link(clientOf(capabilities(8)));
    if (ninth instanceof GatewayError) throw ninth;
    await scene.clock.advanceAsync(0);
    expect(scene.server.instances.map((instance) => instance.isOpen)).toEqual([
      true,
      true,
      true,
      true,
      false,
      true,
      true,
      true,
      true,
      true,
    ]);
    ninth.send(ownCall('tools/call', '{}'), new RecordingCall<RpcMessage>());
    expect(await scene.link(clientOf(capabilities(9)))).toMatchObject({ code: 'OMNI_OVERLOADED' });
    expect(await scene.link(clientOf(capabilities(9), 'bob'))).not.toBeInstanceOf(GatewayError);
  });

  it('make room for one another when there is no more for all', async () => {
    const scene = await new Scene({}, { maxInstances: 2 }).start();
    await scene.link(clientOf(FORMS));
    await scene.link(clientOf(FORMS, 'bob'));
    expect(await scene.link(clientOf(FORMS, 'eve'))).not.toBeInstanceOf(GatewayError);
    expect(scene.server.instances.map((instance) => instance.isOpen)).toEqual([true, false, true, true]);
  });

  it('open again after they broke', async () => {
    const scene = await new Scene().start();
    const first = await scene.link(clientOf(FORMS));
    scene.server.instances[1]?.exit(new GatewayError('OMNI_UPSTREAM_EXITED', 'crashed'));
    const second = await scene.link(clientOf(FORMS));
    expect([second instanceof GatewayError, second === first, scene.server.instances.length]).toEqual([false, false, 3]);
  });

  it('end with their upstream', async () => {
    const scene = await new Scene().start();
    await scene.link(clientOf(FORMS));
    await scene.upstreams.stop();
    expect([scene.server.instances.map((instance) => instance.isOpen), scene.clock.pendingTimers]).toEqual([[false, false], 0]);
  });

  it('are not needed to watch a resource', async () => {
    const scene = await new Scene().start();
    scene.upstream.subscribe(
      clientOf(FORMS),
      'file:///a',
      () => {},
      () => {},
    );
    await scene.clock.advanceAsync(0);
    expect([scene.server.instances.length, scene.server.instances[0]?.last('resources/subscribe') !== undefined]).toEqual([1, true]);
  });
});
