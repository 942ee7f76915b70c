import { describe, expect, it } from '@jest/globals';
import type { RpcMessage } from '@omni/jsonrpc';
import { RecordingCall } from '@omni/testing';
import { connectionOf } from '../found-connection.fixture.ts';
import { answersPings, dyingServer, laterOwner, PROBED } from '../lifecycle/dying-server.fixture.ts';
import { callOf, clientOf } from '../upstream-scene.fixture.ts';

const CLIENT = clientOf('{}');

describe('probes', () => {
  it('begin when a new definition in place switches them on', async () => {
    let pings = 0;
    const off = { ...PROBED, probe: { ...PROBED.probe, intervalMs: 0 } };
    const scene = dyingServer(
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

  it('end a server that hangs, though clients keep calling it', async () => {
    let isHanging = false;
    const scene = dyingServer(
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
      scene.upstream.connectionFor(CLIENT, (found) => {
        if ('send' in found) found.send(callOf(CLIENT), call);
      });
      await scene.clock.advanceAsync(10_000);
      // Negative control: the call that began before is left its own time.
      if (turn < 5) expect(scene.server.instances.map(({ isOpen }) => isOpen)).toEqual([true]);
    }
    expect(scene.server.instances).toHaveLength(2);
    expect(calls.length).toBeLessThan(15);
  });

  it('that somebody waits for are waited for, also where the owner decides a moment later', async () => {
    const scene = dyingServer({}, { options: (clock) => ({ lifecycle: laterOwner(clock) }) });
    await scene.start();
    await scene.clock.advanceAsync(100);
    expect(scene.upstream.record.state.phase).toBe('ready');
    let isOver = false;
    void scene.upstream.probe().then(() => (isOver = true));
    await scene.clock.advanceAsync(2_000);
    // The server does not answer: its probe is over after 5 s.
    expect(isOver).toBe(false);
  });

  it('do not cut calls under way for one refused list', async () => {
    const scene = dyingServer(
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
    // Negative control: one after the other they end it.
    await scene.clock.advanceAsync(600_000);
    expect(scene.server.instances.length).toBeGreaterThan(1);
  });
});
