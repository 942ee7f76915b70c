import { parseMessage, type RpcMessage } from '@omni/jsonrpc';
import type { ClientBinding } from '@omni/model';
import { type CredentialProvider, GatewayError } from '@omni/ports';
import {
  RecordingCall,
  RecordingChunks,
  ScriptedHttpClient,
  upstreamSpecOf,
  VirtualClock,
} from '@omni/testing';
import { connect } from '../connect.ts';
import { CallChains } from '../connection/call-chains.ts';
import { connectionContextOf, credentialsOf } from '../connection/connection-context.fixture.ts';
import type { OpenConnection } from '../connection/open-connection.ts';

/** What servers made after the examples of the SDKs say of a session that they do not know. */
export const NO_SESSION =
  '{"jsonrpc":"2.0","error":{"code":-32000,"message":"Bad Request: No valid session ID provided"}}';

/** A call that takes long answers while they come. */
export function passing(): { readonly call: RecordingCall<RpcMessage>; readonly chunks: RecordingChunks } {
  const call = new RecordingCall<RpcMessage>();
  const chunks = new RecordingChunks();
  call.chunks = chunks;
  return { call, chunks };
}

export interface OpenLegacy {
  readonly binding?: ClientBinding;
  readonly sessionId?: string;
  readonly chains?: CallChains;
  readonly provider?: CredentialProvider;
}

export async function open({ binding, sessionId, chains = new CallChains(), provider }: OpenLegacy = {}) {
  const clock = new VirtualClock();
  let isRefused = false;
  let lost: string | undefined;
  let sessions = 0;
  const http = new ScriptedHttpClient((exchange) => {
    if (exchange.request.method !== 'POST') return;
    if (exchange.member('method') === 'initialize') {
      if (isRefused) exchange.respond(500, '', '');
      else
        exchange.result(
          '{"protocolVersion":"2025-06-18","capabilities":{"tools":{"listChanged":true}},"serverInfo":{"name":"s","version":"1"}}',
          ['Mcp-Session-Id', sessionId ?? `s${++sessions}`],
        );
    }
    if (exchange.member('method') === 'notifications/initialized') exchange.respond(202, '', '');
    if (exchange.member('method') === 'ping') {
      if (exchange.headers('mcp-session-id')[0] === lost) exchange.json(400, NO_SESSION);
      else exchange.result('{}');
    }
  });
  const events: string[] = [];
  const closed: GatewayError[] = [];
  let connection: OpenConnection | GatewayError | undefined;
  const spec = upstreamSpecOf(
    { kind: 'http', url: 'http://up.test/mcp', headers: { 'X-Key': 'k' } },
    { protocol: 'legacy' },
  );
  const context = connectionContextOf(clock, {
    http,
    chains,
    ...(provider !== undefined && { credentials: provider }),
  });
  connect(
    {
      spec,
      context,
      credentials: credentialsOf(spec, context),
      events: {
        onClosed: (_link, reason) => closed.push(reason),
        onListsChanged: (_link, kind) => events.push(kind),
        onResourceUpdated: () => false,
        onReinitialized: () => events.push('reinitialized'),
      },
      binding,
      onReport() {},
      era: undefined,
    },
    (result) => (connection = result),
  );
  await clock.advanceAsync(0);
  if (connection === undefined || connection instanceof GatewayError)
    throw new GatewayError('OMNI_INTERNAL', 'The handshake of the test failed', { cause: connection });
  // The handshake ends with the GET.
  const get = http.last;
  const lose = (session: string): unknown => (lost = session);
  return { connection, http, clock, events, closed, get, lose, refuseInitialize: () => (isRefused = true) };
}

export function ownerOf(log: string[]): ClientBinding {
  return {
    key: 'k1',
    principal: { id: 'ada', kind: 'token' },
    version: '2025-11-25',
    capabilities: '{"roots":{"listChanged":true},"sampling":{},"unheardOf":{}}',
    clientInfo: '{"name":"client","version":"3"}',
    isShared: false,
    onNotification: (_upstream, message) => log.push(`notification ${message.method}`),
    onServerRequest: (_upstream, message) => log.push(`request ${message.method}`),
    logLevel() {
      return undefined;
    },
    addClientNotificationListener: () => () => {},
    onEnd: () => () => {},
  };
}

export function messageOf(text: string): RpcMessage {
  const message = parseMessage(text, { maxDepth: 16, maxElements: 1_000 });
  if (message.kind === 'batch' || message.kind === 'rejected')
    throw new GatewayError('OMNI_INTERNAL', 'The test wrote no message');
  return message;
}

export function spanOf(text: string, part: string): { readonly start: number; readonly end: number } {
  const start = text.indexOf(part);
  return { start, end: start + part.length };
}
