import { describe, expect, it } from '@jest/globals';
import { NOTHING_RUNS, type RequestStage, type RoutedRequest } from '@omni/model';
import { GatewayError } from '@omni/ports';
import { clientOf, requestOf, RouterFixture } from './router.fixture.ts';

const MODERN = clientOf('modern');
const CALL = '{"name":"files__read","arguments":{},"_meta":{"progressToken":1}}';

describe('a stage of requests', () => {
  it('is told what the request is for, and when it came', () => {
    const fixture = new RouterFixture();
    fixture.connection('files', 'modern');
    const seen: RoutedRequest[] = [];
    fixture.stages.push((request, next) => {
      seen.push(request);
      return next;
    });
    fixture.clock.advance(70);
    fixture.route(requestOf('tools/call', CALL), MODERN);
    expect(seen).toMatchObject([
      { upstreams: ['files'], name: 'read', wantsProgress: true, isPinned: false, arrivedMs: 70 },
    ]);
  });

  it('is given requests of one shape: an accessor of their own would keep each until a full collection', () => {
    const fixture = new RouterFixture();
    fixture.connection('files', 'modern');
    const accessors: string[] = [];
    fixture.stages.push((request, next) => {
      for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(request)))
        if (get !== undefined) accessors.push(name);
      return next;
    });
    fixture.route(requestOf('tools/call', CALL), MODERN);
    expect(accessors).toEqual([]);
  });

  it('is told when a request came whose way was not known yet', () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern');
    const arrivals: number[] = [];
    fixture.stages.push(({ arrivedMs }, next) => {
      arrivals.push(arrivedMs);
      return next;
    });
    fixture.unsettle();
    fixture.views.isRead = false;
    fixture.clock.advance(70);
    fixture.route(requestOf('tools/call', CALL), MODERN);
    const cancelled = fixture.route(requestOf('tools/call', CALL), MODERN);
    fixture.clock.advance(500);
    cancelled.running.cancel();
    expect(arrivals).toEqual([]);
    fixture.views.isRead = true;
    fixture.settle();
    expect(arrivals).toEqual([70]);
    expect(connection.sent).toHaveLength(1);
  });

  it('is not asked about a request whose view refuses it', () => {
    const fixture = new RouterFixture();
    const seen: RoutedRequest[] = [];
    fixture.stages.push((request, next) => {
      seen.push(request);
      return next;
    });
    const { reply } = fixture.route(requestOf('tools/call', '{"name":5}'), MODERN);
    expect(reply.text).toBe('OMNI_PARAMS_INVALID');
    expect(seen).toEqual([]);
  });

  // guard: route/own-id
  it('may run a request twice at the same time, under an id for each', () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern');
    const twice: RequestStage = (_request, next) => (reply) => {
      next(reply);
      return next(reply);
    };
    fixture.stages.push(twice);
    fixture.route(requestOf('tools/call', CALL), MODERN);
    const ids = connection.sent.map(({ call }) => call.clientId);
    expect(ids[0]).toBe('1');
    expect(ids[1]).toMatch(/^"[0-9a-f]{32}"$/);
    expect(connection.sent.map(({ call }) => call.allowPassthrough)).toEqual([true, false]);
  });

  it('hears how far a call had come that failed', () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern');
    const { reply } = fixture.route(requestOf('tools/call', CALL), MODERN);
    connection.last.listener.onFailure(new GatewayError('OMNI_UPSTREAM_EXITED', 'gone'), 'sent');
    expect(reply.answers).toMatchObject([{ kind: 'error', phase: 'sent' }]);
  });

  it.each(['modern', 'legacy'] as const)('hears when a call leaves for a %s server', (era) => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', era);
    let seen: RoutedRequest | undefined;
    fixture.stages.push((request, next) => {
      seen = request;
      return next;
    });
    fixture.route(requestOf('tools/call', CALL), MODERN);
    expect(connection.last.call.origin).toBe(seen?.context);
  });

  it('says how a failure is told to whoever awaits the answer', async () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern');
    const error = new GatewayError('OMNI_OUTCOME_UNKNOWN', 'The call may have run');
    fixture.stages.push(({ context }, next) => {
      context.tellFailure = (failure) => ({ ...failure, error });
      return next;
    });
    const answer = fixture.router.route(requestOf('tools/call', CALL), MODERN, new AbortController().signal);
    connection.last.listener.onFailure(new GatewayError('OMNI_UPSTREAM_EXITED', 'gone'), 'sent');
    expect(await answer).toMatchObject({ kind: 'error', error: { code: 'OMNI_OUTCOME_UNKNOWN' } });
  });
});

describe('a stage before the way is looked for', () => {
  it('may refuse a request, also one that is awaited', async () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern');
    fixture.admission.push(() => (_context, reply) => {
      reply.settle({ kind: 'refused', error: new GatewayError('OMNI_RATE_LIMITED', 'too fast') });
      return NOTHING_RUNS;
    });
    const answer = await fixture.router.route(
      requestOf('tools/call', CALL),
      MODERN,
      new AbortController().signal,
    );
    expect(answer).toMatchObject({ kind: 'error', error: { code: 'OMNI_RATE_LIMITED' } });
    expect(connection.sent).toEqual([]);
  });
});
