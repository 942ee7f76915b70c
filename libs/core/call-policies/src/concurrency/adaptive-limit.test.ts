import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@omni/testing';
import fc from 'fast-check';
import { AdaptiveLimit, type AdaptiveLimitOptions, type LimitedPlace } from './adaptive-limit.ts';
import { EagerClients, SimulatedServer } from './simulated-server.fixture.ts';

function simulate(options: Partial<AdaptiveLimitOptions> = {}, seed = 7) {
  const clock = new VirtualClock();
  let state = seed;
  const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const limit = new AdaptiveLimit({ clock, ...options });
  const server = new SimulatedServer(clock, random);
  return { clock, limit, server, clients: new EagerClients(clock, limit, server) };
}

/** Within 20 %, and within one call where a fifth is less. */
function expectNear(mean: number, capacity: number): void {
  expect(Math.abs(mean - capacity)).toBeLessThanOrEqual(Math.max(1, capacity * 0.2));
}

describe('AdaptiveLimit', () => {
  for (const capacity of [3, 8, 20, 60])
    it(`finds what a server can do at the same time: ${capacity} calls, within 20 %`, () => {
      for (const seed of [7, 77, 777]) {
        const { server, clients } = simulate({}, seed);
        server.capacity = capacity;
        clients.goOn(20_000);
        expectNear(clients.goOn(60_000), capacity);
      }
    });

  it('follows a server that can do less, and then more again', () => {
    const { server, clients } = simulate();
    server.capacity = 60;
    clients.goOn(30_000);
    server.capacity = 15;
    clients.goOn(20_000);
    expectNear(clients.goOn(60_000), 15);
    server.capacity = 60;
    clients.goOn(30_000);
    expectNear(clients.goOn(60_000), 60);
  });

  it('recovers when every call takes four times as long, and when it is fast again', () => {
    const { server, clients } = simulate();
    server.capacity = 40;
    clients.goOn(30_000);
    server.serviceMs = 200;
    clients.goOn(90_000);
    expectNear(clients.goOn(120_000), 40);
    server.serviceMs = 50;
    clients.goOn(30_000);
    expectNear(clients.goOn(60_000), 40);
  });

  // guard: concurrency/overloaded
  it('goes down while a server fails, however fast, and up again when it does not', () => {
    const { limit, server, clients } = simulate();
    server.capacity = 40;
    clients.goOn(20_000);
    server.errorShare = 0.3;
    clients.goOn(20_000);
    expect(limit.limit).toBeLessThanOrEqual(2);
    server.errorShare = 0;
    clients.goOn(60_000);
    expectNear(clients.goOn(60_000), 40);
  });

  it('goes down when a server refuses calls in place of letting them wait', () => {
    const { server, clients } = simulate({ tolerance: 100, max: 200 });
    server.capacity = 30;
    server.maxWaiting = 1;
    clients.goOn(20_000);
    const mean = clients.goOn(60_000);
    expect(mean).toBeGreaterThan(20);
    expect(mean).toBeLessThan(45);
  });

  it('does not go down for one failure in a hundred', () => {
    const { server, clients } = simulate();
    server.errorShare = 0.01;
    clients.goOn(20_000);
    expectNear(clients.goOn(60_000), 20);
  });

  it('leaves the most of what a server can do to be used', () => {
    const { server, clients } = simulate();
    clients.goOn(20_000);
    clients.done = 0;
    clients.goOn(60_000);
    const most = (60_000 / server.serviceMs) * server.capacity;
    expect(clients.done / most).toBeGreaterThan(0.9);
  });

  // guard: concurrency/unused
  it('does not grow while nobody uses it', () => {
    const { limit, clients } = simulate({ initial: 10 });
    clients.wanted = 2;
    clients.goOn(60_000);
    expect(limit.limit).toBe(10);
  });

  it('counts a call until its one end', () => {
    const { limit } = simulate({ initial: 4 });
    const places = Array.from({ length: 4 }, () => limit.begin());
    places[0]?.end('ignored');
    places[0]?.end('ignored');
    expect(limit.inFlight).toBe(3);
  });

  it('goes by when an answer begins, not by how long it is read', () => {
    const { limit, clock } = simulate({ initial: 4, max: 50 });
    for (let round = 0; round < 40; round++) {
      const places = Array.from({ length: limit.limit }, () => limit.begin());
      clock.advance(5);
      for (const place of places) place.answer();
      clock.advance(10 * round);
      for (const place of places) place.end('answered');
    }
    expect(limit.limit).toBeGreaterThan(40);
  });

  // guard: concurrency/max
  it('is never above its greatest', () => {
    const { limit, server, clients } = simulate({ max: 12 });
    server.capacity = 100;
    clients.goOn(20_000);
    expect(limit.limit).toBe(12);
  });

  // guard: concurrency/min
  it('is never below its least, neither when all fails nor while it probes', () => {
    const { limit, server, clients } = simulate({ min: 4 });
    let least = Number.POSITIVE_INFINITY;
    const goOn = (ms: number): void => {
      for (let passedMs = 0; passedMs < ms; passedMs += 10) {
        clients.goOn(10);
        least = Math.min(least, limit.limit);
      }
    };
    server.capacity = 1;
    goOn(60_000);
    server.errorShare = 1;
    goOn(30_000);
    expect(least).toBe(4);
  });

  it('counts right and keeps its bounds, whatever happens', () => {
    const how = fc.constantFrom('answered' as const, 'overloaded' as const, 'ignored' as const);
    const step = fc.record({
      afterMs: fc.nat({ max: 3_000 }),
      takes: fc.nat({ max: 30 }),
      ends: fc.nat({ max: 40 }),
      how,
    });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 150, size: 'max' }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 5, max: 40 }),
        (steps, min, max) => {
          const clock = new VirtualClock();
          const limit = new AdaptiveLimit({ min, max, clock });
          const running: LimitedPlace[] = [];
          for (const at of steps) {
            clock.advance(at.afterMs);
            for (let take = 0; take < at.takes; take++)
              if (limit.inFlight < limit.limit) running.push(limit.begin());
            for (const place of running.splice(0, at.ends)) place.end(at.how);
            expect(limit.inFlight).toBe(running.length);
            expect(limit.limit).toBeGreaterThanOrEqual(min);
            expect(limit.limit).toBeLessThanOrEqual(max);
            expect(Number.isInteger(limit.limit)).toBe(true);
          }
        },
      ),
      { seed: 1_112, numRuns: 60 },
    );
  });
});
