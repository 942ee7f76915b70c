import { describe, expect, it } from '@jest/globals';
import { internalCall } from '@omni/model';
import type { Principal } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import type { NewEvent } from './event.ts';
import { RoutingEvents } from './routing-events.ts';

const ADA: Principal = { id: 'ada' } as Principal;

function scene(): {
  readonly clock: VirtualClock;
  readonly events: RoutingEvents;
  readonly told: NewEvent[];
} {
  const clock = new VirtualClock();
  const told: NewEvent[] = [];
  return { clock, told, events: new RoutingEvents((event) => void told.push(event), clock) };
}

describe('RoutingEvents', () => {
  it('tells whose call came too soon to a server, to that user and the owner [S000-GRD-02]', () => {
    const { events, told } = scene();
    events.callLimited('sums', 'upstream', 1_500, { ...internalCall('tools/call', ''), caller: ADA });
    expect(told).toEqual([
      {
        type: 'request.rate_limited',
        subject: { server: 'sums', principal: 'ada' },
        data: { method: 'tools/call', limit: 'upstream', retryAfterMs: 1_500, more: 0 },
        trace: undefined,
        acl: { servers: ['sums'], minRole: 'owner', principal: 'ada' },
      },
    ]);
  });

  it('tells of a user who sends too fast, before any server is known', () => {
    const { events, told } = scene();
    events.requestLimited('tools/call', ADA, 'principal', 100);
    expect(told).toMatchObject([
      { subject: { principal: 'ada' }, data: { limit: 'principal' }, acl: { minRole: 'owner', servers: [] } },
    ]);
  });

  it('tells of further attempts, and ten times a second of one server at most [S003-RT-05]', () => {
    const { clock, events, told } = scene();
    const call = { method: 'resources/read', caller: ADA };
    for (let attempt = 0; attempt < 25; attempt++) events.retried('sums', call, { attempt: 2, why: 'safe' });
    expect(told).toHaveLength(10);
    events.retried('other', call, { attempt: 2, why: 'slow' });
    expect(told).toHaveLength(11);
    clock.advance(1_000);
    events.retried('sums', call, { attempt: 3, why: 'safe' });
    expect(told.at(-1)).toMatchObject({
      type: 'request.retried',
      data: { method: 'resources/read', attempt: 3, why: 'safe', more: 15 },
    });
  });

  it('tells of calls that go elsewhere: which tool, to whom, why, and in which trace [S003-RT-05]', () => {
    const { events, told } = scene();
    const trace = '0af7651916cd43dd8448eb211c80319c';
    const forwardedHeaders = ['traceparent', `00-${trace}-b7ad6b7169203331-01`];
    const call = { method: 'tools/call', caller: ADA, forwardedHeaders };
    const to = { name: 'add', to: 'sums-b', why: 'replica' };
    for (let time = 0; time < 25; time++) events.routed('sums', call, to);
    expect(told).toHaveLength(10);
    expect(told[0]).toEqual({
      type: 'request.routed',
      subject: { server: 'sums', principal: 'ada', tool: 'add' },
      data: { method: 'tools/call', to: 'sums-b', why: 'replica', more: 0 },
      trace,
      acl: { servers: ['sums'], minRole: 'owner', principal: 'ada' },
    });
    events.routed('other', { ...call, method: 'resources/read' }, to);
    expect(told.at(-1)?.subject).toEqual({ server: 'other', principal: 'ada' });
  });

  it('tells of a call that was cut by which operation it is found, ten times a second of one server', () => {
    const { events, told } = scene();
    const call = { method: 'tools/call', caller: ADA };
    for (let cut = 0; cut < 12; cut++)
      events.outcomeUnknown('sums', call, { operation: `op${cut}`, cause: 'OMNI_UPSTREAM_EXITED' });
    expect(told).toHaveLength(10);
    expect(told[0]).toMatchObject({
      type: 'request.outcome_unknown',
      subject: { server: 'sums', principal: 'ada' },
      data: { method: 'tools/call', operation: 'op0', cause: 'OMNI_UPSTREAM_EXITED', more: 0 },
      acl: { servers: ['sums'], minRole: 'owner', principal: 'ada' },
    });
  });

  it('names a tool that is left alone, and no address that a client has written', () => {
    const { events, told } = scene();
    events.circuit('sums', 'tools/call', 'add', 'open');
    events.circuit('sums', 'resources/read', 'file:///secret', 'closed');
    expect(told).toEqual([
      {
        type: 'request.circuit_opened',
        subject: { server: 'sums', tool: 'add' },
        data: { kind: 'tools/call' },
      },
      { type: 'request.circuit_closed', subject: { server: 'sums' }, data: { kind: 'resources/read' } },
    ]);
  });
});
