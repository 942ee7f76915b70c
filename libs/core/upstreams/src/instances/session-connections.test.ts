import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '@omni/ports';
import { FakeSession } from '../upstream-scene.fixture.ts';
import type { OnConnection } from './lazy-connection.ts';
import { SessionConnections } from './session-connections.ts';

function subject() {
  const openings: OnConnection[] = [];
  const connections = new SessionConnections({
    upstream: 'up',
    maxInstances: 4,
    open: (_binding, done) => {
      openings.push(done);
      return () => {};
    },
  });
  return { openings, connections, session: new FakeSession('{}') };
}

describe('SessionConnections', () => {
  it('keeps an instance that is asked for while its predecessor is found to have failed', () => {
    const { openings, connections, session } = subject();
    connections.connectionFor(session, () => connections.connectionFor(session, () => {}));
    connections.connectionFor(session, () => {});
    openings[0]?.(new GatewayError('OMNI_UPSTREAM_DOWN', 'it has ended'));
    expect(openings).toHaveLength(2);
    expect(connections.size).toBe(1);
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
    expect(refusals[0]).toMatchObject({ code: 'OMNI_OVERLOADED' });
  });
});
