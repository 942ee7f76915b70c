import { describe, expect, it } from '@jest/globals';
import type { RpcMessage } from '@omni/jsonrpc';
import { RecordingCall } from '@omni/testing';
import { answersPings, dyingServer, laterOwner } from '../lifecycle/dying-server.fixture.ts';
import { callOf, clientOf } from '../upstream-scene.fixture.ts';

const CLIENT = clientOf('{}');

describe('an idle stop that is decided in another thread', () => {
  it('cuts no call that came meanwhile', async () => {
    const failures: unknown[] = [];
    // One call per scene, in one of the milliseconds around the time at which it is to fall asleep.
    for (let offset = -2; offset < 12; offset++) {
      const scene = dyingServer(
        { idleStopMs: 60_000, callTimeoutMs: 600_000 },
        { script: answersPings, options: (clock) => ({ lifecycle: laterOwner(clock) }) },
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
