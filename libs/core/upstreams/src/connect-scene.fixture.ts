import { Dialects } from '@omni/model';
import { GatewayError, type ChannelDialer, type ChildLauncher, type UpstreamSpec } from '@omni/ports';
import { type ScriptedExchange, ScriptedHttpClient, upstreamSpecOf, VirtualClock } from '@omni/testing';
import { connect } from './connect.ts';
import { connectionContextOf, credentialsOf } from './connection/connection-context.fixture.ts';
import { EraMemory } from './connection/era-memory.ts';
import type { OpenConnection } from './connection/open-connection.ts';

export const DISCOVERED =
  '{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{},"ttlMs":0,"cacheScope":"public"}';
export const INITIALIZED =
  '{"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"s","version":"1"}}';

interface Adapters {
  readonly launcher?: ChildLauncher;
  readonly dialer?: ChannelDialer;
  readonly http?: ScriptedHttpClient;
}

/** What attempts to connect to an upstream lead to. */
export function start(spec: UpstreamSpec, { launcher, dialer, http }: Adapters, dialects = new Dialects([])) {
  const clock = new VirtualClock();
  const eras = new EraMemory();
  const context = connectionContextOf(clock, { eras, launcher, dialer, http, dialects });
  const credentials = credentialsOf(spec, context);
  const events = { onClosed() {}, onListsChanged() {}, onResourceUpdated: () => false, onReinitialized() {} };
  const run = () => {
    const attempt: { connection?: OpenConnection; error?: GatewayError; abort: () => void } = {
      abort: () => {},
    };
    attempt.abort = connect(
      { spec, context, credentials, events, binding: undefined, era: undefined, onReport() {} },
      (result) => {
        if (result instanceof GatewayError) attempt.error = result;
        else attempt.connection = result;
      },
    );
    return attempt;
  };
  return { run, clock, eras, spec };
}

/** A server of the legacy era over HTTP, but for its answer to `server/discover`. */
export function httpOf(onDiscover: (exchange: ScriptedExchange) => void) {
  return startHttp((exchange, method) => {
    if (method === 'server/discover') onDiscover(exchange);
    if (method === 'initialize') exchange.result(INITIALIZED);
    if (method === 'notifications/initialized') exchange.respond(202, '', '');
  });
}

/** @param onPost - Told each POST with the method of its message. */
export function startHttp(
  onPost: (exchange: ScriptedExchange, method: unknown) => void,
  dialects?: Dialects,
) {
  const http = new ScriptedHttpClient((exchange) => {
    if (exchange.request.method === 'POST') onPost(exchange, exchange.member('method'));
  });
  return {
    ...start(upstreamSpecOf({ kind: 'http', url: 'http://up.test/mcp', headers: {} }), { http }, dialects),
    http,
  };
}
