import { describe, expect, it } from '@jest/globals';
import {
  type ConnectionFacts,
  internalCall,
  NOTHING_RUNS,
  type CallHandler,
  type UpstreamCall,
} from '@omni/model';
import { GatewayError, silentLogger } from '@omni/ports';
import { RecordingCall, upstreamSpecOf, VirtualClock } from '@omni/testing';
import { callTimeouts } from './call-timeouts.ts';
import { EventBus } from './event-bus.ts';
import type { NewEvent } from './event.ts';

/* FAILING TESTS of a hostile reader. */

function factsOf(key: string): ConnectionFacts {
  return {
    upstream: 'files',
    era: 'legacy',
    transport: 'stdio',
    instance: { key },
    spec: upstreamSpecOf({ kind: 'http', url: 'http://up.test/mcp', headers: {} }, { name: 'files' }),
  };
}

function busOf(clock = new VirtualClock()): EventBus {
  return new EventBus({ instance: 'omni-1', clock, logger: silentLogger });
}

describe('R: request.timeout', () => {
  it('is told ten times a second for one server, however many instances of it there are', () => {
    const events: NewEvent[] = [];
    const stage = callTimeouts((event) => void events.push(event), new VirtualClock());
    for (let instance = 0; instance < 100; instance++) {
      const send = stage(
        (_call, handler: CallHandler) => {
          handler.onFailure(new GatewayError('OMNI_UPSTREAM_TIMEOUT', 'x'), 'sent');
          return NOTHING_RUNS;
        },
        factsOf(`session-${instance}`),
      );
      send(internalCall('tools/call', '{}'), new RecordingCall());
    }
    expect(events.length).toBeLessThanOrEqual(10);
  });

  it('shows no user who else called', () => {
    const bus = busOf();
    const stage = callTimeouts((event) => void bus.publish(event), new VirtualClock());
    const send = stage((_call, handler: CallHandler) => {
      handler.onFailure(new GatewayError('OMNI_UPSTREAM_TIMEOUT', 'x'), 'sent');
      return NOTHING_RUNS;
    }, factsOf('shared'));
    const call: UpstreamCall = { ...internalCall('tools/call', '{}'), caller: { id: 'ada', kind: 'token' } };
    const subscription = bus.subscribe({ onAvailable() {} });
    send(call, new RecordingCall());
    const got = subscription.take();
    const event = got?.kind === 'event' ? got.event : undefined;
    // Every user who may see "files" is in its acl.
    expect(event?.acl.minRole === 'user' && event.subject.principal !== undefined).toBe(false);
  });
});

describe('R: the bus', () => {
  it('never throws on publishing, as its comment says', () => {
    const bus = busOf();
    expect(() => bus.publish({ type: 'catalogue.changed', data: { bytes: 1n } })).not.toThrow();
  });

  it('tells readers that are never slow of every event of one turn', async () => {
    const bus = busOf();
    let heard = 0;
    bus.listen(() => void heard++);
    for (let at = 0; at < 300; at++)
      bus.publish({ type: 'process.exited', subject: { server: `s${at}` }, data: { code: 1 } });
    await Promise.resolve();
    await Promise.resolve();
    expect(heard).toBe(300);
  });

  it('publishes within 10 ms beside 200 slow readers, all of whose slots hold the states of servers', () => {
    const bus = busOf();
    for (let at = 0; at < 200; at++) bus.subscribe({ onAvailable() {} });
    for (let at = 0; at < 256; at++)
      bus.publish({ type: 'upstream.connected', subject: { server: `s${at}` } });
    const began = performance.now();
    for (let at = 0; at < 5; at++) bus.publish({ type: 'upstream.degraded', subject: { server: `s${at}` } });
    expect((performance.now() - began) / 5).toBeLessThan(10);
  });
});
