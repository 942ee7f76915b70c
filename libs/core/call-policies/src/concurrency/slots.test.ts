import { describe, expect, it } from '@jest/globals';
import { GatewayError, type Principal, type RoutingSettings } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { Limiter } from '../limiter.ts';
import { CallQueues } from '../queue/call-queues.ts';
import { callOf, SentCall, specWith } from '../stages/stage-scene.fixture.ts';

const BOB: Principal = { id: 'bob', kind: 'token' };
const QUEUE = { maxWaiting: 10, maxWaitMs: 10_000 };

class Scene {
  readonly clock = new VirtualClock();
  readonly queues = new CallQueues(this.clock);
  readonly limiter: Limiter;
  readonly spec;

  constructor(routing: Partial<RoutingSettings>, upstream = 2, instance = upstream) {
    this.spec = specWith({ queue: QUEUE, ...routing });
    this.limiter = new Limiter({
      maxUpstreamInFlight: upstream,
      maxInstanceInFlight: instance,
      queues: this.queues,
      clock: this.clock,
    });
  }

  call(name = 'add', more: Parameters<typeof callOf>[1] = {}, instance = 'shared'): SentCall {
    return new SentCall([this.limiter.stage], this.spec, callOf(name, more), instance);
  }

  /** In place, as a definition is edited. */
  edit(routing: Partial<RoutingSettings>): void {
    Object.assign(this.spec, { routing: { ...this.spec.routing, ...routing } });
  }

  calls(count: number): SentCall[] {
    return Array.from({ length: count }, () => this.call());
  }
}

describe('a call that finds no place', () => {
  it('waits for one, and is refused with its position where the queue is full [X004-09] [S003-PH-06]', async () => {
    const scene = new Scene({ queue: { maxWaiting: 1, maxWaitMs: 10_000 } });
    const [first, , third, fourth] = scene.calls(4);
    await scene.clock.advanceAsync(0);
    expect(third?.handler).toBeUndefined();
    expect(scene.queues.waiting(scene.spec)).toBe(1);
    expect(fourth?.recorded.failure).toMatchObject({
      code: 'OMNI_QUEUE_FULL',
      retryAfterS: 1,
      data: { position: 2 },
      message: '"ada" has 1 of 1 calls that wait for "up" and gets no more now (routing.queue.max is 1)',
    });
    expect(fourth?.recorded.failure?.facts).toMatchObject({ httpStatus: 429, retryable: true });
    first?.answer();
    expect(third?.handler).toBeDefined();
    third?.answer();
    expect(scene.limiter.inFlight(scene.spec)).toBe(1);
    expect(scene.clock.pendingTimers).toBe(0);
  });

  it('waits no longer than it may, for a token and a place together', async () => {
    const scene = new Scene({ queue: { maxWaiting: 5, maxWaitMs: 3_000 } });
    scene.calls(2);
    const call = callOf('add');
    const { spec, queues, clock } = scene;
    expect(queues.of(spec)?.waitMs(call)).toBe(3_000);
    clock.advance(2_000);
    const late = new SentCall([scene.limiter.stage], spec, call);
    await clock.advanceAsync(999);
    expect(late.failure).toBeUndefined();
    await clock.advanceAsync(1);
    expect(late.failure).toBe('OMNI_QUEUE_FULL');
  });

  // guard: queue/edited
  it('waits by the settings that are in force, whoever waits already', async () => {
    const scene = new Scene({ queue: { maxWaiting: 1, maxWaitMs: 10_000 } });
    const [, , third] = scene.calls(3);
    scene.edit({ queue: { maxWaiting: 2, maxWaitMs: 1_000 } });
    const [fourth, fifth] = scene.calls(2);
    await scene.clock.advanceAsync(0);
    expect([fourth?.failure, fifth?.failure]).toEqual([undefined, 'OMNI_QUEUE_FULL']);
    expect(scene.queues.waiting(scene.spec)).toBe(2);
    await scene.clock.advanceAsync(1_000);
    expect([third?.failure, fourth?.failure]).toEqual([undefined, 'OMNI_QUEUE_FULL']);
    scene.queues.fail(scene.spec, new GatewayError('OMNI_CIRCUIT_OPEN', 'open'));
    await scene.clock.advanceAsync(0);
    expect(third?.failure).toBe('OMNI_CIRCUIT_OPEN');
  });

  // guard: limiter/edited
  it('goes on at once where an edit makes room for it', async () => {
    const concurrency = { isAdaptive: true, min: 1, max: 1, initial: 1 };
    const scene = new Scene({ concurrency }, 5);
    const [, second] = scene.calls(2);
    expect(second?.handler).toBeUndefined();
    scene.edit({ concurrency: { ...concurrency, isAdaptive: false } });
    const third = scene.call();
    expect([second?.handler, third.handler].map((handler) => handler !== undefined)).toEqual([true, true]);
  });

  it('leaves the queue when it is cancelled', async () => {
    const scene = new Scene({});
    const [first, , third, fourth] = scene.calls(4);
    third?.cancel();
    first?.answer();
    expect(third?.handler).toBeUndefined();
    expect(fourth?.handler).toBeDefined();
    await scene.clock.advanceAsync(20_000);
    expect(third?.recorded.log).toEqual([]);
  });

  // guard: limiter/no-overtaking
  it('is not overtaken by a later one of its user, where there is room in between', () => {
    const scene = new Scene({}, 4);
    const greedy = scene.calls(4);
    scene.call('add', { caller: { id: 'carol', kind: 'token' } });
    const [first, second] = [0, 1].map((n) => {
      if (n === 1) greedy[0]?.answer();
      return scene.call('add', { caller: BOB });
    });
    expect([first?.handler, second?.handler]).toEqual([undefined, undefined]);
    greedy[1]?.answer();
    expect(first?.handler).toBeDefined();
    expect(second?.handler).toBeUndefined();
  });

  it('does not keep users with few waiting behind one with many', () => {
    const scene = new Scene({ queue: { maxWaiting: 50, maxWaitMs: 10_000 } }, 8);
    const greedy = scene.calls(20);
    const modest = scene.call('add', { caller: BOB });
    expect(greedy.filter(({ handler }) => handler !== undefined)).toHaveLength(8);
    expect(modest.handler).toBeDefined();
    const order: number[] = [];
    greedy.forEach((call, index) => {
      if (index < 8) call.answer();
    });
    greedy.forEach(({ handler }, index) => handler && order.push(index));
    expect(order).toEqual([...order].sort((a, b) => a - b));
  });

  it('is let through by turns: 1 heavy and 9 light users, and no light one waits for long [S003-PH-09]', () => {
    const scene = new Scene({ queue: { maxWaiting: 500, maxWaitMs: 600_000 } }, 4);
    const running: { readonly call: SentCall; readonly user: number; readonly atMs: number }[] = [];
    const waits: number[] = [];
    const send = (user: number): void => {
      const call = scene.call('add', { caller: { id: `user ${user}`, kind: 'token' } });
      running.push({ call, user, atMs: scene.clock.monotonicMs() });
    };
    for (let heavy = 0; heavy < 300; heavy++) send(0);
    const light = new Set<number>();
    for (let step = 0; step < 600; step++) {
      for (let user = 1; user < 10; user++)
        if (!light.has(user)) {
          light.add(user);
          send(user);
        }
      scene.clock.advance(100);
      for (const one of running.filter(({ call }) => call.handler !== undefined).slice(0, 4)) {
        running.splice(running.indexOf(one), 1);
        one.call.answer();
        light.delete(one.user);
        if (one.user > 0) waits.push(scene.clock.monotonicMs() - one.atMs);
      }
    }
    waits.sort((a, b) => a - b);
    // 10 users take turns at 4 places of 100 ms each.
    expect(waits[Math.floor(waits.length * 0.95)]).toBeLessThanOrEqual(600);
    expect(waits.length).toBeGreaterThan(1_000);
  });

  it('waits for its own instance alone', () => {
    const scene = new Scene({}, 9, 1);
    const [held, other] = [scene.call('add', {}, 'one'), scene.call('add', {}, 'two')];
    const waiting = scene.call('add', {}, 'one');
    expect([held.handler, other.handler, waiting.handler].map((handler) => handler !== undefined)).toEqual([
      true,
      true,
      false,
    ]);
    other.answer();
    expect(scene.call('add', {}, 'two').handler).toBeDefined();
    expect(waiting.handler).toBeUndefined();
    held.answer();
    expect(waiting.handler).toBeDefined();
  });

  it('is told why at once when what it is for fails meanwhile, and others wait on', async () => {
    const scene = new Scene({});
    scene.calls(2);
    const [add, sub] = [scene.call('add'), scene.call('sub')];
    scene.queues.fail(scene.spec, new GatewayError('OMNI_CIRCUIT_OPEN', 'x'), 'tools/call add');
    await scene.clock.advanceAsync(0);
    expect([add.failure, sub.failure]).toEqual(['OMNI_CIRCUIT_OPEN', undefined]);
  });

  it('goes on when a call that waited for the server to start has gone', () => {
    const scene = new Scene({}, 1);
    const release = scene.limiter.hold(scene.spec, BOB);
    const [waiting] = scene.calls(1);
    expect(waiting?.handler).toBeUndefined();
    if (release instanceof GatewayError) throw release;
    release();
    expect(waiting?.handler).toBeDefined();
  });

  it('of Omni itself, and one about a task, waits for nothing', async () => {
    const scene = new Scene({}, 1);
    scene.call();
    expect(scene.call('x', { isInternal: true }).handler).toBeDefined();
    const task = scene.call('x', { method: 'tasks/get' });
    await scene.clock.advanceAsync(0);
    expect(task.failure).toBe('OMNI_OVERLOADED');
  });
});

describe('a limit that is found out', () => {
  const adaptive = { concurrency: { isAdaptive: true, min: 1, max: 50, initial: 4 } };

  // guard: limiter/lowered
  it('holds for the calls of clients, and what is refused is told by which setting [S003-RT-10]', async () => {
    const scene = new Scene({ ...adaptive, queue: { maxWaiting: 0, maxWaitMs: 1 } }, 100);
    const calls = scene.calls(6);
    await scene.clock.advanceAsync(0);
    expect(calls.filter(({ handler }) => handler !== undefined)).toHaveLength(4);
    expect(calls[5]?.recorded.failure?.message).toContain('(routing.concurrency is 4)');
  });

  it('grows while answers stay fast, and falls when calls fail [S003-RT-10]', () => {
    const scene = new Scene({ ...adaptive, queue: { maxWaiting: 0, maxWaitMs: 1 } }, 100);
    const round = (end: (call: SentCall) => void): void => {
      const sent = scene.calls(60).filter(({ handler }) => handler !== undefined);
      scene.clock.advance(20);
      for (const call of sent) end(call);
    };
    for (let n = 0; n < 60; n++) round((call) => call.answer());
    const grown = scene.limiter.limitOf(scene.spec);
    expect(grown).toBeGreaterThan(20);
    for (let n = 0; n < 60; n++) round((call) => call.answer(503));
    expect(scene.limiter.limitOf(scene.spec)).toBeLessThan(grown / 4);
  });

  // guard: limiter/parked
  it('does not learn from calls that wait for a client', () => {
    const scene = new Scene({ ...adaptive, queue: { maxWaiting: 0, maxWaitMs: 1 } }, 100);
    const limits = new Set<number>();
    for (let n = 0; n < 100; n++) {
      limits.add(scene.limiter.limitOf(scene.spec));
      const sent = scene.calls(4);
      for (const { handler } of sent) handler?.onServerRequest({} as never, () => {});
      scene.clock.advance(1_000 * (n + 1));
      for (const call of sent) call.answer();
    }
    expect([...limits]).toEqual([4]);
  });

  it('is lowered, and raised again, for those who wait', () => {
    const scene = new Scene({}, 10);
    scene.limiter.lower(scene.spec, 0.2);
    const calls = scene.calls(4);
    expect(calls.filter(({ handler }) => handler !== undefined)).toHaveLength(2);
    expect(scene.limiter.limitOf(scene.spec)).toBe(2);
    scene.limiter.lower(scene.spec, 1);
    expect(calls.filter(({ handler }) => handler !== undefined)).toHaveLength(4);
  });
});
