import { GatewayError } from '@omni/ports';
import { ScriptedHttpClient, upstreamSpecOf, VirtualClock } from '@omni/testing';
import { parseMessage } from '@omni/wire';
import { linkContextOf } from './link-context.fixture.ts';
import { ModernHttpLink } from './modern-http-link.ts';
import { DEFAULT_UPSTREAM_LIMITS, UPSTREAM_JSON_LIMITS } from './upstream-limits.ts';

const HELLO = '{"jsonrpc":"2.0","id":1,"result":{"supportedVersions":["2026-07-28"],"capabilities":{"tools":{"listChanged":true}}}}';

/** A link to a server that answers nothing by itself. */
export function openModern(
  configuredHeaders: Readonly<Record<string, string>> = {},
  maxUpstreamMessageBytes = DEFAULT_UPSTREAM_LIMITS.maxUpstreamMessageBytes,
) {
  const clock = new VirtualClock();
  const http = new ScriptedHttpClient();
  const closed: GatewayError[] = [];
  const url = 'http://up.test/mcp';
  const hello = parseMessage(HELLO, UPSTREAM_JSON_LIMITS);
  if (hello.kind !== 'response') throw new GatewayError('OMNI_INTERNAL', 'The test wrote no response');
  const context = linkContextOf(clock, { limits: { ...DEFAULT_UPSTREAM_LIMITS, maxUpstreamMessageBytes }, http });
  const link = new ModernHttpLink({
    spec: upstreamSpecOf({ kind: 'http', url, headers: configuredHeaders }, { secretValues: ['s3cret'] }),
    context,
    events: { onClosed: (_link, reason) => closed.push(reason), onListsChanged() {}, onResourceUpdated: () => false, onReinitialized() {} },
    owner: undefined,
    http,
    url,
    configuredHeaders,
    hello,
  });
  return { link, http, clock, context, closed };
}
