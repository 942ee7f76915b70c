import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '../errors/gateway-error.ts';
import { onConnection, type Principal } from '../principal.ts';
import { FairPlaces, type Occupant, type Share } from './fair-places.ts';

const OWNER: Principal = { id: 'owner', kind: 'token' };
const ADA: Principal = { id: 'ada', kind: 'token' };
const BOB: Principal = { id: 'bob', kind: 'token' };

function places(capacity: number) {
  const clock = { nowMs: 0, monotonicMs: () => clock.nowMs };
  return {
    clock,
    places: new FairPlaces({ capacity, what: 'calls', setting: 'limits.maxCalls', clock }),
  };
}

/** Takes as many as there are. */
function takeAll(from: FairPlaces, principal: Principal): Share[] {
  const shares: Share[] = [];
  for (;;) {
    const share = from.take(principal);
    if (share instanceof GatewayError) return shares;
    shares.push(share);
  }
}

function refusalOf(from: FairPlaces, principal: Principal): GatewayError {
  const share = from.take(principal);
  if (share instanceof GatewayError) return share;
  throw new TypeError('there was a place');
}

describe('FairPlaces', () => {
  // guard: places/full
  it('lets one sharer that is alone take all, and no more', () => {
    for (const capacity of [1, 2, 7, 1_000])
      expect(takeAll(places(capacity).places, ADA)).toHaveLength(capacity);
  });

  // guard: places/few
  it('keeps a quarter more for those who have few, of which none can take all', () => {
    const { places: from } = places(100);
    takeAll(from, ADA);
    const others = Array.from(
      { length: 4 },
      (_, at) => takeAll(from, { id: `user ${at}`, kind: 'token' }).length,
    );
    expect(others).toEqual([13, 6, 3, 2]);
    expect(from.take(BOB)).toHaveProperty('taken', 1);
  });

  it('keeps nothing for sharers of whom none has more than its part', () => {
    const { places: from } = places(10);
    const taken = Array.from({ length: 20 }, (_, at) => from.take({ id: `user ${at}`, kind: 'token' }));
    expect(taken.filter((share) => !(share instanceof GatewayError))).toHaveLength(10);
  });

  // guard: places/owner
  it('lets the owner in when others have taken the quarter too, and not without end', () => {
    const { places: from } = places(100);
    for (let user = 0; user < 200; user++) takeAll(from, { id: `user ${user}`, kind: 'certificate' });
    expect(from.taken).toBe(125);
    expect(refusalOf(from, BOB).message).toBe(
      'All users together have 125 calls, which is the most (limits.maxCalls is 100)',
    );
    expect(takeAll(from, OWNER)).toHaveLength(16);
    expect(takeAll(from, { id: 'local', kind: 'local' })).toHaveLength(16);
    expect(refusalOf(from, { id: 'owner', kind: 'certificate' }).code).toBe('OMNI_OVERLOADED');
  });

  it('divides among connections where everybody is the same one', () => {
    const { places: from } = places(4);
    const anonymous: Principal = { id: 'anonymous', kind: 'anonymous' };
    const [one, two] = [onConnection(anonymous, 'c1'), onConnection(anonymous, 'c2')];
    expect(takeAll(from, one)).toHaveLength(4);
    expect(refusalOf(from, one).message).toBe(
      'This connection has 4 of 4 calls and gets no more now (limits.maxCalls is 4)',
    );
    expect(from.take(two)).toHaveProperty('taken', 1);
    expect(onConnection(ADA, 'c1')).toBe(ADA);
  });

  it('says whose share is used up, what can be done, and when it may be worth to try again', () => {
    const { places: from, clock } = places(2);
    const [first, second] = takeAll(from, ADA);
    if (first === undefined || second === undefined) throw new TypeError('no places');
    expect(refusalOf(from, ADA)).toMatchObject({
      message: '"ada" has 2 of 2 calls and gets no more now (limits.maxCalls is 2)',
      hint: 'Try again in 1 s, or when one of them has ended; the owner of Omni can raise limits.maxCalls.',
      retryAfterS: 1,
      data: { retryAfterS: 1 },
    });
    clock.nowMs = 8_500;
    expect(refusalOf(from, ADA).retryAfterS).toBe(9);
    clock.nowMs = 500_000;
    expect(refusalOf(from, ADA).retryAfterS).toBe(60);
    from.leave(first);
    from.take(ADA);
    // A place became free after 500 s once: a quarter of that is what it is taken to be.
    expect(refusalOf(from, ADA).retryAfterS).toBe(60);
    for (let times = 0; times < 40; times++) {
      clock.nowMs += 4_000;
      from.leave(second);
      from.take(ADA);
      refusalOf(from, ADA);
    }
    expect(refusalOf(from, ADA).retryAfterS).toBeLessThanOrEqual(5);
  });

  it('counts right through any sequence, and forgets who has nothing', () => {
    const { places: from } = places(50);
    const held: Share[] = [];
    let seed = 11;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let step = 0; step < 20_000; step++) {
      const share = from.take({ id: `user ${random(5_000)}`, kind: 'token' });
      if (!(share instanceof GatewayError)) held.push(share);
      if (random(2) === 0) for (const left of held.splice(random(held.length + 1), 1)) from.leave(left);
      expect(from.taken).toBe(held.length);
    }
    for (const left of held.splice(0)) from.leave(left);
    expect(from.taken).toBe(0);
    expect(takeAll(from, ADA)).toHaveLength(50);
  });
});

describe('FairPlaces.takeOver', () => {
  /** Occupants of a full house, in the order of their ids. */
  function house(idle: readonly (readonly [Principal, number | undefined])[]) {
    const { places: from } = places(idle.length);
    const gone: number[] = [];
    const occupants = idle.map(([principal, idleSinceMs], at): Occupant => {
      const share = from.take(principal);
      if (share instanceof GatewayError) throw share;
      const giveWay = (): void => {
        gone.push(at);
        from.leave(share);
      };
      return { share, idleSinceMs, giveWay };
    });
    return { from, gone, occupants };
  }

  it('ends the oldest leftover of the same sharer before those of others', () => {
    const { from, gone, occupants } = house([
      [BOB, 1],
      [ADA, 9],
      [ADA, 5],
      [BOB, 2],
    ]);
    expect(from.takeOver(ADA, occupants)).toHaveProperty('sharer', 'ada');
    expect(gone).toEqual([2]);
  });

  // guard: places/part
  it('ends the oldest leftover of one that has more than its part, and nothing of the others', () => {
    const { from, gone, occupants } = house([
      [BOB, 1],
      [ADA, 7],
      [ADA, 5],
      [ADA, 6],
    ]);
    from.takeOver(OWNER, occupants);
    expect(gone).toEqual([2]);
    from.takeOver(OWNER, [occupants[0] as Occupant]);
    expect(gone).toEqual([2]);
  });

  it('gives the place that was left to the one that it was left for', () => {
    const { from, gone, occupants } = house([
      [ADA, 1],
      [ADA, 2],
    ]);
    from.take(OWNER);
    expect(from.takeOver(BOB, occupants)).toHaveProperty('sharer', 'bob');
    expect(gone).toEqual([0]);
    expect(from.taken).toBe(3);
  });

  // guard: places/in-use
  it('ends nothing that is in use, and nothing while there is room', () => {
    const { from, gone, occupants } = house([
      [ADA, undefined],
      [ADA, undefined],
    ]);
    expect(from.takeOver(ADA, occupants)).toBeInstanceOf(GatewayError);
    const free = places(3).places;
    free.takeOver(ADA, []);
    expect(gone).toEqual([]);
    expect(free.taken).toBe(1);
  });
});
