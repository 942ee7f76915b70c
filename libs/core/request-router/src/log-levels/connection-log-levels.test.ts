import { GatewayError } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { describe, expect, it, jest } from '@jest/globals';
import { isLogLevel } from '@omni/model';
import { ConnectionLogLevels } from './connection-log-levels.ts';
import { isSevereEnough, mostVerbose } from './log-levels.ts';
import { FakeSession, messageOf, ScriptedConnection } from '../router.fixture.ts';

const LOGS = '{"capabilities":{"logging":{}}}';

function open(handshake = LOGS): {
  readonly connection: ScriptedConnection;
  readonly levels: ConnectionLogLevels;
  readonly clock: VirtualClock;
  readonly ready: string[];
  want(holder: object, level: string): void;
} {
  const clock = new VirtualClock();
  const levels = new ConnectionLogLevels(clock);
  const connection = new ScriptedConnection('files', 'legacy', handshake);
  const ready: string[] = [];
  return {
    connection,
    levels,
    clock,
    ready,
    want: (holder, level) => levels.want(connection, holder, level, () => ready.push(level)),
  };
}

describe('ConnectionLogLevels', () => {
  it('tells the server, and lets the call go once it knows', () => {
    const { connection, ready, want, clock } = open();
    want({}, 'info');
    expect(connection.last.call.method).toBe('logging/setLevel');
    expect(connection.last.params).toBe('{"level":"info"}');
    expect(ready).toEqual([]);
    connection.last.answer('"result":{}');
    expect(ready).toEqual(['info']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('tells a server that does not log nothing', () => {
    const { connection, ready, want } = open('{"capabilities":{}}');
    want({}, 'info');
    expect(connection.sent).toEqual([]);
    expect(ready).toEqual(['info']);
  });

  it('lets the call go when the server refuses, or is silent for a second', () => {
    const refused = open();
    refused.want({}, 'info');
    refused.connection.last.listener.onFailure(new GatewayError('OMNI_UPSTREAM_TIMEOUT', 'late'), 'sent');
    const silent = open();
    silent.want({}, 'info');
    silent.clock.advance(999);
    expect(refused.ready).toEqual(['info']);
    expect(silent.ready).toEqual([]);
    silent.clock.advance(1);
    silent.connection.last.answer('"result":{}');
    expect(silent.ready).toEqual(['info']);
  });

  it('asks for the most verbose of what is wanted at the same time, and only when that changes', () => {
    const { connection, levels, want } = open();
    const [one, two, three] = [{}, {}, {}];
    connection.immediate = '"result":{}';
    want(one, 'warning');
    want(two, 'debug');
    want(three, 'error');
    levels.drop(connection, two);
    want(three, 'error');
    expect(connection.sent.map(({ params }) => params)).toEqual([
      '{"level":"warning"}',
      '{"level":"debug"}',
      '{"level":"warning"}',
    ]);
  });

  it('lets calls of the same level wait together, and those of a former level with the later one', () => {
    const { connection, ready, want } = open();
    want({}, 'info');
    want({}, 'info');
    want({}, 'debug');
    connection.sent[0]?.answer('"result":{}');
    expect(ready).toEqual([]);
    connection.last.answer('"result":{}');
    expect(ready).toEqual(['info', 'info', 'debug']);
    expect(connection.sent).toHaveLength(2);
  });

  it('tells the server again when it has begun anew', () => {
    const { connection, want } = open();
    connection.immediate = '"result":{}';
    want({}, 'info');
    Object.assign(connection, {
      handshake: messageOf('{"jsonrpc":"2.0","id":0,"result":{"capabilities":{"logging":{}}}}'),
    });
    want({}, 'info');
    expect(connection.sent).toHaveLength(2);
  });

  it('keeps the level of a session until it ends', () => {
    const { connection, levels } = open();
    connection.immediate = '"result":{}';
    const session = new FakeSession();
    levels.wantForSession(connection, session, 'debug', () => {});
    levels.wantForSession(connection, session, 'info', () => {});
    levels.want(connection, {}, 'error', () => {});
    session.end();
    levels.want(connection, {}, 'error', () => {});
    expect(connection.sent.map(({ params }) => params)).toEqual([
      '{"level":"debug"}',
      '{"level":"info"}',
      '{"level":"error"}',
    ]);
  });
});

describe('ConnectionLogLevels of a session with many connections', () => {
  it('leaves nothing in the session for connections of its own, which end with it', () => {
    const session = new FakeSession();
    const onEnd = jest.spyOn(session, 'onEnd');
    const levels = new ConnectionLogLevels(new VirtualClock());
    const wanted = (owner: FakeSession | undefined): number => {
      const connection = new ScriptedConnection('files', 'legacy', LOGS);
      connection.binding = owner;
      levels.wantForSession(connection, session, 'info', () => {});
      return connection.sent.length;
    };
    expect(wanted(session)).toBe(1);
    expect(wanted(session)).toBe(1);
    expect(onEnd.mock.calls).toHaveLength(0);
    expect(wanted(undefined)).toBe(1);
    expect(onEnd.mock.calls).toHaveLength(1);
  });
});

describe('log levels', () => {
  it('are ordered by severity', () => {
    expect(isLogLevel('notice')).toBe(true);
    expect(isLogLevel('loud')).toBe(false);
    expect(mostVerbose(['error', 'notice', 'alert'])).toBe('notice');
    expect(mostVerbose([])).toBeUndefined();
    expect(isSevereEnough('error', 'error')).toBe(true);
    expect(isSevereEnough('info', 'error')).toBe(false);
    expect(isSevereEnough('loud', 'debug')).toBe(false);
    expect(isSevereEnough('info', 'loud')).toBe(false);
  });
});
