import { describe, expect, it } from '@jest/globals';
import type { Outcome, ReplySink } from '@omni/model';
import { GatewayError, type Millis } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { RepeatedRequest } from './repeated-request.ts';

const DOWN: Outcome = { kind: 'error', error: new GatewayError('OMNI_UPSTREAM_DOWN', 'down') };
const ANSWER: Outcome = { kind: 'message', payload: '{}', status: 200 };
// Nothing of it is read here.
const QUESTION = {} as Parameters<ReplySink['serverRequest']>[1];

/** One attempt, as the scene plays it. */
interface Run {
  readonly reply: ReplySink;
  cancelled: string | undefined | false;
}

class Scene {
  readonly clock = new VirtualClock();
  readonly runs: Run[] = [];
  readonly told: unknown[] = [];
  readonly repeated: string[] = [];
  readonly request: RepeatedRequest;

  readonly answeredAfterMs: Millis[] = [];

  constructor(repeatAfterMs: readonly Millis[], hedgeAfterMs?: Millis) {
    const delays = [...repeatAfterMs];
    const options = {
      run: (reply: ReplySink) => {
        const run: Run = { reply, cancelled: false };
        this.runs.push(run);
        return { cancel: (reason?: string) => (run.cancelled = reason) };
      },
      policy: {
        isTimed: true,
        repeatAfterMs: () => {
          const delayMs = delays.shift();
          if (delayMs !== undefined) this.repeated.push('retry');
          return delayMs;
        },
        hedgeAfterMs: () => (this.repeated.length === 0 ? hedgeAfterMs : undefined),
        takeHedge: () => this.repeated.push('hedge') > 0,
        onAnswer: (ms: Millis) => void this.answeredAfterMs.push(ms),
      },
      clock: this.clock,
    };
    this.request = new RepeatedRequest(options, {
      notification: () => this.told.push('notification') > 0,
      onDrain: (listener) => listener(),
      serverRequest: () => void this.told.push('question'),
      settle: (outcome) => void this.told.push(outcome),
      chunks: {
        onResponseHead: () => void this.told.push('head'),
        onChunk: () => this.told.push('chunk') > 0,
        onResponseEnd: () => void this.told.push('end'),
      },
    }).begin();
  }

  run(index: number): ReplySink {
    const run = this.runs[index];
    if (run === undefined) throw new RangeError(`no attempt ${index}`);
    return run.reply;
  }
}

const NOTIFICATION = { method: 'notifications/progress', text: '{}', params: undefined };

describe('a request that fails', () => {
  it('is run again after a pause, and ends with what its policy does not repeat', () => {
    const scene = new Scene([100, 200]);
    scene.run(0).settle(DOWN);
    scene.clock.advance(99);
    expect(scene.runs).toHaveLength(1);
    scene.clock.advance(1);
    scene.run(1).settle(DOWN);
    scene.clock.advance(200);
    scene.run(2).settle(DOWN);
    expect(scene.told).toEqual([DOWN]);
    expect(scene.repeated).toEqual(['retry', 'retry']);
    expect(scene.clock.pendingTimers).toBe(0);
  });

  it('ends with an answer', () => {
    const scene = new Scene([100]);
    scene.run(0).settle(DOWN);
    scene.clock.advance(100);
    scene.run(1).settle(ANSWER);
    expect(scene.told).toEqual([ANSWER]);
  });

  // guard: attempts/one-shown
  it.each<[string, (reply: ReplySink) => void]>([
    ['a notification', (reply) => void reply.notification(NOTIFICATION)],
    [
      'the head of an answer',
      (reply) => reply.chunks?.onResponseHead({ status: 200, length: 2, isError: false, isKept: true }),
    ],
    ['a question', (reply) => reply.serverRequest('up', QUESTION, () => {})],
  ])('is not run again behind %s', (_what, show) => {
    const scene = new Scene([100]);
    show(scene.run(0));
    scene.run(0).settle(DOWN);
    scene.clock.advance(1_000);
    expect(scene.told.at(-1)).toBe(DOWN);
    expect(scene.runs).toHaveLength(1);
  });

  it('is not run again once it is cancelled, also in a pause', () => {
    const scene = new Scene([100]);
    scene.run(0).settle(DOWN);
    scene.request.cancel('gone');
    scene.clock.advance(1_000);
    expect(scene.runs).toHaveLength(1);
    expect(scene.told).toEqual([]);
  });
});

describe('a request that is slow', () => {
  it('gets another attempt beside it; the first answer counts, and the other attempt is cancelled', () => {
    const scene = new Scene([], 50);
    scene.clock.advance(50);
    expect(scene.repeated).toEqual(['hedge']);
    scene.clock.advance(7);
    scene.run(1).settle(ANSWER);
    expect(scene.answeredAfterMs).toEqual([7]);
    expect(scene.told).toEqual([ANSWER]);
    expect(scene.runs.map(({ cancelled }) => cancelled)).toEqual([undefined, false]);
    scene.run(0).settle(ANSWER);
    expect(scene.told).toHaveLength(1);
  });

  it('hears one attempt only, from its first word on', () => {
    const scene = new Scene([], 50);
    scene.clock.advance(50);
    scene.run(0).notification(NOTIFICATION);
    expect(scene.runs[1]?.cancelled).toBe('another attempt has answered');
    let refused: unknown;
    scene.run(1).serverRequest('up', QUESTION, (answer) => (refused = answer));
    expect(refused).toMatchObject({ code: 'OMNI_CANCELLED' });
    scene.run(1).settle(ANSWER);
    expect(scene.told).toEqual(['notification']);
    scene.run(0).settle(ANSWER);
    expect(scene.told).toEqual(['notification', ANSWER]);
  });

  it('waits for the attempt that still runs when one fails', () => {
    const scene = new Scene([10], 50);
    scene.clock.advance(50);
    scene.run(0).settle(DOWN);
    scene.clock.advance(1_000);
    expect(scene.runs).toHaveLength(2);
    scene.run(1).settle(ANSWER);
    expect(scene.told).toEqual([ANSWER]);
  });

  it('is cancelled with all its attempts', () => {
    const scene = new Scene([], 50);
    scene.clock.advance(50);
    scene.request.cancel('gone');
    expect(scene.runs.map(({ cancelled }) => cancelled)).toEqual(['gone', 'gone']);
    expect(scene.clock.pendingTimers).toBe(0);
  });

  it('gets none once its answer has begun', () => {
    const scene = new Scene([], 50);
    const { chunks } = scene.run(0);
    chunks?.onResponseHead({ status: 200, length: 2, isError: false, isKept: true });
    scene.clock.advance(1_000);
    chunks?.onChunk(new Uint8Array(2));
    chunks?.onResponseEnd();
    expect(scene.runs).toHaveLength(1);
    expect(scene.told).toEqual(['head', 'chunk', 'end']);
  });
});
