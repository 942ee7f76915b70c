import { describe, expect, it } from '@jest/globals';
import { GatewayError, silentLogger } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { FakeSession } from '../upstream-scene.fixture.ts';
import type { OpenConnection } from '../connection/open-connection.ts';
import type { OnConnection } from './lazy-connection.ts';
import { SessionConnections } from './session-connections.ts';

/** Keys of the sessions with calls under way. */
const running = new Set<string | undefined>();

/** As far as it matters here. */
function openConnection(binding: FakeSession): OpenConnection {
  const facts: Partial<OpenConnection> = {
    binding,
    get inFlight() {
      return running.has(binding.key) ? 1 : 0;
    },
    close: () => Promise.resolve(),
  };
  return facts as OpenConnection;
}

function subject() {
  const clock = new VirtualClock();
  const openings: OnConnection[] = [];
  const connections = new SessionConnections({
    upstream: 'up',
    maxInstances: 4,
    clock,
    logger: silentLogger,
    isWatched: () => false,
    passesRoots: false,
    open: (_binding, done) => {
      openings.push(done);
      return () => {};
    },
  });
  return { openings, connections, clock, session: new FakeSession('{}') };
}

describe('SessionConnections', () => {
  it('ends an idle session for another one, the oldest first, and then its instance', async () => {
    const { openings, connections, clock } = subject();
    const sessions = Array.from({ length: 4 }, () => new FakeSession('{}'));
    for (const session of sessions) {
      connections.connectionFor(session, () => {});
      openings.at(-1)?.(openConnection(session));
      clock.advance(10);
    }
    const [busy, oldest, younger] = sessions;
    for (const session of [oldest, younger]) if (session !== undefined) session.isIdle = true;
    if (busy !== undefined) busy.isIdle = true;
    running.add(busy?.key);
    connections.connectionFor(new FakeSession('{}', 'bob'), () => {});
    expect(openings).toHaveLength(5);
    expect(sessions.map((session) => connections.has(session))).toEqual([true, false, true, true]);
  });

  // guard: instance/idle-session, instance/session-in-use
  it('closes the instances of sessions that have been idle for long, and no others', () => {
    const { openings, connections, clock, session } = subject();
    const inUse = new FakeSession('{}');
    session.isIdle = true;
    for (const one of [session, inUse]) {
      connections.connectionFor(one, () => {});
      openings.at(-1)?.(openConnection(one));
    }
    clock.advance(1_000);
    connections.dropIdle(-1);
    expect(connections.size).toBe(2);
    connections.dropIdle(0);
    expect([connections.has(session), connections.has(inUse)]).toEqual([false, true]);
    // Its time begins when it is no longer in use.
    inUse.isIdle = true;
    connections.dropIdle(0);
    expect(connections.has(inUse)).toBe(true);
  });

  it('keeps what is being opened when too many wait for it', () => {
    const { openings, connections, session } = subject();
    for (let call = 0; call < 300; call++) connections.connectionFor(session, () => {});
    expect(connections.isOpening(session)).toBe(true);
    openings[0]?.(openConnection(session));
    expect(connections.connectionOf(session)).toBeDefined();
    expect(openings).toHaveLength(1);
  });

  it('keeps an instance that is asked for while its predecessor is found to have failed', () => {
    const { openings, connections, session } = subject();
    connections.connectionFor(session, () => connections.connectionFor(session, () => {}));
    connections.connectionFor(session, () => {});
    openings[0]?.(new GatewayError('OMNI_UPSTREAM_DOWN', 'it has ended'));
    expect(openings).toHaveLength(2);
    expect(connections.size).toBe(1);
  });

  // guard: instance/ended-before
  it('opens nothing for a session that had ended before it first asked', () => {
    const { openings, connections, session } = subject();
    session.end();
    const results: unknown[] = [];
    for (let call = 0; call < 2; call++) connections.connectionFor(session, (result) => results.push(result));
    expect(openings).toHaveLength(0);
    expect(results).toMatchObject([{ code: 'OMNI_CANCELLED' }, { code: 'OMNI_CANCELLED' }]);
    expect([connections.size, session.endListeners]).toEqual([0, 0]);
  });

  it('listens to a session once, and no more when it is closed', async () => {
    const { connections, session } = subject();
    connections.connectionFor(session, () => {});
    connections.drop(session);
    connections.connectionFor(session, () => {});
    expect(session.endListeners).toBe(1);
    await connections.close(new GatewayError('OMNI_UPSTREAM_DOWN', 'it was taken away'));
    expect(session.endListeners).toBe(0);
  });

  // guard: instances/waiting
  it('lets a number of calls wait for an instance, and refuses more', () => {
    const { connections, session } = subject();
    const refusals: unknown[] = [];
    for (let call = 0; call < 1_000; call++)
      connections.connectionFor(session, (result) => refusals.push(result));
    expect(refusals).toHaveLength(1_000 - 256);
    expect(connections.isOpening(session)).toBe(true);
    expect(refusals[0]).toMatchObject({ code: 'OMNI_OVERLOADED' });
  });
});
