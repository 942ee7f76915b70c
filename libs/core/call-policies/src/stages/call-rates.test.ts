import { describe, expect, it } from '@jest/globals';
import { OMNI, type Principal, type RoutingSettings } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { CallQueues } from '../queue/call-queues.ts';
import { callRates } from './call-rates.ts';
import { callOf, SentCall, specWith } from './stage-scene.fixture.ts';

class Scene {
  readonly clock = new VirtualClock();
  readonly limited: string[] = [];
  readonly #stage = callRates({
    queues: new CallQueues(this.clock),
    clock: this.clock,
    onLimited: (upstream, { scope }) => void this.limited.push(`${upstream} ${scope}`),
  });
  readonly #spec;

  constructor(routing: Partial<RoutingSettings>) {
    this.#spec = specWith(routing);
  }

  call(name = 'add', more: Parameters<typeof callOf>[1] = {}): SentCall {
    return new SentCall([this.#stage], this.#spec, callOf(name, more));
  }
}

describe('calls to a server that come too fast', () => {
  // guard: rate/calls
  it('are refused behind a burst, with how long to wait [S000-GRD-01] [S000-GRD-02]', async () => {
    const scene = new Scene({ rate: { perSecond: 5, burst: 10 } });
    const calls = Array.from({ length: 11 }, () => scene.call());
    await scene.clock.advanceAsync(0);
    expect(calls.filter(({ handler }) => handler !== undefined)).toHaveLength(10);
    const refused = calls[10];
    expect(refused?.recorded.failure).toMatchObject({
      code: 'OMNI_RATE_LIMITED',
      message: 'Requests to this server come faster than routing.rate allows',
      data: { limit: 'upstream', retryAfterS: 1 },
    });
    expect(scene.limited).toEqual(['up upstream']);
    await scene.clock.advanceAsync(200);
    expect(scene.call().handler).toBeDefined();
    expect(scene.call().handler).toBeUndefined();
  });

  it('wait for their turn where they may [S000-GRD-02]', async () => {
    const scene = new Scene({
      rate: { perSecond: 10, burst: 1 },
      queue: { maxWaiting: 2, maxWaitMs: 10_000 },
    });
    const [first, second, third, fourth] = Array.from({ length: 4 }, () => scene.call());
    await scene.clock.advanceAsync(0);
    expect(first?.handler).toBeDefined();
    expect(second?.handler).toBeUndefined();
    expect(fourth?.failure).toBe('OMNI_QUEUE_FULL');
    await scene.clock.advanceAsync(100);
    expect(second?.handler).toBeDefined();
    expect(third?.handler).toBeUndefined();
    await scene.clock.advanceAsync(100);
    expect(third?.handler).toBeDefined();
    expect(scene.clock.pendingTimers).toBe(0);
  });

  it('wait no longer than they may, and are gone when they are cancelled', async () => {
    const scene = new Scene({
      rate: { perSecond: 0.1, burst: 1 },
      queue: { maxWaiting: 5, maxWaitMs: 2_000 },
    });
    scene.call();
    const [waiting, cancelled] = [scene.call(), scene.call()];
    cancelled.cancel();
    await scene.clock.advanceAsync(2_000);
    expect(waiting.failure).toBe('OMNI_QUEUE_FULL');
    await scene.clock.advanceAsync(20_000);
    expect(cancelled.handler).toBeUndefined();
    expect(cancelled.recorded.log).toEqual([]);
  });

  // guard: rate/token-back
  it('take no token of the server where their tool has none left when their turn comes', async () => {
    const scene = new Scene({
      rate: { perSecond: 1, burst: 1 },
      capabilityRate: { perSecond: 0.001, burst: 1 },
      queue: { maxWaiting: 10, maxWaitMs: 10_000 },
    });
    scene.call('other');
    const same = Array.from({ length: 4 }, () => scene.call('add'));
    const third = scene.call('third');
    await scene.clock.advanceAsync(2_000);
    expect(same.map(({ failure }) => failure)).toEqual([
      undefined,
      'OMNI_RATE_LIMITED',
      'OMNI_RATE_LIMITED',
      'OMNI_RATE_LIMITED',
    ]);
    expect(third.handler).toBeDefined();
  });

  it('are let through by turns of their users', async () => {
    const scene = new Scene({
      rate: { perSecond: 10, burst: 1 },
      queue: { maxWaiting: 50, maxWaitMs: 60_000 },
    });
    const bob: Principal = { id: 'bob', kind: 'token' };
    scene.call();
    const greedy = Array.from({ length: 20 }, () => scene.call());
    const modest = scene.call('add', { caller: bob });
    await scene.clock.advanceAsync(200);
    expect(modest.handler).toBeDefined();
    expect(greedy.filter(({ handler }) => handler !== undefined)).toHaveLength(1);
  });

  it('of Omni itself and of tasks are let through', () => {
    const scene = new Scene({ rate: { perSecond: 1, burst: 1 } });
    scene.call();
    expect(scene.call('x', { isInternal: true, caller: OMNI }).handler).toBeDefined();
    expect(scene.call('x', { method: 'tasks/get' }).handler).toBeDefined();
    expect(scene.call().handler).toBeUndefined();
  });
});

describe('calls to one tool that come too fast', () => {
  it('are refused, and those to others are not', async () => {
    const scene = new Scene({ capabilityRate: { perSecond: 1, burst: 2 } });
    const calls = [scene.call('a'), scene.call('a'), scene.call('a'), scene.call('b')];
    await scene.clock.advanceAsync(0);
    expect(calls.map(({ failure }) => failure)).toEqual([
      undefined,
      undefined,
      'OMNI_RATE_LIMITED',
      undefined,
    ]);
    expect(scene.limited).toEqual(['up capability']);
  });

  it('cost no token while they wait, nor when they give up', async () => {
    const scene = new Scene({
      rate: { perSecond: 0.01, burst: 1 },
      capabilityRate: { perSecond: 0.01, burst: 2 },
      queue: { maxWaiting: 5, maxWaitMs: 10_000 },
    });
    scene.call('a');
    for (let time = 0; time < 4; time++) scene.call('a').cancel();
    const next = scene.call('a');
    await scene.clock.advanceAsync(0);
    expect(next.failure).toBeUndefined();
    await scene.clock.advanceAsync(10_000);
    expect(next.failure).toBe('OMNI_QUEUE_FULL');
  });

  it('take nothing of what the server gets', async () => {
    const scene = new Scene({ rate: { perSecond: 1, burst: 2 }, capabilityRate: { perSecond: 1, burst: 1 } });
    const calls = [scene.call('a'), scene.call('a'), scene.call('b')];
    await scene.clock.advanceAsync(0);
    expect(calls.map(({ failure }) => failure)).toEqual([undefined, 'OMNI_RATE_LIMITED', undefined]);
  });
});

it('costs nothing where no rate is set', () => {
  const next = (): never => {
    throw new Error('not sent here');
  };
  const at = {
    upstream: 'up',
    era: 'modern',
    transport: 'http',
    instance: { key: 'a' },
    spec: specWith({}),
  } as const;
  const clock = new VirtualClock();
  expect(callRates({ queues: new CallQueues(clock), clock })(next, at)).toBe(next);
});
