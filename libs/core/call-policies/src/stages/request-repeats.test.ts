import { describe, expect, it } from '@jest/globals';
import type { CallPhase, Outcome, ReplySink, RoutedRequest } from '@omni/model';
import { DEFAULT_ROUTING, GatewayError, type RoutingSettings } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { requestRepeats } from './request-repeats.ts';
import { RecordedReply, requestOf, specWith } from './stage-scene.fixture.ts';

const READ_ONLY = { isReadOnly: true, isIdempotent: true, isDestructive: false };
const ANSWER: Outcome = { kind: 'message', payload: '{}', status: 200 };

function failure(code: GatewayError['code'], phase: CallPhase, data?: Record<string, unknown>): Outcome {
  return { kind: 'error', error: new GatewayError(code, 'no', data && { data }), phase };
}

class Scene {
  readonly clock = new VirtualClock();
  readonly repeated: string[] = [];
  attempts: ReplySink[] = [];
  readonly #stage;

  constructor(routing: Partial<RoutingSettings> = {}) {
    const spec = specWith(routing);
    this.#stage = requestRepeats({
      specOf: () => spec,
      clock: this.clock,
      random: () => 1,
      onRepeated: ({ upstream, attempt, why }) => void this.repeated.push(`${upstream} ${attempt} ${why}`),
    });
  }

  run(request: RoutedRequest): RecordedReply {
    const reply = new RecordedReply();
    this.attempts = [];
    this.#stage(request, (to) => {
      this.attempts.push(to);
      return { cancel() {} };
    })(reply);
    return reply;
  }

  /** How often a request is run whose attempts all end so. */
  attemptsOf(request: RoutedRequest, outcome: Outcome): number {
    const reply = this.run(request);
    for (let attempt = 0; attempt < this.attempts.length && attempt < 20; attempt++) {
      this.attempts[attempt]?.settle(outcome);
      this.clock.advance(10_000);
    }
    expect(reply.outcomes).toEqual([outcome]);
    return this.attempts.length;
  }
}

describe('a request that fails', () => {
  // guard: repeat/pinned
  it.each<[string, RoutedRequest, Outcome, number]>([
    ['a read that broke off', requestOf('resources/read'), failure('OMNI_UPSTREAM_EXITED', 'sent'), 3],
    ['a call that broke off', requestOf('tools/call'), failure('OMNI_UPSTREAM_EXITED', 'sent'), 1],
    ['a call that was not sent', requestOf('tools/call'), failure('OMNI_UPSTREAM_EXITED', 'not-sent'), 3],
    [
      'a call that says itself that it reads only, of a server that is not trusted',
      requestOf('tools/call', { hints: READ_ONLY }),
      failure('OMNI_UPSTREAM_EXITED', 'sent'),
      1,
    ],
    [
      'a call that was asked to come back',
      requestOf('tools/call'),
      failure('OMNI_UPSTREAM_HTTP_STATUS', 'head-received', { status: 429 }),
      3,
    ],
    [
      'a call that met a broken server',
      requestOf('tools/call'),
      failure('OMNI_UPSTREAM_HTTP_STATUS', 'head-received', { status: 503 }),
      1,
    ],
    [
      'a read that met a broken server',
      requestOf('prompts/get'),
      failure('OMNI_UPSTREAM_HTTP_STATUS', 'head-received', { status: 503 }),
      3,
    ],
    [
      'a read of a task',
      requestOf('resources/read', { isPinned: true }),
      failure('OMNI_UPSTREAM_EXITED', 'sent'),
      1,
    ],
    ['a read that is refused', requestOf('resources/read'), failure('OMNI_PARAMS_INVALID', 'not-sent'), 1],
  ])('is run again or not: %s [S003-RT-03] [X003-07]', (_what, request, outcome, attempts) => {
    expect(new Scene().attemptsOf(request, outcome)).toBe(attempts);
  });

  it('is run again for a tool that reads only, of a trusted server', () => {
    const request = requestOf('tools/call', { hints: READ_ONLY });
    const outcome = failure('OMNI_UPSTREAM_EXITED', 'sent');
    expect(new Scene({ trustsHints: true }).attemptsOf(request, outcome)).toBe(3);
  });

  it('waits longer each time, and as long as the server asks for', () => {
    const scene = new Scene();
    scene.run(requestOf('resources/read'));
    scene.attempts[0]?.settle(failure('OMNI_UPSTREAM_UNREACHABLE', 'sent'));
    scene.clock.advance(249);
    expect(scene.attempts).toHaveLength(1);
    scene.clock.advance(1);
    scene.attempts[1]?.settle(
      failure('OMNI_UPSTREAM_HTTP_STATUS', 'head-received', { status: 429, retryAfterSeconds: 3 }),
    );
    scene.clock.advance(3_499);
    expect(scene.attempts).toHaveLength(2);
    scene.clock.advance(1);
    expect(scene.attempts).toHaveLength(3);
    expect(scene.repeated).toEqual(['up 2 safe', 'up 3 refused']);
  });

  it('waits for a server that has just gone, when it is safe, and not for one that is long gone', () => {
    const soon = failure('OMNI_UPSTREAM_DOWN', 'not-sent', { retryAfterS: 1 });
    const scene = new Scene();
    scene.run(requestOf('resources/read'));
    scene.attempts[0]?.settle(soon);
    scene.clock.advance(1_000);
    expect(scene.attempts).toHaveLength(2);
    expect(scene.repeated).toEqual(['up 2 started']);
    expect(new Scene().attemptsOf(requestOf('tools/call'), soon)).toBe(1);
    const late = failure('OMNI_UPSTREAM_DOWN', 'not-sent', { retryAfterS: 30 });
    expect(new Scene().attemptsOf(requestOf('resources/read'), late)).toBe(1);
  });

  it('is run again no more often than its settings say', () => {
    const outcome = failure('OMNI_UPSTREAM_EXITED', 'sent');
    const { retry } = DEFAULT_ROUTING;
    const once = new Scene({ retry: { ...retry, attempts: 1 } });
    expect(once.attemptsOf(requestOf('resources/read'), outcome)).toBe(1);
    const often = new Scene({ retry: { ...retry, attempts: 5 } });
    expect(often.attemptsOf(requestOf('resources/read'), outcome)).toBe(5);
  });

  it('is not run again when its upstream has used up its budget', () => {
    const { retry } = DEFAULT_ROUTING;
    const scene = new Scene({ retry: { ...retry, attempts: 10, backoffMs: 1, maxBackoffMs: 1, budget: 0 } });
    const outcome = failure('OMNI_UPSTREAM_EXITED', 'sent');
    for (let request = 0; request < 4; request++) {
      scene.run(requestOf('resources/read'));
      for (let attempt = 0; attempt < scene.attempts.length; attempt++) {
        scene.attempts[attempt]?.settle(outcome);
        scene.clock.advance(1);
      }
    }
    // One a second is always allowed, counted over ten.
    expect(scene.repeated).toHaveLength(10);
  });

  it('is not run again beyond its deadline', () => {
    const scene = new Scene({ deadlineMs: 300 });
    expect(scene.attemptsOf(requestOf('resources/read'), failure('OMNI_UPSTREAM_EXITED', 'sent'))).toBe(2);
  });
});

describe('a read that is slow', () => {
  const hedge = { quantile: 0.5, minDelayMs: 10 };

  function usual(scene: Scene, request: RoutedRequest): void {
    for (let sample = 0; sample < 40; sample++) {
      scene.run(request);
      scene.clock.advance(20);
      scene.attempts[0]?.settle(ANSWER);
    }
  }

  it('gets a second attempt when most would have answered [S003-RT-08]', () => {
    const scene = new Scene({ hedge });
    const request = requestOf('resources/read');
    usual(scene, request);
    const reply = scene.run(request);
    scene.clock.advance(30);
    expect(scene.attempts).toHaveLength(2);
    expect(scene.repeated).toEqual(['up 2 slow']);
    scene.attempts[1]?.settle(ANSWER);
    expect(reply.outcomes).toEqual([ANSWER]);
  });

  it.each<[string, Partial<RoutingSettings>, RoutedRequest]>([
    ['the settings do not say so', {}, requestOf('resources/read')],
    ['it is a call that may write', { hedge }, requestOf('tools/call')],
    [
      'its client wants to hear of its progress',
      { hedge },
      requestOf('resources/read', { wantsProgress: true }),
    ],
  ])('gets none where %s', (_why, routing, request) => {
    const scene = new Scene(routing);
    usual(scene, request);
    scene.run(request);
    scene.clock.advance(10_000);
    expect(scene.attempts).toHaveLength(1);
  });
});

describe('a request that waits for its next attempt', () => {
  // guard: repeat/not-run
  it('has left nothing behind when the last one has not run', () => {
    const scene = new Scene();
    const request = requestOf('tools/call');
    request.context.wasSent = true;
    scene.run(request);
    scene.attempts[0]?.settle(failure('OMNI_UPSTREAM_HTTP_STATUS', 'sent', { status: 429 }));
    expect(request.context.wasSent).toBe(false);
  });

  it('has when it may have run', () => {
    const scene = new Scene();
    const request = requestOf('resources/read');
    request.context.wasSent = true;
    scene.run(request);
    scene.attempts[0]?.settle(failure('OMNI_UPSTREAM_EXITED', 'sent'));
    expect(request.context.wasSent).toBe(true);
  });
});
