import { describe, expect, it } from '@jest/globals';
import type { RpcMessage } from '@omni/jsonrpc';
import { LifecycleKeeper, type LifecycleOwner } from '@omni/model';
import { DEFAULT_LIFECYCLE, type OpenChannel, type UpstreamSpec } from '@omni/ports';
import { RecordingCall, ScriptedServer, upstreamSpecOf, VirtualClock } from '@omni/testing';
import { connectionLater, connectionOf } from '../found-connection.fixture.ts';
import { callOf, clientOf, legacyScript } from '../upstream-scene.fixture.ts';
import { Upstreams, type UpstreamsOptions } from '../upstreams.ts';

/* FAILING TESTS of a hostile reader: each shows a defect. */

const CLIENT = clientOf('{}');
const PROBED = { ...DEFAULT_LIFECYCLE, probe: { ...DEFAULT_LIFECYCLE.probe, jitter: 0 } };

/** How long a process takes to go when it is told to: two steps of the launcher. */
const DYING_MS = 4_000;

function sceneOf(
  spec: Partial<UpstreamSpec>,
  {
    script = legacyScript,
    options = () => ({}),
  }: {
    script?: ConstructorParameters<typeof ScriptedServer>[0];
    options?: (clock: VirtualClock) => Partial<UpstreamsOptions>;
  } = {},
) {
  const clock = new VirtualClock();
  const server = new ScriptedServer(script);
  let alive = 0;
  let mostAlive = 0;
  const open: OpenChannel = (listener) => {
    mostAlive = Math.max(mostAlive, ++alive);
    const instance = server.open(listener);
    const close = instance.close.bind(instance);
    let closing: Promise<void> | undefined;
    (instance as { close: () => Promise<void> }).close = () =>
      (closing ??= new Promise((resolve) => {
        clock.after(DYING_MS, () => {
          alive--;
          void close().then(resolve);
        });
      }));
    return instance;
  };
  const upstreams = new Upstreams({
    specs: [upstreamSpecOf({ kind: 'channel', open }, { name: 'up', lifecycle: PROBED, ...spec })],
    clock,
    identity: { name: 'omni', version: '1' },
    random: () => 0,
    observer: {
      onStateChanged() {},
      onReady: (_name, _connection, onListed) => onListed(false),
      onListsChanged() {},
    },
    ...options(clock),
  });
  const upstream = upstreams.get('up');
  if (upstream === undefined) throw new TypeError('no upstream');
  return {
    clock,
    server,
    upstreams,
    upstream,
    get mostAlive() {
      return mostAlive;
    },
    async start() {
      upstreams.start();
      await clock.advanceAsync(0);
    },
  };
}

const answersPings: typeof legacyScript = (message, instance) => {
  if (message.method === 'ping') instance.reply(message, '{}');
  else legacyScript(message, instance);
};

/** Decides in another thread: a moment later. */
const owner = (clock: VirtualClock): LifecycleOwner => ({
  adopt({ record, settings }, executor) {
    let shown = record;
    const keeper = new LifecycleKeeper({
      record,
      settings,
      clock,
      random: () => 0,
      executor: {
        execute: (command) => void clock.after(1, () => executor.execute(command)),
        onChanged: (next, notes) =>
          void clock.after(1, () => {
            shown = next;
            executor.onChanged(next, notes);
          }),
      },
    });
    return {
      get record() {
        return shown;
      },
      report: (event) => void clock.after(1, () => keeper.report(event)),
      configure: (next) => keeper.configure(next),
      release: () => keeper.release(),
    };
  },
});

describe('R: one process at a time', () => {
  it('holds for a server that fell asleep and is wanted while its process still ends', async () => {
    const scene = sceneOf({ idleStopMs: 60_000 }, { script: answersPings });
    await scene.start();
    await scene.clock.advanceAsync(60_100);
    expect(scene.upstream.record.state.phase).toBe('asleep');
    connectionLater(scene.upstream, CLIENT);
    await scene.clock.advanceAsync(100);
    expect(scene.mostAlive).toBe(1);
  });

  it('holds for a server that is switched off and on again', async () => {
    const scene = sceneOf({}, { script: answersPings });
    await scene.start();
    const { spec } = scene.upstream;
    scene.upstream.update({ ...spec, enabled: false }, 0);
    scene.upstream.update({ ...spec, enabled: true }, 0);
    scene.upstream.start();
    await scene.clock.advanceAsync(100);
    expect(scene.mostAlive).toBe(1);
  });

  it('holds for a server whose handshake timed out', async () => {
    const scene = sceneOf({ protocol: 'legacy', connectTimeoutMs: 10_000 }, { script: () => {} });
    await scene.start();
    await scene.clock.advanceAsync(10_600);
    expect(scene.mostAlive).toBe(1);
  });

  it('holds for an old server that is silent about server/discover', async () => {
    const scene = sceneOf(
      {},
      {
        script: (message, instance) => {
          if (message.method !== 'server/discover') answersPings(message, instance);
        },
      },
    );
    await scene.start();
    await scene.clock.advanceAsync(30_000);
    expect(scene.mostAlive).toBe(1);
  });

  it('holds for a server that refuses its capability check', async () => {
    const scene = sceneOf(
      { health: { strategy: 'capability' } },
      {
        script: (message, instance) => {
          if (message.method === 'resources/list') instance.refuse(message, -32000);
          else answersPings(message, instance);
        },
      },
    );
    await scene.start();
    await scene.clock.advanceAsync(31_000);
    expect(scene.mostAlive).toBe(1);
  });
});

describe('R: probes', () => {
  it('begin when a new definition in place switches them on', async () => {
    let pings = 0;
    const off = { ...PROBED, probe: { ...PROBED.probe, intervalMs: 0 } };
    const scene = sceneOf(
      { lifecycle: off },
      {
        script: (message, instance) => {
          if (message.method === 'ping') pings++;
          answersPings(message, instance);
        },
      },
    );
    await scene.start();
    scene.upstream.update({ ...scene.upstream.spec, lifecycle: PROBED }, 0);
    scene.upstream.start();
    await scene.clock.advanceAsync(3_600_000);
    expect(pings).toBeGreaterThan(0);
  });

  it('end a server that hangs for an hour, though clients keep calling it', async () => {
    let isHanging = false;
    const scene = sceneOf(
      { callTimeoutMs: 60_000 },
      {
        script: (message, instance) => {
          if (!isHanging || scene.server.instances.length > 1) answersPings(message, instance);
        },
      },
    );
    await scene.start();
    isHanging = true;
    const calls: RecordingCall<RpcMessage>[] = [];
    for (let turn = 0; turn < 360 && scene.server.instances.length === 1; turn++) {
      const call = new RecordingCall<RpcMessage>();
      calls.push(call);
      connectionOf(scene.upstream, CLIENT).send(callOf(CLIENT), call);
      await scene.clock.advanceAsync(10_000);
    }
    expect({
      instances: scene.server.instances.length,
      failed: calls.filter((c) => c.failure).length,
    }).toEqual({
      instances: 2,
      failed: expect.any(Number),
    });
  });

  it('that somebody waits for are waited for, also where the owner decides a moment later', async () => {
    const scene = sceneOf({}, { options: (clock) => ({ lifecycle: owner(clock) }) });
    await scene.start();
    await scene.clock.advanceAsync(100);
    expect(scene.upstream.record.state.phase).toBe('ready');
    let isOver = false;
    void scene.upstream.probe().then(() => (isOver = true));
    await scene.clock.advanceAsync(2_000);
    // The server does not answer: its probe is over after 5 s.
    expect(isOver).toBe(false);
  });
});

describe('R: a capability check', () => {
  it('does not cut calls under way for one refused list', async () => {
    const scene = sceneOf(
      { health: { strategy: 'capability' }, callTimeoutMs: 600_000 },
      {
        script: (message, instance) => {
          if (message.method === 'resources/list') instance.refuse(message, -32603);
          else answersPings(message, instance);
        },
      },
    );
    await scene.start();
    const call = new RecordingCall<RpcMessage>();
    connectionOf(scene.upstream, CLIENT).send(callOf(CLIENT), call);
    await scene.clock.advanceAsync(31_000);
    expect(call.failure).toBeUndefined();
  });
});

describe('R: an idle stop that is decided in another thread', () => {
  it('cuts no call that came meanwhile', async () => {
    const failures: unknown[] = [];
    // One call per scene, in one of the milliseconds around the time at which it is to fall asleep.
    for (let offset = -2; offset < 12; offset++) {
      const scene = sceneOf(
        { idleStopMs: 60_000, callTimeoutMs: 600_000 },
        { script: answersPings, options: (clock) => ({ lifecycle: owner(clock) }) },
      );
      await scene.start();
      await scene.clock.advanceAsync(60_000 + offset);
      const call = new RecordingCall<RpcMessage>();
      scene.upstream.connectionFor(CLIENT, (found) => {
        if ('send' in found) found.send(callOf(CLIENT), call);
        else failures.push(found);
      });
      await scene.clock.advanceAsync(1_000);
      if (call.failure !== undefined) failures.push([offset, call.failure.message]);
    }
    expect(failures).toEqual([]);
  });
});
