import { describe, expect, it } from '@jest/globals';
import { DEFAULT_ROUTING, GatewayError, type RoutingSettings } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { callStageContract } from '@omni/testing/contracts';
import { DEADLINE_OVER } from '../deadline/deadline-over.ts';
import { CapabilityBreakers } from './capability-breakers.ts';
import { callOf, messageOf, SentCall, specWith } from './stage-scene.fixture.ts';

const exited = (): GatewayError => new GatewayError('OMNI_UPSTREAM_EXITED', 'gone');

class Scene {
  readonly clock = new VirtualClock();
  readonly changes: string[] = [];
  readonly opened: string[] = [];
  readonly breakers = new CapabilityBreakers({
    clock: this.clock,
    random: () => 0,
    onChange: (upstream, { name }, state) => void this.changes.push(`${upstream} ${name} ${state}`),
    onOpened: ({ name }, key, { code }) => void this.opened.push(`${name} ${key} ${code}`),
  });
  readonly spec;

  constructor(breaker: Partial<RoutingSettings['breaker']> = {}) {
    const { breaker: defaults } = DEFAULT_ROUTING;
    this.spec = specWith({ breaker: { ...defaults, failures: 3, openMs: 30_000, ...breaker } });
  }

  call(name = 'bad', more: Parameters<typeof callOf>[1] = {}): SentCall {
    const { refusing, judging } = this.breakers;
    return new SentCall([refusing, judging], this.spec, callOf(name, more));
  }

  fail(times: number, name = 'bad'): void {
    for (let time = 0; time < times; time++) this.call(name).handler?.onFailure(exited(), 'sent');
  }
}

describe('CapabilityBreakers.judging', () => {
  const open = new Scene();
  open.fail(3);
  const { breakers } = new Scene();
  const spec = specWith({
    breaker: { ...DEFAULT_ROUTING.breaker, failures: 1_000, openMs: 1_000, maxOpenMs: 1_000 },
  });
  const at = { upstream: 'up', era: 'modern', transport: 'http', instance: { key: 'a' } } as const;
  callStageContract(it, {
    open: (next) => breakers.judging(next, { ...at, spec }),
    openRefusing: (next) => open.breakers.judging(next, { ...at, spec: open.spec }),
    call: callOf('bad', { allowPassthrough: true }),
    message: messageOf('{"jsonrpc":"2.0","method":"notifications/message","params":{}}'),
  });
});

describe('a breaker that goes by a share', () => {
  it('opens when more than that of the last calls has failed, whatever has succeeded between [S000-GRD-03]', () => {
    const scene = new Scene({ share: 0.5, calls: 10, failures: 0 });
    for (let n = 0; n < 5; n++) {
      scene.fail(1);
      scene.call().answer();
    }
    expect(scene.changes).toEqual([]);
    scene.fail(2);
    expect(scene.changes).toEqual(['up bad open']);
    scene.clock.advance(30_000);
    scene.call().answer();
    expect(scene.changes).toEqual(['up bad open', 'up bad half-open', 'up bad closed']);
  });
});

describe('a tool that fails', () => {
  it('is told to those who wait for it', () => {
    const scene = new Scene();
    scene.fail(3);
    expect(scene.opened).toEqual(['up tools/call bad OMNI_CIRCUIT_OPEN']);
  });

  it('is left alone after so many failures in a row, and its siblings go on [S003-RT-02]', async () => {
    const scene = new Scene();
    scene.fail(2);
    expect(scene.call().handler).toBeDefined();
    scene.fail(1);
    const refused = scene.call();
    await scene.clock.advanceAsync(0);
    expect(refused.failure).toBe('OMNI_CIRCUIT_OPEN');
    expect(refused.recorded.failure?.retryAfterS).toBe(30);
    expect(refused.recorded.phase).toBe('not-sent');
    expect(scene.call('good').answer().failure).toBeUndefined();
    expect(scene.changes).toEqual(['up bad open']);
  });

  // guard: breaker/refused-early
  it('is left alone before its calls wait for anything', () => {
    const scene = new Scene();
    scene.fail(3);
    const early = new SentCall([scene.breakers.refusing], scene.spec, callOf('bad'));
    expect(early.handler).toBeUndefined();
  });

  // guard: breaker/capability
  it('gets one trial, whose answer lets all calls through again', () => {
    const scene = new Scene();
    scene.fail(3);
    scene.clock.advance(30_000);
    const trial = scene.call();
    expect(trial.handler).toBeDefined();
    expect(scene.call().handler).toBeUndefined();
    trial.answer();
    expect(scene.call().handler).toBeDefined();
    expect(scene.changes).toEqual(['up bad open', 'up bad half-open', 'up bad closed']);
  });

  it('is left alone for twice as long when the trial fails', () => {
    const scene = new Scene();
    scene.fail(3);
    scene.clock.advance(30_000);
    scene.fail(1);
    scene.clock.advance(59_000);
    expect(scene.call().handler).toBeUndefined();
    scene.clock.advance(1_000);
    expect(scene.call().handler).toBeDefined();
  });

  it('gets another trial when the first is cancelled', () => {
    const scene = new Scene();
    scene.fail(3);
    scene.clock.advance(30_000);
    scene.call().cancel();
    expect(scene.call().handler).toBeDefined();
  });

  // guard: breaker/one-crash
  it('has failed once when its server crashes, however many of its calls run', () => {
    const scene = new Scene();
    const calls = Array.from({ length: 9 }, () => scene.call());
    const crash = exited();
    for (const { handler } of calls) handler?.onFailure(crash, 'sent');
    expect(scene.call().handler).toBeDefined();
    scene.fail(2);
    expect(scene.call().handler).toBeUndefined();
  });

  // guard: breaker/forgotten
  it('is not judged twice when a success has forgotten it between', () => {
    const scene = new Scene();
    scene.fail(1);
    const calls = Array.from({ length: 8 }, () => scene.call());
    scene.call().answer();
    for (const { handler } of calls) handler?.onFailure(exited(), 'sent');
    expect(scene.changes).toEqual(['up bad open']);
    expect(scene.call().handler).toBeUndefined();
  });

  // guard: breaker/late-failure
  it('is no trial that was sent before it was left alone', () => {
    const scene = new Scene();
    const late = scene.call();
    scene.fail(3);
    scene.clock.advance(30_001);
    late.handler?.onFailure(exited(), 'sent');
    expect(scene.call().handler).toBeDefined();
  });

  // guard: breaker/from-before
  it('that works again is not left alone for calls from before, as long as one may run', () => {
    const scene = new Scene();
    const late = Array.from({ length: 6 }, () => scene.call());
    scene.fail(3);
    scene.clock.advance(30_000);
    scene.call().answer();
    for (const call of late.splice(0, 3)) call.handler?.onFailure(exited(), 'sent');
    expect(scene.changes).toEqual(['up bad open', 'up bad half-open', 'up bad closed']);
    scene.call().answer();
    for (const call of late.splice(0, 2)) call.handler?.onFailure(exited(), 'sent');
    scene.clock.advance(scene.spec.maxCallTimeMs);
    scene.call().answer();
    scene.fail(2);
    expect(scene.changes).toHaveLength(3);
    scene.fail(1);
    expect(scene.changes.at(-1)).toBe('up bad open');
  });

  it('that takes longer than the deadline of requests fails, and one that is cancelled does not [X004-16]', () => {
    const scene = new Scene();
    for (let time = 0; time < 3; time++) scene.call().cancel();
    expect(scene.changes).toEqual([]);
    for (let time = 0; time < 3; time++) scene.call().cancel(DEADLINE_OVER);
    expect(scene.changes).toEqual(['up bad open']);
  });

  it('is forgiven by a success between', () => {
    const scene = new Scene();
    scene.fail(2);
    scene.call().answer();
    scene.fail(2);
    expect(scene.call().handler).toBeDefined();
  });

  it.each([
    ['a refusal of its arguments', new GatewayError('OMNI_PARAMS_INVALID', 'no')],
    ['a limit of Omni', new GatewayError('OMNI_OVERLOADED', 'full')],
    ['a server that is down', new GatewayError('OMNI_UPSTREAM_DOWN', 'down')],
  ])('is not judged by %s', (_what, error) => {
    const scene = new Scene();
    for (let time = 0; time < 9; time++) scene.call().handler?.onFailure(error, 'not-sent');
    expect(scene.call().handler).toBeDefined();
  });

  it('is judged by the status of an answer that comes in chunks', () => {
    const scene = new Scene();
    for (let time = 0; time < 3; time++) scene.call().answer(503);
    expect(scene.call().handler).toBeUndefined();
  });

  it('is another one for another definition of its server', () => {
    const scene = new Scene();
    scene.fail(3);
    const other = new SentCall([scene.breakers.judging], specWith({}), callOf('bad'));
    expect(other.handler).toBeDefined();
  });

  it('is never left alone by calls of Omni itself, nor where the settings say so', () => {
    const scene = new Scene();
    scene.fail(3);
    expect(scene.call('bad', { isInternal: true }).handler).toBeDefined();
    const never = specWith({ breaker: { ...DEFAULT_ROUTING.breaker, failures: 0, openMs: 1, maxOpenMs: 1 } });
    const next = (): never => {
      throw new Error('not sent here');
    };
    const at = {
      upstream: 'up',
      era: 'modern',
      transport: 'http',
      instance: { key: 'a' },
      spec: never,
    } as const;
    expect(scene.breakers.judging(next, at)).toBe(next);
    expect(scene.breakers.refusing(next, at)).toBe(next);
  });

  // guard: breaker/bounded
  it('costs no memory without end, whatever addresses clients make up', () => {
    const scene = new Scene();
    scene.fail(3, 'first');
    for (let index = 0; index < 1_000; index++) scene.fail(1, `made-up-${index}`);
    expect(scene.call('first').handler).toBeUndefined();
    for (let index = 0; index < 1_000; index++) scene.fail(3, `open-${index}`);
    expect(scene.call('first').handler).toBeDefined();
  });
});
