import { describe, expect, it } from '@jest/globals';
import type { RpcMessage } from '@omni/jsonrpc';
import type { UpstreamSpec } from '@omni/ports';
import { RecordingCall } from '@omni/testing';
import { connectionLater } from '../found-connection.fixture.ts';
import type { OpenConnection } from '../connection/open-connection.ts';
import { callOf, clientOf, FakeSession, UpstreamScene } from '../upstream-scene.fixture.ts';

const CLIENT = clientOf('{}');

async function sceneOf(spec: Partial<UpstreamSpec>): Promise<UpstreamScene> {
  return await new UpstreamScene(spec).start();
}

function phaseOf({ upstream }: UpstreamScene): string {
  return upstream.record.state.phase;
}

describe('an upstream that is stopped when nobody needs it', () => {
  it('falls asleep, and the next call starts it and waits', async () => {
    const scene = await sceneOf({ idleStopMs: 60_000 });
    await scene.clock.advanceAsync(59_999);
    expect(phaseOf(scene)).toBe('ready');
    await scene.clock.advanceAsync(100);
    expect(phaseOf(scene)).toBe('asleep');
    expect(scene.open).toEqual([false]);
    const found = connectionLater(scene.upstream, CLIENT);
    expect(found.result).toBeUndefined();
    await scene.settle();
    expect(found.result).toHaveProperty('upstream', 'up');
    expect(scene.open).toEqual([false, true]);
    // And falls asleep again.
    await scene.clock.advanceAsync(60_100);
    expect(phaseOf(scene)).toBe('asleep');
  });

  it('stays while a call is under way, a session has an instance, or calls keep coming', async () => {
    const scene = await sceneOf({ idleStopMs: 60_000, callTimeoutMs: 600_000 });
    const connection = (await scene.openConnection(CLIENT)) as OpenConnection;
    const running = connection.send(callOf(CLIENT), new RecordingCall<RpcMessage>());
    await scene.clock.advanceAsync(200_000);
    expect(phaseOf(scene)).toBe('ready');
    running.cancel();
    for (let count = 0; count < 5; count++) {
      await scene.clock.advanceAsync(50_000);
      await scene.connection(CLIENT);
    }
    expect(phaseOf(scene)).toBe('ready');
    const session = new FakeSession('{"elicitation":{}}');
    await scene.connection(session.client);
    await scene.clock.advanceAsync(200_000);
    expect(phaseOf(scene)).toBe('ready');
    session.end();
    await scene.clock.advanceAsync(130_000);
    expect(phaseOf(scene)).toBe('asleep');
  });

  it('is not woken by a look at whether it lives', async () => {
    const scene = await sceneOf({ idleStopMs: 60_000 });
    await scene.clock.advanceAsync(60_100);
    await scene.upstream.probe();
    await scene.clock.advanceAsync(600_000);
    expect(phaseOf(scene)).toBe('asleep');
    expect(scene.server.instances).toHaveLength(1);
  });

  it('stays where nothing says that it is to be stopped', async () => {
    const scene = await sceneOf({});
    await scene.clock.advanceAsync(86_400_000);
    expect(phaseOf(scene)).toBe('ready');
  });
});

describe('an upstream that is started on demand', () => {
  it('is started once to be listed, and sleeps until a call needs it', async () => {
    const scene = await sceneOf({ start: 'on-demand' });
    expect(phaseOf(scene)).toBe('ready');
    await scene.clock.advanceAsync(60_100);
    expect(phaseOf(scene)).toBe('asleep');
    await scene.upstreams.stop();
    // What it lists is known by now.
    scene.upstreams.start();
    await scene.settle();
    expect(phaseOf(scene)).toBe('asleep');
    expect(scene.server.instances).toHaveLength(1);
    await scene.connection(CLIENT);
    expect(phaseOf(scene)).toBe('ready');
    expect(scene.server.instances).toHaveLength(2);
  });
});
