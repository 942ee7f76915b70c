import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '@omni/ports';
import { FrontFixture } from '../front.fixture.ts';

const CALL = { name: 'files__read', params: '"name":"files__read"' };

describe('the HTTP front under load', () => {
  it('lets requests wait for their turn where they may, users by turns [S003-PH-06] [X004-09]', async () => {
    const front = new FrontFixture({ maxInFlight: 2, maxWaiting: 4, maxWaitMs: 5_000 });
    await front.modern('tools/call', { ...CALL, token: 'other' });
    await front.modern('tools/call', { ...CALL, token: 'other' });
    const waiting = [];
    for (let n = 0; n < 4; n++) waiting.push(await front.modern('tools/call', { ...CALL, token: 'other' }));
    const over = await front.modern('tools/call', { ...CALL, token: 'other' });
    expect(over.status).toBe(429);
    expect(over.json()).toMatchObject({ error: { data: { code: 'OMNI_QUEUE_FULL', position: 5 } } });
    expect(front.handler.getStatus().details).toMatchObject({ inFlight: 2, waiting: 4 });
    // A user with nothing under way need not wait for one with all places.
    await front.modern('tools/call', CALL);
    expect(front.dispatch.calls).toHaveLength(3);
    front.dispatch.calls[0]?.result('{}');
    front.clock.advance(500);
    front.dispatch.calls[1]?.result('{}');
    expect(front.dispatch.calls).toHaveLength(4);
    // Its deadline counts from then.
    expect(front.dispatch.last.request.arrivedMs).toBe(front.clock.monotonicMs() - 500);
    waiting[1]?.leave();
    front.dispatch.calls[3]?.result('{}');
    expect(front.dispatch.calls).toHaveLength(5);
    expect(front.handler.getStatus().details).toMatchObject({ waiting: 1 });
    await front.clock.advanceAsync(4_500);
    expect(waiting[3]?.status).toBe(429);
  });

  // guard: admission/waiting-at-the-end
  it('refuses what waits when Omni stops, and cancels what waits as what runs', async () => {
    const front = new FrontFixture({ maxInFlight: 1, maxWaiting: 4, maxWaitMs: 60_000 });
    const session = await front.session();
    await session.call();
    const cancelled = await session.request('tools/call', { id: '7', params: '"name":"files__read"' });
    await session.post('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}');
    expect(cancelled.state).not.toBe('none');
    const waiting = await session.request('tools/call', { id: '8', params: '"name":"files__read"' });
    const stopped = front.handler.stop({ deadlineMs: 1_000 });
    await front.settle();
    expect(waiting.json()).toMatchObject({ error: { data: { code: 'OMNI_SHUTTING_DOWN' } } });
    await front.clock.advanceAsync(1_000);
    await stopped;
    expect(front.dispatch.calls).toHaveLength(1);
  });

  // guard: memory/before-reading, memory/health
  it('refuses what is new before it is read while memory is short, and all but pages when it is out', async () => {
    let pressure: 'none' | 'request' | 'anything' = 'none';
    const memory = {
      refusal: (what: 'request' | 'anything') =>
        pressure === 'none' || (what === 'anything' && pressure === 'request')
          ? undefined
          : new GatewayError('OMNI_OVERLOADED', 'The memory is nearly full', { retryAfterS: 1 }),
    };
    const front = new FrontFixture({}, { memory });
    const session = await front.session();
    pressure = 'request';
    const refused = await front.modern('tools/call', CALL);
    expect([refused.status, refused.isBodyRead]).toEqual([503, false]);
    expect(refused.responseHeaders).toEqual(expect.arrayContaining(['Retry-After', '1']));
    expect(front.dispatch.calls).toHaveLength(0);
    expect((await session.listen()).status).toBe(200);
    const page = { method: 'GET', path: '/health/live', headers: ['Host', 'localhost'] };
    expect((await front.raw(page)).status).toBe(200);

    pressure = 'anything';
    expect((await session.listen()).status).toBe(503);
    expect((await front.raw(page)).status).toBe(200);
    pressure = 'none';
    expect((await front.modern('tools/call', CALL)).state).toBe('none');
  });
});
