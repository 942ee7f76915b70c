import { describe, expect, it } from '@jest/globals';
import type { Destination, RoutedRequest } from '@omni/model';
import { DEFAULT_ROUTING, GatewayError, type UpstreamSpec } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { type Override, type OverrideTarget, Overrides } from '../overrides/overrides.ts';
import { CapabilityBreakers } from './capability-breakers.ts';
import { OverrideStages } from './override-stages.ts';
import { callOf, pass, RecordedReply, requestOf, SentCall, specWith } from './stage-scene.fixture.ts';

const UP: OverrideTarget = { upstream: 'up' };
const ADD: OverrideTarget = { upstream: 'up', called: { method: 'tools/call', name: 'add' } };
const READ_ONLY = { isReadOnly: true, isIdempotent: true, isDestructive: false };

class Scene {
  readonly clock = new VirtualClock();
  readonly overrides = new Overrides({ clock: this.clock, check: () => {} });
  readonly limited: string[] = [];
  readonly spec: UpstreamSpec;
  readonly #breakers = new CapabilityBreakers({
    clock: this.clock,
    random: () => 0,
    overrides: this.overrides,
  });
  readonly #stages;

  constructor(trustsHints = false) {
    this.spec = specWith({ trustsHints, breaker: { ...DEFAULT_ROUTING.breaker, failures: 1 } });
    this.#stages = new OverrideStages({
      overrides: this.overrides,
      specOf: () => this.spec,
      clock: this.clock,
      onLimited: (upstream, { scope }) => void this.limited.push(`${upstream} ${scope}`),
    });
  }

  set(override: Override, target = UP, forMs?: number): this {
    this.overrides.set(target, override, forMs === undefined ? {} : { forMs });
    return this;
  }

  call(name = 'add', more: Parameters<typeof callOf>[1] = {}): SentCall {
    const { refusing, judging } = this.#breakers;
    return new SentCall([this.#stages.call, refusing, judging], this.spec, callOf(name, more));
  }

  /** The same of one that goes elsewhere. */
  endingAt(to: Destination, request: RoutedRequest): string | undefined {
    const reply = new RecordedReply();
    this.#stages.destination(request, () => ({ cancel() {} }))(reply, to);
    return reply.ending;
  }

  /** How a request ends; `undefined` where it goes on. */
  ending(...asked: Parameters<typeof requestOf>): string | undefined {
    const reply = new RecordedReply();
    let isRun = false;
    this.#stages.request(requestOf(...asked), () => {
      isRun = true;
      return { cancel() {} };
    })(reply);
    expect(isRun).toBe(reply.outcomes.length === 0);
    return reply.ending;
  }
}

describe('a server that an operator keeps calls away from', () => {
  // guard: overrides/open
  it('gets none while its breaker is held open, and all others do', async () => {
    const scene = new Scene().set({ kind: 'breaker', state: 'open' }, UP, 1_000);
    const refused = scene.call();
    await pass(scene.clock, 0);
    expect(refused.recorded.failure).toMatchObject({
      code: 'OMNI_OVERRIDDEN',
      message: 'Calls are kept away from "up", for now',
      data: { override: 'breaker' },
    });
    expect(refused.recorded.phase).toBe('not-sent');
    expect(scene.call('add', { isInternal: true }).handler).toBeDefined();
    await pass(scene.clock, 1_000);
    expect(scene.call().handler).toBeDefined();
  });

  it('gets all but those of one tool', () => {
    const scene = new Scene().set({ kind: 'breaker', state: 'open' }, ADD);
    expect([scene.call('add').handler === undefined, scene.call('other').handler === undefined]).toEqual([
      true,
      false,
    ]);
  });

  it('gets calls while its breaker is held closed, however many fail', async () => {
    const scene = new Scene();
    scene.call().handler?.onFailure(new GatewayError('OMNI_UPSTREAM_EXITED', 'gone'), 'sent');
    expect(scene.call().handler).toBeUndefined();
    scene.set({ kind: 'breaker', state: 'closed' }, ADD);
    for (let time = 0; time < 3; time++)
      scene.call().handler?.onFailure(new GatewayError('OMNI_UPSTREAM_EXITED', 'gone'), 'sent');
    expect(scene.call().handler).toBeDefined();
    scene.overrides.clear(ADD, 'breaker');
    const refused = scene.call();
    await pass(scene.clock, 0);
    expect(refused.failure).toBe('OMNI_CIRCUIT_OPEN');
  });
});

describe('a server that an operator throttles', () => {
  // guard: overrides/throttle
  it('gets calls as fast as it is said, of its tools together [S002-EM-02]', async () => {
    const scene = new Scene().set({ kind: 'throttle', rate: { perSecond: 1, burst: 2 } });
    const calls = [scene.call('a'), scene.call('b'), scene.call('c')];
    await pass(scene.clock, 0);
    expect(calls.map(({ failure }) => failure)).toEqual([undefined, undefined, 'OMNI_RATE_LIMITED']);
    expect(calls[2]?.recorded.failure?.message).toBe(
      'Requests to this server come faster than an override allows',
    );
    expect(scene.limited).toEqual(['up override']);
    await pass(scene.clock, 1_000);
    expect(scene.call().handler).toBeDefined();
  });

  it('gets calls of each of its tools as fast as it is said of that one', () => {
    const throttle = { kind: 'throttle', rate: { perSecond: 1, burst: 1 } } as const;
    const scene = new Scene();
    for (const name of ['a', 'b']) scene.set(throttle, { ...UP, called: { method: 'tools/call', name } });
    expect([scene.call('a'), scene.call('b')].map(({ handler }) => handler !== undefined)).toEqual([
      true,
      true,
    ]);
  });
});

describe('a server that an operator has made read-only', () => {
  // guard: overrides/read-only, overrides/pinned
  it('gets what changes nothing, and what is about something that runs', () => {
    const scene = new Scene().set({ kind: 'read-only' });
    expect(scene.ending('tools/call')).toBe('OMNI_OVERRIDDEN');
    expect(scene.ending('tools/call', { hints: READ_ONLY })).toBe('OMNI_OVERRIDDEN');
    expect(scene.ending('x/vendor')).toBe('OMNI_OVERRIDDEN');
    for (const method of ['resources/read', 'prompts/get', 'completion/complete', 'tasks/cancel'])
      expect([method, scene.ending(method)]).toEqual([method, undefined]);
    expect(scene.ending('tools/call', { isPinned: true })).toBeUndefined();
    const trusting = new Scene(true).set({ kind: 'read-only' });
    expect(trusting.ending('tools/call', { hints: READ_ONLY })).toBeUndefined();
    expect(trusting.ending('tools/call', { hints: { ...READ_ONLY, isReadOnly: false } })).toBe(
      'OMNI_OVERRIDDEN',
    );
  });
});

describe('a server that is asked in place of another', () => {
  const AT_REPLICA: Destination = { kind: 'replicas', upstreams: ['up-b'] };
  const AT_SPARE: Destination = {
    kind: 'other',
    server: 'spare',
    upstream: 'spare-b',
    name: 'add',
    isMirror: false,
  };

  // guard: overrides/destination
  it.each([
    ['a replica that is read-only', AT_REPLICA, 'up-b', false],
    ['another replica', AT_REPLICA, 'up', true],
    ['a server that is read-only', AT_SPARE, 'spare', false],
    ['a replica of it that is', AT_SPARE, 'spare-b', false],
    ['a server where another one is', AT_SPARE, 'up-b', true],
  ])('%s', (_what, to, upstream, isRun) => {
    for (const [hints, trustsHints] of [
      [undefined, true],
      [READ_ONLY, false],
      [READ_ONLY, true],
    ] as const) {
      const scene = new Scene(trustsHints).set({ kind: 'read-only' }, { upstream });
      const isRead = hints !== undefined && trustsHints;
      const ending = isRun || isRead ? undefined : 'OMNI_OVERRIDDEN';
      expect(scene.endingAt(to, requestOf('tools/call', hints && { hints }))).toBe(ending);
    }
  });

  it('takes no tool of another name for one that only reads', () => {
    const scene = new Scene(true).set({ kind: 'read-only' }, { upstream: 'spare' });
    const to = { ...AT_SPARE, name: 'plus' };
    expect(scene.endingAt(to, requestOf('tools/call', { hints: READ_ONLY }))).toBe('OMNI_OVERRIDDEN');
  });
});

it('costs nothing where no override is set', () => {
  const scene = new Scene();
  const stages = new OverrideStages({
    overrides: scene.overrides,
    clock: scene.clock,
    specOf: () => scene.spec,
  });
  const run = (): never => {
    throw new Error('not run here');
  };
  const at = { upstream: 'up', era: 'modern', transport: 'http', instance: { key: 'a' } } as const;
  expect(stages.request(requestOf('tools/call'), run)).toBe(run);
  expect(stages.destination(requestOf('tools/call'), run)).toBe(run);
  expect(stages.call(run, { ...at, spec: scene.spec })).toBe(run);
});
