import { describe, expect, it } from '@jest/globals';
import type { RpcMessage } from '@omni/jsonrpc';
import { internalCall } from '@omni/model';
import { RecordingCall, ScriptedCredentials, type ScriptedExchange } from '@omni/testing';
import { open } from './legacy-http-connection.fixture.ts';
import { openModern } from './modern-http-connection.fixture.ts';
import { callOf } from '../connection/upstream-call.fixture.ts';

const UPDATED = '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}';

function credentials() {
  const provider = new ScriptedCredentials();
  const rotate = (token: string): void => provider.set('up', { headers: { Authorization: token } });
  rotate('Bearer first-token');
  return { provider, rotate };
}

function tokenOf(exchange: ScriptedExchange | undefined): string | undefined {
  return exchange?.headers('authorization')[0];
}

/** Each refusal brings another token, of which the connection is told at once. */
function issuing(provider: ScriptedCredentials): void {
  let issued = 0;
  provider.onRefused = async () => {
    await Promise.resolve();
    provider.set('up', { headers: { Authorization: `Bearer issued-${++issued}` } });
  };
}

async function openIssuing() {
  const { provider } = credentials();
  const opened = await open({ provider });
  provider.subscribe(() => opened.connection.renewStreams());
  issuing(provider);
  return { provider, ...opened };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

describe('a modern HTTP connection, when the credentials change', () => {
  function openWith() {
    const { provider, rotate } = credentials();
    return { rotate, provider, ...openModern({ 'X-Tenant': 'acme' }, undefined, undefined, provider) };
  }

  it('asks for the headers at each request', () => {
    const { connection, http, rotate } = openWith();
    connection.send(callOf('tools/call', '{}'), new RecordingCall<RpcMessage>());
    rotate('Bearer second-token');
    connection.send(callOf('tools/call', '{}'), new RecordingCall<RpcMessage>());
    connection.notify('notifications/roots/list_changed', '');
    expect(http.exchanges.map(tokenOf)).toEqual([
      'Bearer first-token',
      'Bearer second-token',
      'Bearer second-token',
    ]);
    expect(http.last.headers('x-tenant')).toEqual(['acme']);
  });

  it('makes the headers anew only then', () => {
    const { connection, rotate } = openWith();
    const { list } = connection.headers;
    expect(connection.headers.list).toBe(list);
    rotate('Bearer second-token');
    expect(connection.headers.list).not.toBe(list);
  });

  // guard: credentials/client-header
  it('puts no header of a client beside one of its own', () => {
    const { connection, http } = openWith();
    const forwardedHeaders = ['authorization', 'Bearer theirs', 'x-tenant', 'theirs', 'x-region', 'eu'];
    connection.send({ ...callOf('tools/call', '{}'), forwardedHeaders }, new RecordingCall<RpcMessage>());
    expect(http.last.headers('authorization')).toEqual(['Bearer first-token']);
    expect(http.last.headers('x-tenant')).toEqual(['acme']);
    expect(http.last.headers('x-region')).toEqual(['eu']);
  });

  // guard: credentials/listen-renewing
  it('asks once for newer credentials when a subscription is refused, however many are announced', async () => {
    const { provider, connection, http } = openWith();
    provider.subscribe(() => connection.renewStreams());
    issuing(provider);
    const listen = new RecordingCall<RpcMessage>();
    connection.send(internalCall('subscriptions/listen', '{}'), listen);
    for (let refusals = 0; refusals < 10 && listen.failure === undefined; refusals++) {
      if (!http.last.isAborted) http.last.respond(401, '', '');
      await settled();
    }
    expect(http.exchanges).toHaveLength(2);
    expect(provider.refused).toHaveLength(1);
  });

  it('opens subscriptions again and lets calls go on', () => {
    const { connection, http, rotate } = openWith();
    const listen = new RecordingCall<RpcMessage>();
    const call = new RecordingCall<RpcMessage>();
    connection.send(internalCall('subscriptions/listen', '{}'), listen);
    http.last.stream();
    connection.send(callOf('tools/call', '{}'), call);
    rotate('Bearer second-token');
    connection.renewStreams();
    const [former, running, next] = http.exchanges;
    expect(former?.isAborted).toBe(true);
    expect(tokenOf(next)).toBe('Bearer second-token');
    expect(next?.member('method')).toBe('subscriptions/listen');
    next?.stream();
    next?.event(UPDATED);
    running?.result('{}');
    expect(listen.log).toEqual([`notification ${UPDATED}`]);
    expect(call.last).toMatch(/^answer 200/);
    expect(connection.inFlight).toBe(1);
  });

  it('says whose credentials were refused and where to set them, and quotes none of them', () => {
    const { connection, http, rotate } = openWith();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    rotate('Bearer second-token');
    http.last.respond(401, 'text/plain', '');
    http.last.respond(401, 'text/plain', 'neither first-token nor second-token, but unrelated-text');
    expect(call.failure?.code).toBe('OMNI_UPSTREAM_HTTP_STATUS');
    expect(call.failure?.message).toBe(
      '"up" answered with HTTP status 401: neither *** nor ***, but unrelated-text',
    );
    expect(call.failure?.hint).toContain('headers of mcpServers.up');
  });
});

describe('a legacy HTTP connection, when the credentials change', () => {
  it('asks for the headers at each request, in the same session', async () => {
    const { provider, rotate } = credentials();
    const { connection, http } = await open({ provider });
    rotate('Bearer second-token');
    connection.send(callOf('tools/call', '{}'), new RecordingCall<RpcMessage>());
    expect(tokenOf(http.last)).toBe('Bearer second-token');
    expect(http.last.headers('mcp-session-id')).toEqual(['s1']);
    expect(http.last.headers('x-key')).toEqual(['k']);
    expect(tokenOf(http.of('initialize')[0])).toBe('Bearer first-token');
    void connection.close();
    expect(http.last.request.method).toBe('DELETE');
    expect(tokenOf(http.last)).toBe('Bearer second-token');
  });

  it('sends a call once more that was refused for the former ones', async () => {
    const { provider, rotate } = credentials();
    const { connection, http } = await open({ provider });
    const call = new RecordingCall<RpcMessage>();
    connection.send({ ...callOf('tools/call', '{}'), forwardedHeaders: ['x-region', 'eu'] }, call);
    const first = http.last;
    rotate('Bearer second-token');
    first.respond(401, '', '');
    expect(http.last.body).toBe(first.body);
    expect(tokenOf(http.last)).toBe('Bearer second-token');
    expect(http.last.headers('x-region')).toEqual(['eu']);
    http.last.result('{}');
    expect(call.last).toMatch(/^answer 200/);
  });

  it('opens its stream again behind the last event, and lets calls go on', async () => {
    const { provider, rotate } = credentials();
    const { connection, http, get, events } = await open({ provider });
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    const running = http.last;
    get.stream();
    get.event(UPDATED, 'e-7');
    rotate('Bearer second-token');
    connection.renewStreams();
    expect(get.isAborted).toBe(true);
    expect(http.last.request.method).toBe('GET');
    expect(tokenOf(http.last)).toBe('Bearer second-token');
    expect(http.last.headers('last-event-id')).toEqual(['e-7']);
    http.last.stream();
    http.last.event(UPDATED, 'e-8');
    running.result('{}');
    expect(events).toEqual(['tools', 'tools']);
    expect(call.last).toMatch(/^answer 200/);
  });

  it('tells that something may be missing where the stream has no place to go on from', async () => {
    const { provider, rotate } = credentials();
    const { connection, http, get, events } = await open({ provider });
    get.stream();
    rotate('Bearer second-token');
    connection.renewStreams();
    expect(events).toEqual([]);
    http.last.stream();
    expect(events).toEqual(['tools']);
  });

  it('opens a stream again whose head has not come yet', async () => {
    const { provider, rotate } = credentials();
    const { connection, http, get, clock } = await open({ provider });
    rotate('Bearer second-token');
    connection.renewStreams();
    expect(get.isAborted).toBe(true);
    expect(http.of('GET').map(tokenOf)).toEqual(['Bearer first-token', 'Bearer second-token']);
    http.last.stream();
    void connection.close();
    http.last.respond(200, '', '');
    expect(clock.pendingTimers).toBe(0);
  });

  it('leaves a server alone that has no stream, and one that is waited for', async () => {
    const { provider, rotate } = credentials();
    const without = await open({ provider });
    without.get.respond(405, '', '');
    const pausing = await open({ provider });
    pausing.get.stream();
    pausing.get.end();
    rotate('Bearer second-token');
    for (const { connection, http } of [without, pausing]) {
      connection.renewStreams();
      expect(http.of('GET')).toHaveLength(1);
    }
    pausing.clock.advance(500);
    expect(tokenOf(pausing.http.last)).toBe('Bearer second-token');
  });

  it.each([401, 403])(
    'opens its stream with other credentials after the first ones were refused with %d, and not before',
    async (status) => {
      const { provider, rotate } = credentials();
      const { connection, http, get, events, clock } = await open({ provider });
      get.respond(status, '', '');
      await settled();
      await clock.advanceAsync(600_000);
      expect(http.of('GET')).toHaveLength(1);
      for (const token of ['second', 'third']) {
        rotate(`Bearer ${token}-token`);
        connection.renewStreams();
        expect(tokenOf(http.of('GET').at(-1))).toBe(`Bearer ${token}-token`);
        if (token === 'second') http.of('GET').at(-1)?.respond(status, '', '');
        await settled();
      }
      http.last.stream();
      http.last.event(UPDATED);
      expect(events).toEqual(['tools']);
      expect(http.of('GET')).toHaveLength(3);
      void connection.close();
    },
  );

  it('opens no refused stream once it is closed', async () => {
    const { provider, rotate } = credentials();
    const { connection, http, get } = await open({ provider });
    get.respond(401, '', '');
    await settled();
    void connection.close();
    rotate('Bearer second-token');
    connection.renewStreams();
    expect(http.of('GET')).toHaveLength(1);
  });

  // guard: credentials/stream-renewing
  it('asks once for newer credentials when its stream is refused, however many are announced', async () => {
    const { provider, connection, http } = await openIssuing();
    for (let refusals = 0; refusals < 10; refusals++) {
      const stream = http.of('GET').at(-1);
      if (stream?.isAborted === false) stream.respond(401, '', '');
      await settled();
    }
    expect(http.of('GET')).toHaveLength(2);
    expect(provider.refused).toHaveLength(1);
    void connection.close();
  });
});
