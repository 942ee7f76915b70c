import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@omni/testing';
import fc from 'fast-check';
import type { NewEvent, OmniEvent } from './event.ts';
import { EventBus, MAX_SUBSCRIPTIONS } from './event-bus.ts';
import { eventFacts } from './event-catalogue.ts';
import type { EventLogLimits } from './event-log.ts';
import { type Delivery, stateKey, SUBSCRIBER_SLOTS } from './subscription.ts';

const DOWN: NewEvent = { type: 'upstream.disconnected', subject: { server: 'files' }, data: { reason: 'x' } };
const TIMEOUT: NewEvent = { type: 'request.timeout', subject: { server: 'files' } };
const POLICY: NewEvent = { type: 'security.policy_decision', subject: { principal: 'ada' } };

function scene(log?: EventLogLimits) {
  const clock = new VirtualClock();
  const errors: unknown[] = [];
  const logger = { error: (fields: Readonly<Record<string, unknown>>) => void errors.push(fields['err']) };
  const bus = new EventBus({ instance: 'omni-1', clock, logger, ...(log && { log }) });
  return { clock, errors, bus };
}

/** Everything that waits for a reader. */
function drained(subscription: { take(): Delivery | undefined }): Delivery[] {
  const all: Delivery[] = [];
  for (let next = subscription.take(); next !== undefined; next = subscription.take()) all.push(next);
  return all;
}

describe('EventBus', () => {
  it('puts what is published into the envelope', () => {
    const { bus, clock } = scene();
    const trace = 'a'.repeat(32);
    expect(bus.publish({ ...DOWN, trace }, 'coordinator')).toEqual({
      id: expect.stringMatching(/^[0-9a-z]{9}-0000001$/),
      type: 'upstream.disconnected',
      time: clock.now(),
      source: { instance: 'omni-1', role: 'coordinator' },
      severity: 'warn',
      subject: { server: 'files' },
      data: { reason: 'x' },
      trace,
      acl: { servers: ['files'], minRole: 'user' },
      v: 1,
    });
  });

  it('gives ids that sort as they were published, also when the clock goes back, and across runs', () => {
    const { bus, clock } = scene();
    const ids = Array.from({ length: 2_000 }, () => {
      clock.setWallClock(clock.now() - 60_000);
      return bus.publish(DOWN).id;
    });
    expect(ids.toSorted()).toEqual(ids);
    const later = scene();
    later.clock.advance(1);
    const next = new EventBus({ instance: 'omni-1', clock: later.clock, logger: { error() {} } });
    expect(next.publish(DOWN).id > (ids.at(-1) ?? '')).toBe(true);
  });

  it('tells readers after the publisher, in order, and nobody who has left', async () => {
    const { bus } = scene();
    const heard: string[] = [];
    const leave = bus.listen(({ type }) => heard.push(type));
    bus.publish(DOWN);
    bus.publish(TIMEOUT);
    expect(heard).toEqual([]);
    await Promise.resolve();
    expect(heard).toEqual(['upstream.disconnected', 'request.timeout']);
    bus.publish(DOWN);
    leave();
    await Promise.resolve();
    expect(heard).toHaveLength(2);
  });

  // guard: events/failing-reader, events/failing-filter
  it('logs what readers fail with, and tells the others', async () => {
    const { bus, errors } = scene();
    const heard: string[] = [];
    bus.listen(() => {
      throw new RangeError('reader');
    });
    bus.subscribe({
      accepts: () => {
        throw new RangeError('filter');
      },
      onAvailable: () => heard.push('woken'),
    });
    bus.listen(({ id }) => heard.push(id));
    const { id } = bus.publish(DOWN);
    await Promise.resolve();
    expect(heard).toEqual([id]);
    expect(errors).toEqual([new RangeError('filter'), new RangeError('reader')]);
  });

  it('tells listeners of every event, also of more in one turn than a slow reader may leave', async () => {
    const { bus } = scene();
    const heard: string[] = [];
    bus.listen(({ id }) => heard.push(id));
    const published = Array.from({ length: 2 * SUBSCRIBER_SLOTS }, (_, n) => [
      bus.publish({ ...DOWN, subject: { server: `s${n}` } }).id,
      bus.publish(TIMEOUT).id,
    ]).flat();
    await Promise.resolve();
    expect(heard).toEqual(published);
  });

  it('tells a listener that leaves meanwhile nothing more', async () => {
    const { bus } = scene();
    const heard: string[] = [];
    const leave = bus.listen(({ id }) => {
      heard.push(id);
      leave();
    });
    const { id } = bus.publish(DOWN);
    bus.publish(DOWN);
    await Promise.resolve();
    expect(heard).toEqual([id]);
  });

  it('publishes without its data what cannot be written, and logs that', async () => {
    const { bus, errors } = scene();
    const heard: OmniEvent[] = [];
    bus.listen((event) => heard.push(event));
    const event = bus.publish({ ...DOWN, data: { bytes: 1n } });
    await Promise.resolve();
    expect(event.data).toEqual({});
    expect(heard).toEqual([event]);
    expect(bus.since('').events).toEqual([event]);
    expect(errors).toEqual([expect.any(TypeError)]);
  });

  // guard: events/subscriptions
  it('has so many slow readers and no more; each that leaves makes room for one', () => {
    const { bus } = scene();
    const read = () => bus.subscribe({ onAvailable() {} });
    const readers = Array.from({ length: MAX_SUBSCRIPTIONS }, read);
    expect(read).toThrow(expect.objectContaining({ code: 'OMNI_OVERLOADED' }));
    readers[0]?.close();
    readers[0]?.close();
    read();
    expect(read).toThrow(expect.objectContaining({ code: 'OMNI_OVERLOADED' }));
    bus.listen(() => {});
  });

  it('wakes a reader once for what waits, and shows it only what it accepts', async () => {
    const { bus } = scene();
    let woken = 0;
    const subscription = bus.subscribe({
      accepts: ({ subject }) => subject.server === 'files',
      onAvailable: () => woken++,
    });
    bus.publish(DOWN);
    bus.publish(POLICY);
    bus.publish(TIMEOUT);
    await Promise.resolve();
    expect(woken).toBe(1);
    expect(drained(subscription)).toHaveLength(2);
  });
});

describe('a slow reader', () => {
  it('keeps the last state of each server, and everything else, where that is enough', () => {
    const { bus } = scene();
    const subscription = bus.subscribe({ onAvailable() {} });
    bus.publish(POLICY);
    for (let n = 0; n < 10 * SUBSCRIBER_SLOTS; n++)
      bus.publish({ ...DOWN, subject: { server: `s${n % 3}` }, data: { n } });
    const waiting = drained(subscription);
    expect(waiting[0]).toMatchObject({ kind: 'event', event: { type: POLICY.type } });
    expect(waiting.every(({ kind }) => kind === 'event')).toBe(true);
    const last = waiting.slice(-3).map((next) => next.kind === 'event' && next.event.data['n']);
    expect(last).toEqual([2557, 2558, 2559]);
  });

  // guard: events/resync
  it('is told that it has lost something, in the place where it was lost', () => {
    const { bus } = scene();
    const subscription = bus.subscribe({ onAvailable() {} });
    bus.publish(POLICY);
    for (let n = 0; n < SUBSCRIBER_SLOTS; n++) bus.publish(TIMEOUT);
    const { id } = bus.publish(DOWN);
    expect(drained(subscription)).toMatchObject([
      { kind: 'resync', dropped: SUBSCRIBER_SLOTS },
      { kind: 'event', event: { type: POLICY.type } },
      { kind: 'event', event: { id } },
    ]);
  });

  it('costs whoever publishes the same, however many events wait', () => {
    const { bus } = scene();
    const subscription = bus.subscribe({ onAvailable() {} });
    let looks = 0;
    for (let n = 0; n < SUBSCRIBER_SLOTS; n++) {
      const subject = {
        get server() {
          looks++;
          return `s${n}`;
        },
      };
      bus.publish({ type: 'upstream.connected', subject });
    }
    const before = looks;
    for (let n = 0; n < SUBSCRIBER_SLOTS; n++)
      bus.publish({ type: 'upstream.degraded', subject: { server: `s${n}` } });
    // Each looks at the one that gives way to it.
    expect(looks - before).toBeLessThanOrEqual(2 * SUBSCRIBER_SLOTS);
    expect(drained(subscription)).toHaveLength(SUBSCRIBER_SLOTS);
  });

  // guard: events/slots
  it('holds no more than its slots, loses nothing silently, and security last', () => {
    const kinds = fc.constantFrom<NewEvent>(DOWN, TIMEOUT, POLICY, { type: 'config.error' });
    const step = fc.oneof(
      fc.record({
        publish: kinds,
        server: fc.nat({ max: 40 }),
        times: fc.integer({ min: 1, max: 200 }),
      }),
      fc.record({ take: fc.integer({ min: 1, max: 120 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { bus } = scene();
        const subscription = bus.subscribe({ onAvailable() {} });
        const published: OmniEvent[] = [];
        const taken: Delivery[] = [];
        let waiting = 0;
        const take = (count: number): void => {
          for (let n = 0; n < count; n++) {
            const next = subscription.take();
            if (next === undefined) return;
            taken.push(next);
          }
        };
        for (const next of steps) {
          if ('take' in next) take(next.take);
          else
            for (let n = 0; n < next.times; n++)
              published.push(bus.publish({ ...next.publish, subject: { server: `s${next.server}` } }));
        }
        while (true) {
          const before = taken.length;
          take(1);
          if (taken.length === before) break;
          waiting++;
        }
        // The slots, and the marker.
        expect(waiting).toBeLessThanOrEqual(SUBSCRIBER_SLOTS + 1);
        const events = taken.flatMap((next) => (next.kind === 'event' ? [next.event] : []));
        const ids = events.map(({ id }) => id);
        expect(ids.toSorted()).toEqual(ids);
        const seen = new Set(ids);
        const lost = published.filter(({ id }) => !seen.has(id));
        const dropped = taken.reduce((sum, next) => sum + (next.kind === 'resync' ? next.dropped : 0), 0);
        // What is lost without a marker is a state that a later event of the same subject has replaced.
        const outdated = lost.filter((event) => {
          const key = stateKey(event);
          return (
            key !== undefined && published.some((later) => later.id > event.id && stateKey(later) === key)
          );
        });
        expect(dropped).toBeGreaterThanOrEqual(lost.length - outdated.length);
        if (dropped === 0) expect(lost).toEqual(outdated);
        const ofSecurity = published.filter(({ type }) => eventFacts(type).class === 'security');
        if (ofSecurity.length <= SUBSCRIBER_SLOTS)
          expect(lost.filter(({ type }) => eventFacts(type).class === 'security')).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('EventBus.since', () => {
  it('replays what was published behind an id', () => {
    const { bus } = scene();
    const [first, second, third] = [bus.publish(DOWN), bus.publish(TIMEOUT), bus.publish(POLICY)];
    expect(bus.since(first.id)).toEqual({ events: [second, third], isComplete: true });
    expect(bus.since(third.id)).toEqual({ events: [], isComplete: true });
  });

  it('says when it does not know all: an id of another run, of the future, or none', () => {
    const { bus } = scene();
    const first = bus.publish(DOWN);
    expect(bus.since('000000000-0000001')).toEqual({ events: [first], isComplete: false });
    expect(bus.since('')).toEqual({ events: [first], isComplete: false });
    expect(bus.since('zzzzzzzzz-0000001')).toEqual({ events: [], isComplete: false });
  });

  // guard: events/log-count
  it('keeps the last events, and says that others are gone', () => {
    const { bus } = scene({ maxEvents: 100 });
    const all = Array.from({ length: 5_000 }, () => bus.publish(DOWN));
    const [gone, last] = [all[4_898]?.id ?? '', all[4_899]?.id ?? ''];
    expect(bus.since(last)).toEqual({ events: all.slice(-100), isComplete: true });
    expect(bus.since(gone)).toEqual({ events: all.slice(-100), isComplete: false });
  });

  it('keeps them for an hour', () => {
    const { bus, clock } = scene();
    const first = bus.publish(DOWN);
    clock.advance(3_600_000);
    const second = bus.publish(DOWN);
    expect(bus.since(first.id)).toEqual({ events: [second], isComplete: true });
    clock.advance(1);
    expect(bus.since('').events).toEqual([second]);
  });

  // guard: events/log-bytes
  it('keeps no more than its bytes', () => {
    const { bus } = scene({ maxBytes: 100_000 });
    const data = { text: 'x'.repeat(10_000) };
    for (let n = 0; n < 50; n++) bus.publish({ ...DOWN, data });
    expect(bus.since('').events).toHaveLength(4);
  });
});
