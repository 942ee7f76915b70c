import { describe, expect, it } from '@jest/globals';
import type { ChannelListener, GatewayError, MessageChannel } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { createMasterServer } from './create-master-server.ts';
import { inProcessUpstream, type GatewayUpstream } from './gateway-options.ts';
import { GatewayScene, SceneClient, ToolServer } from './gateway-scene.fixture.ts';

/** Longer than the first pauses between restarts. */
const RESTARTS_MS = 20_000;

function fail(): never {
  throw new RangeError('not today');
}

async function codeOf(failing: () => unknown): Promise<string> {
  try {
    await failing();
  } catch (error) {
    // What is refused is refused with an error of the table.
    return (error as GatewayError).code;
  }
  return 'nothing failed';
}

/** A good server, and one of the same code that does the given thing once it is told to. */
function sceneOf(own: (toolServer: ToolServer) => GatewayUpstream['transport']) {
  const clock = new VirtualClock();
  const good = new ToolServer({ clock, name: 'good', tools: ['t'] });
  const bad = new ToolServer({ clock, name: 'bad', tools: ['t'] });
  const scene = new GatewayScene([good.spec, { ...bad.spec, transport: own(bad) }], clock);
  return { scene, clock, good, bad };
}

/** What of a server in the same process throws, as soon as it is told to. */
class Faults {
  isOn = false;

  open(server: ToolServer, listener: ChannelListener, part: string): MessageChannel {
    if (this.isOn && part === 'open') fail();
    const channel = server.open(listener);
    const when = (at: string): void => {
      if (this.isOn && part === at) fail();
    };
    return {
      send: (text) => {
        when('send');
        return channel.send(text);
      },
      close: () => {
        when('close');
        return channel.close();
      },
    };
  }
}

describe('a server in the same process whose code throws', () => {
  it.each(['open', 'send', 'close'])(
    'in %s at the first start hurts neither Omni nor others',
    async (part) => {
      const faults = new Faults();
      faults.isOn = true;
      const { scene, clock } = sceneOf((server) => ({
        kind: 'channel',
        open: (listener) => faults.open(server, listener, part),
      }));
      await scene.start();
      await clock.advanceAsync(RESTARTS_MS);
      const [good, bad] = scene.server.upstreams();
      expect(good?.state).toBe('ready');
      expect(bad?.state).toBe(part === 'close' ? 'ready' : 'down');
      if (part !== 'close') {
        expect(bad?.lastError?.message).toContain(`its ${part} function threw`);
        expect(bad?.ownerReports[0]?.lines[0]).toBe('RangeError: not today');
      }
      await scene.stop();
    },
  );

  it.each(['open', 'send'])('in %s at a restart is started again until it throws no more', async (part) => {
    const faults = new Faults();
    const { scene, clock, bad } = sceneOf((server) => ({
      kind: 'channel',
      open: (listener) => faults.open(server, listener, part),
    }));
    await scene.start();
    expect(scene.server.upstreams()[1]?.state).toBe('ready');
    faults.isOn = true;
    bad.instances[0]?.exit(undefined);
    await clock.advanceAsync(RESTARTS_MS);
    expect(scene.server.upstreams().map(({ state }) => state)).toEqual(['ready', 'down']);
    faults.isOn = false;
    await clock.advanceAsync(120_000);
    expect(scene.server.upstreams().map(({ state }) => state)).toEqual(['ready', 'ready']);
    await scene.stop();
  });

  it('while a call is sent fails that call, and no other', async () => {
    const faults = new Faults();
    const { scene } = sceneOf((server) => ({
      kind: 'channel',
      open: (listener) => faults.open(server, listener, 'send'),
    }));
    await scene.start();
    await scene.quiet();
    faults.isOn = true;
    const client = new SceneClient(scene.server);
    const answers = await Promise.all(
      ['good__t', 'bad__t'].map((name) => scene.answer(client.modern('tools/call', { name, arguments: {} }))),
    );
    expect(answers[0]).toContain('"text":"good t"');
    expect(answers[1]).toContain('OMNI_UPSTREAM_EXITED');
    await scene.stop();
  });
});

describe('a configuration that a program has made', () => {
  const clock = new VirtualClock();
  const a = new ToolServer({ clock, name: 'a', tools: ['t'] }).spec;
  const refused: readonly [string, readonly GatewayUpstream[]][] = [
    ['two servers of one name', [a, a]],
    ['a name that is none', [a, { ...a, name: 'a b/' }]],
    ['no name', [a, { ...a, name: undefined as unknown as string }]],
    ['an unfinished definition', [a, { name: 'b' } as unknown as GatewayUpstream]],
    [
      'a server that cannot be reached',
      [a, { ...a, name: 'b', transport: { kind: 'stdio', command: 'x', args: [], env: {} } }],
    ],
  ];

  it.each(refused)('is refused with %s', async (_what, upstreams) => {
    expect(await codeOf(() => createMasterServer({ configuration: { upstreams } }))).toBe(
      'OMNI_CONFIG_INVALID',
    );
  });

  it.each(refused)('is refused as a whole with %s at run time', async (_what, upstreams) => {
    const gateway = createMasterServer({ clock, configuration: { upstreams: [a] } });
    expect(await codeOf(() => gateway.apply(upstreams))).toBe('OMNI_CONFIG_INVALID');
    expect(gateway.configuration.effective().upstreams).toEqual([a]);
    expect(gateway.upstreams()).toHaveLength(1);
  });
});

describe('a client in memory', () => {
  // guard: connect/unknown
  it('is refused a server that is not there, and told which there are', async () => {
    const { scene } = sceneOf((server) => ({ kind: 'channel', open: server.open }));
    await scene.start();
    let error: unknown;
    try {
      scene.server.connect('unknown');
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({
      code: 'OMNI_SERVER_UNKNOWN',
      message: 'There is no server "unknown"',
      hint: 'There are good, bad.',
    });
    await scene.stop();
  });

  // guard: connect/off
  it('is refused a server that is switched off, and told why', async () => {
    const { scene, good, bad } = sceneOf((server) => ({ kind: 'channel', open: server.open }));
    await scene.start();
    await scene.server.apply([good.spec, { ...bad.spec, enabled: false, disabledReason: 'by hand' }]);
    expect(() => scene.server.connect('bad')).toThrow(
      expect.objectContaining({
        code: 'OMNI_UPSTREAM_DISABLED',
        message: '"bad" is switched off: by hand',
      }),
    );
    await scene.stop();
  });

  // guard: endpoint/off
  it('is told that its server was switched off, and served again when it is on', async () => {
    const { scene, good, bad } = sceneOf((server) => ({ kind: 'channel', open: server.open }));
    await scene.start();
    await scene.quiet();
    const client = new SceneClient(scene.server, 'bad');
    const late = new SceneClient(scene.server, 'bad');
    await scene.server.apply([good.spec, { ...bad.spec, enabled: false }]);
    await scene.quiet();
    const initialize = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'l', version: '1' },
    };
    for (const asked of [
      client.modern('tools/list'),
      client.modern('server/discover'),
      late.request('initialize', initialize),
    ])
      expect(await scene.answer(asked)).toContain('OMNI_UPSTREAM_DISABLED');
    await scene.server.apply([good.spec, bad.spec]);
    await scene.quiet();
    expect(await scene.answer(client.modern('tools/list'))).toContain('"name":"t"');
    await scene.stop();
  });

  // guard: endpoint/removed
  it('is told that its server is gone, and served again when it is back', async () => {
    const { scene, good, bad } = sceneOf((server) => ({ kind: 'channel', open: server.open }));
    await scene.start();
    await scene.quiet();
    const modern = new SceneClient(scene.server, 'bad');
    const legacy = new SceneClient(scene.server, 'bad');
    await scene.answer(legacy.initialize().then(() => ''));
    await scene.server.apply([good.spec]);
    await scene.quiet();
    expect(await scene.answer(modern.modern('tools/list'))).toContain('OMNI_SERVER_UNKNOWN');
    expect(await scene.answer(modern.modern('server/discover'))).toContain('OMNI_SERVER_UNKNOWN');
    expect(await scene.answer(legacy.request('tools/list', {}))).toContain('OMNI_SERVER_UNKNOWN');
    const late = modern.request('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'late', version: '1' },
    });
    expect(await scene.answer(late)).toContain('OMNI_SERVER_UNKNOWN');
    await scene.server.apply([good.spec, bad.spec]);
    await scene.quiet();
    expect(await scene.answer(modern.modern('tools/list'))).toContain('"name":"t"');
    expect(await scene.answer(legacy.request('tools/list', {}))).toContain('"name":"t"');
    await scene.stop();
  });

  it('hears that the gateway has stopped, behind the answers to its requests', async () => {
    const clock = new VirtualClock();
    const slow = new ToolServer({ clock, name: 'slow', tools: ['t'], answersAfterMs: 60_000 });
    const scene = await new GatewayScene([slow.spec], clock).start();
    await scene.quiet();
    const client = scene.server.connect();
    const heard: string[] = [];
    client.onMessage((text) => heard.push(text));
    client.onClose((reason) => heard.push(`closed: ${reason?.code}`));
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const params = { name: 'slow__t', arguments: {}, _meta };
    client.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }));
    await clock.advanceAsync(0);
    const stopped = scene.stop();
    await clock.advanceAsync(0);
    await stopped;
    expect(heard).toEqual([expect.stringContaining('OMNI_SHUTTING_DOWN'), 'closed: OMNI_SHUTTING_DOWN']);
    expect(client.send('{}')).toBe(false);
    expect(await codeOf(() => scene.server.connect())).toBe('OMNI_SHUTTING_DOWN');
  });

  it('hears that it was cut, when more comes at once than it can take', async () => {
    const clock = new VirtualClock();
    const noisy = inProcessUpstream('noisy', (gateway) => ({
      send(text) {
        const { id, method, params } = JSON.parse(text) as {
          readonly id?: number;
          readonly method: string;
          readonly params?: { readonly _meta?: { readonly progressToken?: unknown } };
        };
        const results: Readonly<Record<string, string>> = {
          initialize:
            '{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"noisy","version":"1"}}',
          'tools/list': '{"tools":[{"name":"t","inputSchema":{"type":"object"}}]}',
        };
        if (method === 'tools/call') {
          const progressToken = JSON.stringify(params?._meta?.progressToken);
          for (let progress = 0; progress < 30_000; progress++)
            gateway.onMessage(
              `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${progressToken},"progress":${progress}}}`,
            );
        } else if (id !== undefined) {
          const result = results[method];
          const answer =
            result === undefined ? '"error":{"code":-32601,"message":"no"}' : `"result":${result}`;
          queueMicrotask(() => gateway.onMessage(`{"jsonrpc":"2.0","id":${id},${answer}}`));
        }
        return true;
      },
      close: () => Promise.resolve(),
    }));
    const scene = await new GatewayScene([noisy], clock).start();
    await scene.quiet();
    const client = scene.server.connect();
    const closed = new Promise<string | undefined>((resolve) =>
      client.onClose((reason) => resolve(reason?.code)),
    );
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
      progressToken: 'p',
    };
    const params = { name: 'noisy__t', arguments: {}, _meta };
    client.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }));
    await clock.advanceAsync(0);
    expect(await closed).toBe('OMNI_ANSWERS_UNREAD');
    await scene.stop();
  });
});
