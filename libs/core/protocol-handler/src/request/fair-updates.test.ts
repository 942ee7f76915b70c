import { GatewayError } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { describe, expect, it } from '@jest/globals';
import { LOCAL, ScriptedUpdates } from '../front.fixture.ts';
import { FairUpdates } from './fair-updates.ts';
import { unknownClient } from './unknown-client.ts';
import { ALL_SERVERS } from '@omni/model';

function subject() {
  const updates = new ScriptedUpdates();
  const fair = new FairUpdates(updates, new VirtualClock());
  const subscribe = (id: string): (() => void) | GatewayError | undefined => {
    let result: (() => void) | GatewayError | undefined;
    const client = unknownClient({ ...LOCAL, kind: 'token', id }, ALL_SERVERS, 'modern');
    fair.subscribe(
      client,
      'file:///a',
      () => {},
      (done) => (result = done),
    );
    return result;
  };
  return { updates, subscribe };
}

describe('FairUpdates', () => {
  // guard: updates/count
  it('holds ten thousand subscriptions of one user, and has room for those of others', () => {
    const { updates, subscribe } = subject();
    const releases = Array.from({ length: 10_000 }, () => subscribe('ada'));
    expect(subscribe('ada')).toMatchObject({ code: 'OMNI_OVERLOADED' });
    expect(updates.subscriptions).toHaveLength(10_000);
    expect(subscribe('bob')).toBeInstanceOf(Function);
    const [first, second] = releases;
    if (typeof first !== 'function' || typeof second !== 'function') throw new TypeError('no subscription');
    // Each gives its place back once.
    for (const release of [first, first, second]) release();
    expect(updates.subscriptions.filter(({ isReleased }) => isReleased)).toHaveLength(2);
    expect(subscribe('ada')).toBeInstanceOf(Function);
    expect(subscribe('ada')).toMatchObject({ code: 'OMNI_OVERLOADED' });
  });

  it('gives the place of a subscription back that the server refuses', () => {
    const { updates, subscribe } = subject();
    updates.isImmediate = false;
    for (let times = 0; times < 10_001; times++) {
      subscribe('ada');
      updates.subscriptions.at(-1)?.done(new GatewayError('OMNI_NAME_UNKNOWN', 'no'));
    }
    expect(updates.subscriptions).toHaveLength(10_001);
  });
});
