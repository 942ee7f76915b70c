import { describe, expect, it } from '@jest/globals';
import { connectionLater } from '../found-connection.fixture.ts';
import { clientOf } from '../upstream-scene.fixture.ts';
import { answersPings, dyingServer } from './dying-server.fixture.ts';

const CLIENT = clientOf('{}');

describe('one process at a time', () => {
  // guard: lifecycle/one-process
  it('holds for a server that fell asleep and is wanted while its process still ends', async () => {
    const scene = dyingServer({ idleStopMs: 60_000 }, { script: answersPings });
    await scene.start();
    await scene.clock.advanceAsync(60_100);
    expect(scene.upstream.record.state.phase).toBe('asleep');
    connectionLater(scene.upstream, CLIENT);
    await scene.clock.advanceAsync(100);
    expect(scene.mostAlive).toBe(1);
    // Negative control: the next one comes when that is gone.
    await scene.clock.advanceAsync(4_000);
    expect(scene.server.instances).toHaveLength(2);
  });

  it('holds for a server that is switched off and on again', async () => {
    const scene = dyingServer({}, { script: answersPings });
    await scene.start();
    const { spec } = scene.upstream;
    scene.upstream.update({ ...spec, enabled: false }, 0);
    scene.upstream.update({ ...spec, enabled: true }, 0);
    scene.upstream.start();
    await scene.clock.advanceAsync(100);
    expect(scene.mostAlive).toBe(1);
  });

  it('holds for a server whose handshake timed out', async () => {
    const scene = dyingServer({ protocol: 'legacy', connectTimeoutMs: 10_000 }, { script: () => {} });
    await scene.start();
    await scene.clock.advanceAsync(10_600);
    expect(scene.mostAlive).toBe(1);
  });

  it('holds for an old server that is silent about server/discover', async () => {
    const scene = dyingServer(
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
    const scene = dyingServer(
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
