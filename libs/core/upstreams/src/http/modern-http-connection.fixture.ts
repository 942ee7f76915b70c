import { parseMessage } from '@omni/jsonrpc';
import { configuredCredentials, GatewayError } from '@omni/ports';
import { ScriptedHttpClient, upstreamSpecOf, VirtualClock } from '@omni/testing';
import { CallChains } from '../connection/call-chains.ts';
import { connectionContextOf, credentialsOf } from '../connection/connection-context.fixture.ts';
import { InstanceHttp } from '../cookies/instance-http.ts';
import { ModernHttpConnection } from './modern-http-connection.ts';
import { DEFAULT_UPSTREAM_LIMITS, UPSTREAM_JSON_LIMITS } from '../connection/upstream-limits.ts';

const HELLO =
  '{"jsonrpc":"2.0","id":1,"result":{"supportedVersions":["2026-07-28"],"capabilities":{"tools":{"listChanged":true}}}}';

/** A connection to a server that answers nothing by itself. */
export function openModern(
  configuredHeaders: Readonly<Record<string, string>> = {},
  maxUpstreamMessageBytes = DEFAULT_UPSTREAM_LIMITS.maxUpstreamMessageBytes,
  chains = new CallChains(),
  provider = configuredCredentials,
) {
  const clock = new VirtualClock();
  const http = new ScriptedHttpClient();
  const closed: GatewayError[] = [];
  const url = 'http://up.test/mcp';
  const handshake = parseMessage(HELLO, UPSTREAM_JSON_LIMITS);
  if (handshake.kind !== 'response') throw new GatewayError('OMNI_INTERNAL', 'The test wrote no response');
  const context = connectionContextOf(clock, {
    limits: { ...DEFAULT_UPSTREAM_LIMITS, maxUpstreamMessageBytes },
    http,
    chains,
    credentials: provider,
  });
  const spec = upstreamSpecOf(
    { kind: 'http', url, headers: configuredHeaders },
    { secretValues: ['s3cret'] },
  );
  const connection = new ModernHttpConnection({
    spec,
    context,
    credentials: credentialsOf(spec, context),
    events: {
      onClosed: (_link, reason) => closed.push(reason),
      onListsChanged() {},
      onResourceUpdated: () => false,
      onReinitialized() {},
    },
    binding: undefined,
    onReport() {},
    http: new InstanceHttp(http, clock),
    url,
    handshake,
  });
  return { connection, http, clock, context, closed };
}
