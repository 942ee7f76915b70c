import { describe, expect, it } from '@jest/globals';
import { type CallContext, NOTHING_RUNS } from '@omni/model';
import { VirtualClock } from '@omni/testing';
import { requestRates } from './request-rates.ts';
import { messageOf, RecordedReply } from './stage-scene.fixture.ts';

const MESSAGE = messageOf('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}');

class Scene {
  readonly clock = new VirtualClock();
  readonly limited: string[] = [];
  #passed = 0;
  readonly #dispatch;

  constructor(rates: Pick<Parameters<typeof requestRates>[0], 'user' | 'session'>) {
    const stage = requestRates({
      ...rates,
      clock: this.clock,
      onLimited: ({ scope }, { client }) => void this.limited.push(`${client.principal.id} ${scope}`),
    });
    this.#dispatch = stage(() => {
      this.#passed++;
      return NOTHING_RUNS;
    });
  }

  /** @returns How it was refused; `undefined` when it was not. */
  ask(user: string | object, session?: string): string | undefined {
    const reply = new RecordedReply();
    const principal = typeof user === 'string' ? { id: user, kind: 'token' } : user;
    const client = { principal, session: session && { key: session } };
    // The stage reads nothing else of a client.
    const context = { message: MESSAGE, client, paramHeaders: undefined } as unknown as CallContext;
    const before = this.#passed;
    this.#dispatch(context, reply);
    return this.#passed === before ? `${reply.outcomes[0]?.kind} ${reply.ending}` : undefined;
  }
}

describe('requests that come too fast', () => {
  // guard: rate/requests
  it('of one user are refused before anything is done for them, on all sessions together', () => {
    const scene = new Scene({ user: { perSecond: 1, burst: 2 } });
    expect(scene.ask('ada', 'a')).toBeUndefined();
    expect(scene.ask('ada', 'b')).toBeUndefined();
    expect(scene.ask('ada', 'c')).toBe('refused OMNI_RATE_LIMITED');
    expect(scene.ask('bob', 'd')).toBeUndefined();
    scene.clock.advance(1_000);
    expect(scene.ask('ada', 'c')).toBeUndefined();
    expect(scene.limited).toEqual(['ada principal']);
  });

  it('of one session are refused, and those of another are not', () => {
    const scene = new Scene({ session: { perSecond: 1, burst: 1 } });
    expect([scene.ask('ada', 'a'), scene.ask('ada', 'a'), scene.ask('ada', 'b')]).toEqual([
      undefined,
      'refused OMNI_RATE_LIMITED',
      undefined,
    ]);
  });

  it('of a client without a session count for its user', () => {
    const scene = new Scene({ session: { perSecond: 1, burst: 1 } });
    expect([scene.ask('ada'), scene.ask('ada'), scene.ask('bob')]).toEqual([
      undefined,
      'refused OMNI_RATE_LIMITED',
      undefined,
    ]);
  });

  it('of a client that nobody knows count for its connection', () => {
    const scene = new Scene({ user: { perSecond: 1, burst: 1 }, session: { perSecond: 1, burst: 1 } });
    const anonymous = (connection: string) => ({ id: 'anonymous', kind: 'anonymous', connection });
    expect([scene.ask(anonymous('1')), scene.ask(anonymous('1')), scene.ask(anonymous('2'))]).toEqual([
      undefined,
      'refused OMNI_RATE_LIMITED',
      undefined,
    ]);
  });

  it('take nothing of their user where their session is too fast', () => {
    const scene = new Scene({ user: { perSecond: 1, burst: 2 }, session: { perSecond: 1, burst: 1 } });
    scene.ask('ada', 'a');
    for (let more = 0; more < 5; more++) scene.ask('ada', 'a');
    expect(scene.ask('ada', 'b')).toBeUndefined();
  });
});
