import { describe, expect, it } from '@jest/globals';
import type { FaultSettings } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { callStageContract } from '@omni/testing/contracts';
import { mayRepeat } from '../repeat/may-repeat.ts';
import { whoseFailure } from '../breaker/whose-failure.ts';
import { injectedFaults } from './injected-faults.ts';
import { callOf, messageOf, pass, SentCall, specWith } from './stage-scene.fixture.ts';

const AT = { upstream: 'up', era: 'modern', transport: 'http', instance: { key: 'a' } } as const;

const WORD = messageOf('{"jsonrpc":"2.0","id":7,"method":"x/y"}');

function faultsWith(faults: Partial<FaultSettings>): FaultSettings {
  return { share: 1, delayMs: 0, end: 'none', ...faults };
}

class Scene {
  readonly clock = new VirtualClock();
  readonly struck: string[] = [];
  chance = 0;
  readonly #stage = injectedFaults({
    clock: this.clock,
    random: () => this.chance,
    onStruck: (upstream, { end }) => void this.struck.push(`${upstream} ${end}`),
  });

  call(faults: Partial<FaultSettings>, more: Parameters<typeof callOf>[1] = {}): SentCall {
    return new SentCall([this.#stage], specWith({ faults: faultsWith(faults) }), callOf('add', more));
  }
}

describe('injectedFaults', () => {
  const stage = injectedFaults({ clock: new VirtualClock(), random: () => 0.5 });
  const spared = specWith({ faults: faultsWith({ share: 0.1, end: 'error' }) });
  callStageContract(it, {
    open: (next) => stage(next, { ...AT, spec: spared }),
    call: callOf('bad', { allowPassthrough: true }),
    message: messageOf('{"jsonrpc":"2.0","method":"notifications/message","params":{}}'),
  });
});

describe('a call that is struck on purpose', () => {
  it('waits before it is sent, and its result says so', async () => {
    const scene = new Scene();
    const call = scene.call({ delayMs: 300 });
    expect(scene.struck).toEqual(['up none']);
    await pass(scene.clock, 299);
    expect(call.handler).toBeUndefined();
    await pass(scene.clock, 1);
    call.answer();
    expect(call.recorded.last).toBe(
      'answer 200 {"jsonrpc":"2.0","id":1,"result":{"_meta":{"omni/fault":"delay"}}}',
    );
  });

  it('says so beside what the server says of its result', async () => {
    const scene = new Scene();
    const call = scene.call({ delayMs: 1 });
    await pass(scene.clock, 1);
    const message = messageOf('{"jsonrpc":"2.0","id":1,"result":{"_meta":{"a/b":1}}}');
    call.handler?.onAnswer({ kind: 'message', message, status: 200 });
    expect(call.recorded.last).toContain('{"_meta":{"omni/fault":"delay","a/b":1}}');
  });

  it('fails unsent, as a failure of the server that may have run', async () => {
    const scene = new Scene();
    const call = scene.call({ end: 'error' });
    await pass(scene.clock, 0);
    expect(call.handler).toBeUndefined();
    const { failure: error, phase } = call.recorded;
    expect([error?.code, error?.data, phase]).toEqual(['OMNI_FAULT_INJECTED', { fault: 'error' }, 'sent']);
    if (error === undefined) throw new TypeError('no failure');
    expect(whoseFailure({ kind: 'failure', error })).toBe('upstream');
    const end = { kind: 'failure', error, phase: 'sent' } as const;
    expect(mayRepeat({ method: 'resources/read', isTrusted: false, end, isShown: false })).toBe('safe');
    expect(mayRepeat({ method: 'tools/call', isTrusted: false, end, isShown: false })).toBeUndefined();
  });

  it('runs, and its answer is lost', async () => {
    const scene = new Scene();
    const call = scene.call({ end: 'abort', delayMs: 5 });
    await pass(scene.clock, 5);
    expect(call.recorded.log).toEqual([]);
    call.answer();
    expect(call.recorded.log).toEqual(['failure OMNI_FAULT_INJECTED']);
    expect([call.recorded.phase, call.cancelled]).toEqual(['sent', false]);
  });

  it.each<[string, (call: SentCall) => void]>([
    ['tells', ({ handler }) => handler?.onNotification(WORD)],
    ['asks', ({ handler }) => handler?.onServerRequest(WORD, () => {})],
  ])('is cut when its server %s something before it answers', (_what, tell) => {
    const call = new Scene().call({ end: 'abort' });
    tell(call);
    expect(call.recorded.log).toEqual(['failure OMNI_FAULT_INJECTED']);
    expect(call.cancelled).toBe(true);
  });

  it('hears what its server tells and asks where it is only held up', async () => {
    const scene = new Scene();
    const call = scene.call({ delayMs: 1 });
    await pass(scene.clock, 1);
    call.handler?.onNotification(WORD);
    call.handler?.onServerRequest(WORD, () => {});
    expect(call.recorded.log).toEqual([`notification ${WORD.text}`, `question ${WORD.text}`]);
  });

  it('may be cancelled while it waits, and before it has failed', async () => {
    const scene = new Scene();
    const calls = [scene.call({ delayMs: 300 }), scene.call({ end: 'error' }), scene.call({ delayMs: 100 })];
    await pass(scene.clock, 0);
    calls[2]?.cancel();
    const late = scene.call({ end: 'error' });
    late.cancel();
    calls[0]?.cancel();
    await pass(scene.clock, 1_000);
    expect(scene.clock.pendingTimers).toBe(0);
    expect(calls.map(({ handler, failure }) => [handler, failure])).toEqual([
      [undefined, undefined],
      [undefined, 'OMNI_FAULT_INJECTED'],
      [undefined, undefined],
    ]);
    expect(late.failure).toBeUndefined();
  });

  it('is cancelled at its server once it is sent', async () => {
    const scene = new Scene();
    const call = scene.call({ delayMs: 1 });
    await pass(scene.clock, 1);
    call.cancel();
    expect(call.cancelled).toBe(true);
  });

  // guard: faults/share
  it('is one of a share of them, and none of Omni itself', () => {
    const scene = new Scene();
    scene.chance = 0.25;
    expect(scene.call({ share: 0.25, end: 'error' }).handler).toBeDefined();
    expect(scene.call({ share: 0.26, end: 'error' }).handler).toBeUndefined();
    expect(scene.call({ end: 'error' }, { isInternal: true }).handler).toBeDefined();
    expect(scene.call({ end: 'error' }, { method: 'tasks/get' }).handler).toBeDefined();
  });

  it('costs nothing where nothing is set', () => {
    const stage = injectedFaults({ clock: new VirtualClock(), random: () => 0 });
    const next = (): never => {
      throw new Error('not sent here');
    };
    expect(stage(next, { ...AT, spec: specWith({}) })).toBe(next);
    expect(stage(next, { ...AT, spec: specWith({ faults: faultsWith({}) }) })).toBe(next);
  });
});
