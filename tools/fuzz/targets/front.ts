import { inspect } from 'node:util';
import { type JsonLimits, resultText, stringMember } from '@omni/jsonrpc';
import type { CallContext, CatalogueViews } from '@omni/model';
import { type Exchange, GatewayError, type Logger, type OpenChannel } from '@omni/ports';
import { ProtocolHandler, type Connection, type Dispatch } from '@omni/protocol';
import { RecordingExchange, VirtualClock } from '@omni/testing';

/** Calls of this tool are answered later. */
export const LATER = 'later';

/** The front of a gateway whose servers answer at once, but for calls of {@link LATER}. */
export interface Front {
  /** Of a legacy session of the client. */
  readonly sessionId: string;
  /** Warnings and errors that were logged. */
  readonly complaints: readonly string[];
  /** The last request that went to a server. */
  readonly routed: CallContext | undefined;
  handle: (exchange: Exchange) => void;
  settle(): Promise<void>;
  /** Answers what waits, cancelled or not. */
  answerHeld: () => void;
  /** Serves a client on a channel. */
  bind: (open: OpenChannel) => Connection;
}

const HEADERS = [
  'Host',
  'localhost',
  'Authorization',
  'Bearer fuzz',
  'Content-Type',
  'application/json',
  'Accept',
  'application/json, text/event-stream',
];
const INITIALIZE =
  '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"a","version":"1"}}}';

const views: CatalogueViews = {
  serves: (endpoint) => endpoint.kind === 'all' || endpoint.server === 'files',
  of: () => ({
    capabilities: '{"tools":{"listChanged":true}}',
    instructions: undefined,
    list: (kind) => `{"${kind}":[]}`,
    route: () => new GatewayError('OMNI_NAME_UNKNOWN', 'No such name'),
    routeUri: () => new GatewayError('OMNI_NAME_UNKNOWN', 'No such resource'),
    routeMethod: () => new GatewayError('OMNI_METHOD_UNKNOWN', 'No such method'),
    allowsWatch: () => true,
    rememberUri() {},
  }),
  onChange: () => () => {},
  whenKnown(_client, _purpose, listener) {
    listener();
    return () => {};
  },
};

/** Opens a front with one session. */
export async function openFront(limits: JsonLimits): Promise<Front> {
  const clock = new VirtualClock();
  const complaints: string[] = [];
  const complain = (fields: object, message: string): void =>
    void complaints.push(`${message} ${inspect(fields)}`);
  const logger: Logger = { debugging: false, debug() {}, info() {}, warn: complain, error: complain };
  let routed: CallContext | undefined;
  const held: (() => void)[] = [];
  const dispatch: Dispatch = {
    dispatch(request, reply) {
      routed = request;
      const answer = (): void =>
        reply.settle({ kind: 'message', payload: resultText(request.message.id, '{}'), status: 200 });
      if (stringMember(request.message.text, request.message.params, 'name') === LATER) held.push(answer);
      else answer();
      return { cancel() {} };
    },
    carries: () => false,
    makesTasks: () => false,
    toClient() {},
    watchTasks: () => () => {},
  };
  const handler = new ProtocolHandler({
    views,
    dispatch,
    updates: { subscribe: (_client, _uri, _onUpdated, done) => done(() => {}) },
    authentication: {
      authenticate: (request) =>
        request.header('authorization') === 'Bearer fuzz'
          ? { id: 'fuzz', kind: 'token' }
          : {
              error: new GatewayError('OMNI_AUTH_REQUIRED', 'A bearer token is needed'),
              challenge: 'Bearer',
            },
    },
    hostCheck: { check: () => undefined, lists: () => false },
    probes: {
      find: (path) =>
        path === '/health/live'
          ? () => ({ status: 200, contentType: 'application/json', body: '{}' })
          : undefined,
    },
    identity: { name: 'omni', version: '1' },
    limits: {
      ...limits,
      maxBodyBytes: 3_000,
      maxInFlight: 10,
      maxSessions: 10,
      maxSessionInFlight: 4,
      sessionIdleMs: 600_000,
    },
    legacySse: true,
    clock,
    logger,
  });
  const settle = (): Promise<void> => clock.advanceAsync(0);
  const handshake = new RecordingExchange({ headers: HEADERS, body: INITIALIZE });
  handler.handle(handshake);
  await settle();
  return {
    sessionId: handshake.responseHeader('mcp-session-id') ?? '',
    complaints,
    get routed() {
      return routed;
    },
    handle: handler.handle,
    settle,
    answerHeld() {
      for (const answer of held.splice(0)) answer();
    },
    bind: (open) => handler.bind(open, { principal: { id: 'fuzz', kind: 'token' } }),
  };
}
