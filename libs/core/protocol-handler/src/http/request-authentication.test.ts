import { GatewayError, type Principal, type Refusal } from '@omni/ports';
import { RecordingExchange, VirtualClock } from '@omni/testing';
import { describe, expect, it } from '@jest/globals';
import type { Authentication, AuthenticationWait } from '../collaborators.ts';
import { RequestAuthentication } from './request-authentication.ts';

const REFUSED = new GatewayError('OMNI_AUTH_REQUIRED', 'no');

function subject(authenticate: Authentication['authenticate']): {
  readonly authentication: RequestAuthentication;
  readonly clock: VirtualClock;
  readonly errors: unknown[];
} {
  const errors: unknown[] = [];
  const clock = new VirtualClock();
  const logger = {
    debugging: false,
    debug() {},
    info() {},
    warn() {},
    error: (fields: unknown) => void errors.push(fields),
  };
  const authentication = new RequestAuthentication({ authentication: { authenticate }, clock, logger });
  return { authentication, clock, errors };
}

async function codeOf(answer: unknown, isLater: boolean): Promise<string> {
  // What a caller without types may answer with.
  const wrong = answer as Principal | Refusal;
  const { authentication } = subject(() => (isLater ? Promise.resolve(wrong) : wrong));
  const known = await authentication.identify(new RecordingExchange());
  return 'error' in known ? known.error.code : `let in as ${known.id}`;
}

describe('RequestAuthentication', () => {
  // guard: authentication/answer, authentication/challenge
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['true', true],
    ['an empty object', {}],
    ['an id that is none', { id: 7, kind: 'token' }],
    ['an empty id', { id: '', kind: 'token' }],
    ['a kind that is none', { id: 'ada', kind: 'user' }],
    ['a principal that is refused', { id: 'owner', kind: 'token', error: undefined }],
    ['an error of another kind', { error: new Error('no') }],
    ['a challenge with a line break', { error: REFUSED, challenge: 'Bearer\r\nSet-Cookie: a=b' }],
    ['a challenge beyond Latin-1', { error: REFUSED, challenge: 'Bearer realm="✓"' }],
  ])('lets nobody in for %s', async (_what, answer) => {
    expect(await codeOf(answer, false)).toBe('OMNI_INTERNAL');
    expect(await codeOf(answer, true)).toBe('OMNI_INTERNAL');
  });

  it('takes principals and refusals as they are', async () => {
    const principal: Principal = { id: 'owner', kind: 'certificate' };
    const bare: Refusal = { error: REFUSED };
    const challenging: Refusal = { error: REFUSED, challenge: 'Bearer realm="omni"' };
    for (const answer of [principal, bare, challenging]) {
      expect(subject(() => answer).authentication.identify(new RecordingExchange())).toBe(answer);
      const later = subject(() => Promise.resolve(answer)).authentication;
      expect(await later.identify(new RecordingExchange())).toBe(answer);
    }
  });

  // guard: mount/principal
  it('asks nobody for whom the host has named, and lets nobody in for what is no principal', () => {
    const { authentication } = subject(() => ({ error: REFUSED }));
    const exchange = (principal: unknown): RecordingExchange =>
      Object.assign(new RecordingExchange(), { principal });
    const ada: Principal = { id: 'ada', kind: 'token' };
    expect(authentication.identify(exchange(ada))).toBe(ada);
    expect(authentication.identify(exchange(undefined))).toEqual({ error: REFUSED });
    expect(authentication.identify(exchange({ kind: 'local' }))).toMatchObject({
      error: { code: 'OMNI_INTERNAL' },
    });
  });

  it('waits for whom the host names later, and asks the front where it names nobody', async () => {
    const { authentication, errors } = subject(() => ({ error: REFUSED }));
    const exchange = (principal: Promise<Principal | undefined>): RecordingExchange =>
      Object.assign(new RecordingExchange(), { principal });
    const ada: Principal = { id: 'ada', kind: 'token' };
    expect(await authentication.identify(exchange(Promise.resolve(ada)))).toBe(ada);
    expect(await authentication.identify(exchange(Promise.resolve(undefined)))).toEqual({ error: REFUSED });
    const cause = new RangeError('planted');
    expect(await authentication.identify(exchange(Promise.reject(cause)))).toMatchObject({
      error: { code: 'OMNI_INTERNAL' },
    });
    expect(errors).toEqual([{ err: cause }]);
  });

  it('ends the wait for whom the host names as any other', async () => {
    const { authentication, clock } = subject(() => ({ error: REFUSED }));
    const known = authentication.identify(
      Object.assign(new RecordingExchange(), { principal: new Promise<undefined>(() => {}) }),
    );
    clock.advance(10_000);
    expect(await known).toMatchObject({ error: { code: 'OMNI_AUTH_UNAVAILABLE' } });
  });

  it('tells the log of failures once a second, with the cause', () => {
    const cause = new RangeError('the service is down');
    const { authentication, clock, errors } = subject(() => {
      throw cause;
    });
    for (let at = 0; at < 100; at++) void authentication.identify(new RecordingExchange());
    expect(errors).toEqual([{ err: cause }]);
    clock.advance(1_000);
    void authentication.identify(new RecordingExchange());
    expect(errors).toHaveLength(2);
  });

  // guard: authentication/signal
  it.each<[string, (scene: ReturnType<typeof subject>, exchange: RecordingExchange) => void]>([
    ['the client goes', (_scene, exchange) => exchange.leave()],
    ['the time is over', ({ clock }) => clock.advance(10_000)],
    ['Omni stops', ({ authentication }) => authentication.stop()],
  ])('tells by a signal that nobody waits for the answer any more when %s', async (_when, end) => {
    const signals: AbortSignal[] = [];
    const scene = subject((_request, { signal }) => {
      signals.push(signal);
      return new Promise(() => {});
    });
    const exchange = new RecordingExchange();
    const known = scene.authentication.identify(exchange);
    expect(signals[0]?.aborted).toBe(false);
    end(scene, exchange);
    expect(signals[0]?.aborted).toBe(true);
    expect(await known).toHaveProperty('error');
  });

  it('leaves the signal of an answer that came alone, and shows who asks late that it is over', async () => {
    const waits: AuthenticationWait[] = [];
    const owner: Principal = { id: 'owner', kind: 'token' };
    const { authentication } = subject((_request, wait) => {
      waits.push(wait);
      return waits.length === 1 ? Promise.resolve(owner) : new Promise(() => {});
    });
    const exchanges = [new RecordingExchange(), new RecordingExchange()];
    const known = exchanges.map((exchange) => authentication.identify(exchange));
    await known[0];
    for (const exchange of exchanges) exchange.leave();
    await known[1];
    expect(waits.map(({ signal }) => signal.aborted)).toEqual([false, true]);
  });

  // guard: authentication/unanswered
  it('asks about no more than a number, however many clients have gone', async () => {
    let asked = 0;
    const { authentication } = subject(() => {
      asked++;
      return new Promise(() => {});
    });
    for (let at = 0; at < 10_100; at++) {
      const exchange = new RecordingExchange();
      void authentication.identify(exchange);
      exchange.leave();
    }
    expect(asked).toBe(10_000);
    expect(await authentication.identify(new RecordingExchange())).toMatchObject({
      error: { code: 'OMNI_OVERLOADED' },
    });
  });

  it('handles a failure that comes after the request was refused', async () => {
    const fails: ((reason: Error) => void)[] = [];
    const { authentication, clock, errors } = subject(() => new Promise((_, fail) => fails.push(fail)));
    const exchange = new RecordingExchange();
    const known = authentication.identify(exchange);
    exchange.leave();
    expect(await known).toMatchObject({ error: { code: 'OMNI_CANCELLED' } });
    authentication.stop();
    const refused = authentication.identify(new RecordingExchange());
    expect(refused).toMatchObject({ error: { code: 'OMNI_SHUTTING_DOWN' } });
    for (const fail of fails) {
      fail(new RangeError('late'));
      await clock.advanceAsync(1_000);
    }
    // Whoever hears of both has handled both.
    expect(errors).toHaveLength(2);
  });
});
