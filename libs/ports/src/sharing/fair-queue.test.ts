import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { GatewayError } from '../errors/gateway-error.ts';
import type { Principal } from '../principal.ts';
import { FairPlaces } from './fair-places.ts';
import { FairQueue, type FairQueueOptions, type QueueTicket } from './fair-queue.ts';
import { SteppedClock } from './stepped-clock.fixture.ts';

const ADA: Principal = { id: 'ada', kind: 'token' };
const BOB: Principal = { id: 'bob', kind: 'token' };

function open({ maxCalls = 2_000, ...options }: Partial<FairQueueOptions> & { maxCalls?: number } = {}) {
  const clock = new SteppedClock();
  const what = 'calls waiting for "up"';
  const room = new FairPlaces({ capacity: maxCalls, what, setting: 'limits.maxWaiting', clock });
  const queue = new FairQueue({ room, maxWaitMs: 30_000, what, clock, ...options });
  const log: string[] = [];
  const join = (principal: Principal, name: string, waitMs?: number): QueueTicket => {
    const waiter = {
      onTurn: () => log.push(name),
      onRefused: ({ message }: GatewayError) => log.push(`${name}: ${message}`),
    };
    const ticket = queue.join(principal, waiter, waitMs);
    if (ticket instanceof GatewayError) throw ticket;
    return ticket;
  };
  return { clock, queue, join, log };
}

describe('FairQueue', () => {
  // guard: queue/turns
  it('serves a user with 1,000 waiting calls as often as one with a single call: within 10 %', () => {
    const { queue, join } = open();
    const served = { ada: 0, bob: 0 };
    for (let call = 0; call < 1_000; call++)
      queue.join(ADA, { onTurn: () => served.ada++, onRefused: () => {} });
    const joinAgain = (): void => {
      queue.join(BOB, { onTurn: () => (served.bob++, joinAgain()), onRefused: () => {} });
    };
    joinAgain();
    for (let turn = 0; turn < 500; turn++) queue.next();
    expect(served.ada + served.bob).toBe(500);
    expect(Math.abs(served.ada - served.bob)).toBeLessThanOrEqual(50);
    expect(join(BOB, 'bob').position).toBeLessThanOrEqual(4);
  });

  it('gives users turns by weight', () => {
    const { queue, join, log } = open({ weightOf: ({ id }) => (id === 'ada' ? 3 : 1) });
    for (let call = 0; call < 8; call++) join(BOB, 'b');
    for (let call = 0; call < 8; call++) join(ADA, 'a');
    while (queue.next());
    expect(log.join('')).toBe('baaabaaabaabbbbb');
    expect(queue.next()).toBe(false);
  });

  // guard: queue/full
  it('has room for so many calls, and a quarter more for users with few', () => {
    const { queue, join } = open({ maxCalls: 8 });
    for (let call = 0; call < 8; call++) join(ADA, 'a');
    const refused = queue.join(ADA, { onTurn: () => {}, onRefused: () => {} });
    expect(refused).toMatchObject({
      code: 'OMNI_QUEUE_FULL',
      message: '"ada" has 8 of 8 calls waiting for "up" and gets no more now (limits.maxWaiting is 8)',
      data: { position: 9, retryAfterS: 1 },
    });
    expect(join(BOB, 'b').position).toBe(2);
  });

  // guard: queue/places-back
  it('gives places back, however a call ends', () => {
    const { clock, queue, join } = open({ maxCalls: 4, maxWaitMs: 1_000 });
    for (let round = 0; round < 50; round++) {
      join(ADA, 'a').withdraw();
      join(ADA, 'a');
      queue.next();
      join(ADA, 'a');
      clock.advance(1_000);
      join(ADA, 'a');
      queue.fail(new GatewayError('OMNI_UPSTREAM_DOWN', 'x'));
    }
    expect(queue.size).toBe(0);
    for (let call = 0; call < 4; call++) join(ADA, 'a');
  });

  // guard: queue/waited
  it('lets no call wait for longer than it may', () => {
    const { clock, join, log } = open({ maxWaitMs: 5_000 });
    join(ADA, 'long');
    join(ADA, 'short', 2_000);
    clock.advance(1_999);
    expect(log).toEqual([]);
    clock.advance(10_000);
    expect(log).toEqual([
      'short: One of 2 calls waiting for "up" has had no turn in 2000 ms',
      'long: One of 1 calls waiting for "up" has had no turn in 5000 ms',
    ]);
  });

  // guard: queue/timer-undone
  it('leaves no timer behind', () => {
    const { clock, queue, join, log } = open();
    join(ADA, '1');
    join(ADA, '2').withdraw();
    queue.next();
    expect(clock.pendingTimers).toBe(0);
    clock.advance(100_000);
    expect(log).toEqual(['1']);
  });

  it('ends the wait of all, and not of those that come meanwhile', () => {
    const { queue, join, log } = open();
    const error = new GatewayError('OMNI_UPSTREAM_DOWN', 'the breaker is open');
    queue.join(ADA, { onTurn: () => {}, onRefused: () => join(ADA, 'again') });
    join(BOB, 'bob');
    const withdrawn = join(BOB, 'withdrawn');
    withdrawn.withdraw();
    queue.fail(error);
    expect(log).toEqual(['bob: the breaker is open']);
    expect(withdrawn.position).toBeUndefined();
    expect(queue.size).toBe(1);
  });

  it('ends the wait of one kind alone', () => {
    const { queue, log } = open();
    for (const key of ['add', 'sub', 'add'])
      queue.join(ADA, { key, onTurn: () => log.push(key), onRefused: ({ code }) => log.push(code) });
    queue.fail(new GatewayError('OMNI_CIRCUIT_OPEN', 'x'), 'add');
    while (queue.next());
    expect(log).toEqual(['OMNI_CIRCUIT_OPEN', 'OMNI_CIRCUIT_OPEN', 'sub']);
  });

  it('tells who is refused where it stood, and when that will have its turn', () => {
    const { clock, queue, join } = open({ maxCalls: 6, maxWaitMs: 60_000 });
    for (let call = 0; call < 6; call++) join(ADA, 'a');
    for (let turn = 0; turn < 40; turn++) {
      clock.advance(2_000);
      queue.next();
      join(ADA, 'a');
    }
    const refusals: GatewayError[] = [];
    const refused = queue.join(ADA, { onTurn: () => {}, onRefused: () => {} });
    expect(refused).toMatchObject({ data: { position: 7, retryAfterS: 14 } });
    queue.join(BOB, { onTurn: () => {}, onRefused: (error) => refusals.push(error) }, 1_000);
    clock.advance(1_000);
    expect(refusals[0]).toMatchObject({ code: 'OMNI_QUEUE_FULL', retryAfterS: 4, data: { position: 2 } });
  });

  it('takes nobody else out when one withdraws that waits no more', () => {
    const { queue, join, log } = open();
    const first = join(ADA, '1');
    join(ADA, '2');
    queue.next();
    first.withdraw();
    first.withdraw();
    expect(queue.size).toBe(1);
    queue.next();
    expect(log).toEqual(['1', '2']);
  });

  it('does what lines in a list of names would do, whatever happens', () => {
    const user = fc.nat({ max: 2 });
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ kind: fc.constant('join' as const), user }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('next' as const) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('withdraw' as const), at: fc.nat() }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
        const { queue, join, log } = open({ weightOf: ({ id }) => Number(id) + 1 });
        const model = new NamedLines();
        const tickets = new Map<string, QueueTicket>();
        steps.forEach((at, index) => {
          const name = `call ${index}`;
          if (at.kind === 'join') {
            tickets.set(name, join({ id: String(at.user), kind: 'token' }, name));
            model.join(at.user, name);
          } else if (at.kind === 'next') {
            expect(queue.next()).toBe(model.next());
          } else {
            const [gone] = [...model.waiting()].slice(at.at % Math.max(1, tickets.size));
            if (gone !== undefined) tickets.get(gone)?.withdraw();
            model.withdraw(gone);
          }
          const order = model.order();
          for (const [waiting, ticket] of tickets) {
            const position = order.indexOf(waiting);
            expect(ticket.position).toBe(position < 0 ? undefined : position + 1);
          }
        });
        expect(log).toEqual(model.served);
        expect(queue.size).toBe(model.order().length);
      }),
      { seed: 1_103, numRuns: 150 },
    );
  });
});

/** Turns as a list of users, each written down as often as it may go. The weight of user `n` is `n + 1`. */
class NamedLines {
  turns: number[] = [];
  lines = new Map<number, string[]>();
  served: string[] = [];

  join(user: number, name: string): void {
    if (!this.lines.has(user)) this.turns.push(...this.#turnOf(user));
    this.lines.set(user, [...(this.lines.get(user) ?? []), name]);
  }

  next(): boolean {
    const [user] = this.turns;
    if (user === undefined) return false;
    const [name = '', ...others] = this.lines.get(user) ?? [];
    this.turns = this.turns.slice(1);
    if (this.turns[0] !== user) this.turns.push(...this.#turnOf(user));
    this.#keep(user, others);
    this.served.push(name);
    return true;
  }

  withdraw(name: string | undefined): void {
    for (const [user, names] of this.lines)
      if (names.some((other) => other === name))
        this.#keep(
          user,
          names.filter((other) => other !== name),
        );
  }

  waiting(): string[] {
    return [...this.lines.values()].flat();
  }

  /** Who goes when, found out by letting all go. */
  order(): string[] {
    const copy = new NamedLines();
    copy.turns = [...this.turns];
    copy.lines = new Map(this.lines);
    while (copy.next());
    return copy.served;
  }

  #turnOf(user: number): number[] {
    return Array.from({ length: user + 1 }, () => user);
  }

  #keep(user: number, names: string[]): void {
    if (names.length > 0) this.lines.set(user, names);
    else {
      this.lines.delete(user);
      this.turns = this.turns.filter((other) => other !== user);
    }
  }
}
