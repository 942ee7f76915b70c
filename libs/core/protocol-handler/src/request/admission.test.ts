import { describe, expect, it } from '@jest/globals';
import { GatewayError, type Principal, type Share } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { Admission } from './admission.ts';

const user = (id: string): Principal => ({ id, kind: 'token' });

function taken(admission: Admission, id: string): Share {
  const share = admission.acquire(user(id));
  if (share instanceof GatewayError) throw share;
  return share;
}

describe('Admission', () => {
  // guard: admission/no-overtaking
  it('lets nobody go before an earlier request of the same user, where there is room in between', () => {
    const admission = new Admission({ maxInFlight: 4, maxWaiting: 9, maxWaitMs: 1_000 }, new VirtualClock());
    const shares = [1, 2, 3, 4].map(() => taken(admission, 'ada'));
    taken(admission, 'carol');
    const log: string[] = [];
    expect(admission.mustWait(user('bob'))).toBe(true);
    admission.wait(user('bob'), { onTurn: () => log.push('first'), onRefused: () => {} });
    for (const share of shares.slice(0, 1)) admission.release(share);
    expect(admission.mustWait(user('bob'))).toBe(true);
    expect(admission.mustWait(user('dora'))).toBe(false);
    for (const share of shares.slice(1)) admission.release(share);
    expect(log).toEqual(['first']);
  });

  it('lets nothing wait where nothing may, nor while nothing is taken', () => {
    const clock = new VirtualClock();
    const none = new Admission({ maxInFlight: 1 }, clock);
    taken(none, 'ada');
    expect(none.mustWait(user('ada'))).toBe(false);
    const closed = new Admission({ maxInFlight: 1, maxWaiting: 1 }, clock);
    taken(closed, 'ada');
    expect(closed.mustWait(user('ada'))).toBe(true);
    closed.close();
    expect(closed.mustWait(user('ada'))).toBe(false);
  });
});
